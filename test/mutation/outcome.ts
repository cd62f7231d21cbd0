import { aims, type Folder } from "./folders";

/** A mutant, and what the tests said of it. */
export interface Tried {
  readonly file: string;
  readonly line: number;
  /** The line of the file, without the space around it. */
  readonly text: string;
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
  /** `unseen`: no test executes it. `invalid`: no program at all. */
  readonly result: "killed" | "timeout" | "survived" | "unseen" | "invalid";
  /** For Stryker, to try this one alone: line and column of its first and last letter. */
  readonly range?: string;
}

/** A mutant that changes nothing, or nothing that a test can be about. */
export interface Equivalent {
  readonly file: string;
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
  /** Where the same change stands in several lines: the one that is meant. */
  readonly text?: string;
  readonly reason: string;
}

export interface Score {
  readonly killed: number;
  readonly survived: number;
  readonly equivalent: number;
  /** Of those that change something, how many were noticed, in per cent. */
  readonly percent: number;
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

export const isEquivalent = (equivalents: readonly Equivalent[], mutant: Tried): boolean =>
  equivalents.some(
    ({ file, mutator, original, replacement, text }) =>
      file === mutant.file &&
      mutator === mutant.mutator &&
      oneLine(original) === oneLine(mutant.original) &&
      oneLine(replacement) === oneLine(mutant.replacement) &&
      (text === undefined || text === mutant.text),
  );

export const survivors = (tried: readonly Tried[], equivalents: readonly Equivalent[]): Tried[] =>
  tried.filter((mutant) => (mutant.result === "survived" || mutant.result === "unseen") && !isEquivalent(equivalents, mutant));

/** Entries of the list that no survivor is: the code has changed, or a test notices it after all. */
export const stale = (tried: readonly Tried[], equivalents: readonly Equivalent[]): Equivalent[] => {
  const files = new Set(tried.map(({ file }) => file));
  const alive = tried.filter(({ result }) => result === "survived" || result === "unseen");
  return equivalents.filter((entry) => files.has(entry.file) && !alive.some((mutant) => isEquivalent([entry], mutant)));
};

export function score(tried: readonly Tried[], equivalents: readonly Equivalent[]): Score {
  const count = (...results: Tried["result"][]) => tried.filter(({ result }) => results.includes(result)).length;
  const killed = count("killed", "timeout");
  const survived = survivors(tried, equivalents).length;
  const equivalent = count("survived", "unseen") - survived;
  return { killed, survived, equivalent, percent: killed + survived === 0 ? 100 : (100 * killed) / (killed + survived) };
}

/** One line per folder and one per language, as a table in Markdown. */
export function table(results: readonly { folder: Folder; tried: readonly Tried[] }[], equivalents: readonly Equivalent[]): string {
  const rows = results.map(({ folder, tried }) => row(folder.name, folder.language, score(tried, equivalents)));
  const totals = (Object.keys(aims) as (keyof typeof aims)[]).flatMap((language) => {
    const tried = results.filter(({ folder }) => folder.language === language).flatMap((result) => result.tried);
    return tried.length > 0 ? [row(`all ${language}`, `aim ${aims[language]} %`, score(tried, equivalents))] : [];
  });
  const lines = [["folder", "", "mutants", "noticed", "survived", "change nothing", "score"], ...rows, ...totals];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const print = (line: readonly string[]) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [print(lines[0]), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...lines.slice(1).map(print)].join("\n");
}

const row = (name: string, language: string, { killed, survived, equivalent, percent }: Score): string[] => [
  name,
  language,
  String(killed + survived + equivalent),
  String(killed),
  String(survived),
  String(equivalent),
  `${percent.toFixed(1)} %`,
];

/** A survivor as one reads it: where, what kind, what became what. */
export const describeMutant = ({ file, line, mutator, original, replacement, result }: Tried): string =>
  `${file}:${line} ${mutator}${result === "unseen" ? " (no test gets there)" : ""}\n  - ${oneLine(original).slice(0, 160)}\n  + ${oneLine(replacement).slice(0, 160)}`;
