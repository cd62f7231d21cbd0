import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Expected } from "./parts";

/** What the table has no line for, as a component that is being written: a guess. */
const unknown: Expected = { seconds: 60, processor: 110 };

interface Row extends Expected {
  readonly lane: string;
  readonly name: string;
}

let rows: readonly Row[] | undefined;

/** Reads first-run.tsv. Pure. */
export function table(text: string): Row[] {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [lane = "", name = "", seconds, processor] = line.split("\t");
    return { lane, name, seconds: Number(seconds), processor: Number(processor) };
  });
}

function measured(): readonly Row[] {
  rows ??= table(readFileSync(join(__dirname, "first-run.tsv"), "utf8"));
  return rows;
}

/** Names of a lane's parts, in the order in which they are done. */
export const measuredParts = (lane: string): string[] => measured().flatMap((row) => (row.lane === lane ? [row.name] : []));

/** How long a part of the first run takes on the reference machine. */
export function expectation(lane: string, name: string): Expected {
  const { seconds, processor } = measured().find((row) => row.lane === lane && row.name === name) ?? unknown;
  return { seconds, processor };
}
