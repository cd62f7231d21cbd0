/** How a point went. */
export interface Result {
  readonly name: string;
  readonly seconds: number;
  /** What came next and succeeded. */
  readonly next: string;
  /** Number of what was left in AWS, in the state and on the machine. */
  readonly left: number;
  /** Why the point failed, with what was printed. */
  readonly problem?: string;
}

/** A line for each point, and one that counts them. Pure. */
export function table(results: readonly Result[]): string {
  const rows = results.map(({ name, seconds, next, left, problem }) => [
    name,
    problem === undefined ? next : "FAILED",
    String(left),
    `${Math.round(seconds)} s`,
  ]);
  const all = [["point", "next", "left", "took"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const failed = results.filter(({ problem }) => problem !== undefined).length;
  const left = results.reduce((sum, result) => sum + result.left, 0);
  return [...lines, "", `${results.length} points, ${results.length - failed} recovered, ${failed} failed, ${left} objects left`].join(
    "\n",
  );
}
