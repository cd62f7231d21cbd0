/** What came of one look: `unchecked` is what could not be told from here, `warning` what stops nothing and is better otherwise. */
export interface Finding {
  /** What was looked at. */
  readonly what: string;
  readonly outcome: "ok" | "warning" | "unchecked" | "problem";
  /** What is there; for a problem also what would be right, and how to get it. One line. */
  readonly says: string;
}

const finding =
  (outcome: Finding["outcome"]) =>
  (what: string, says: string): Finding => ({ what, outcome, says: says.replace(/\s+/g, " ").trim() });

export const ok = finding("ok");
export const warning = finding("warning");
export const unchecked = finding("unchecked");
export const problem = finding("problem");

const words = { ok: "ok", warning: "warning", unchecked: "not checked", problem: "problem" } as const;

/** A line for each finding, and one that counts them. */
export function report(findings: readonly Finding[]): string {
  const lines = findings.map(({ what, outcome, says }) => `${words[outcome].padEnd(12)} ${what}: ${says}`);
  return [...lines, "", summary(findings)].join("\n");
}

/** How many of each outcome there are. */
export function summary(findings: readonly Finding[]): string {
  const count = (wanted: Finding["outcome"]) => findings.filter(({ outcome }) => outcome === wanted).length;
  const counted = (number: number, one: string) => `${number} ${one}${number === 1 ? "" : "s"}`;
  return `${counted(count("problem"), "problem")}, ${counted(count("warning"), "warning")}, ${count("unchecked")} not checked, ${count("ok")} ok`;
}
