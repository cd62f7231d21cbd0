import type { Comparison } from "./bench-builds";

/** One line of the report; `aim` and `measured` in the unit that they name. */
export interface Row {
  readonly what: string;
  readonly aim: string;
  readonly measured: string;
}

const ratio = (part: number, whole: number) => `1/${(whole / part).toFixed(1)}`;
const beside = (unit: string, ours: number, article: number) =>
  `${ours.toFixed(0)} ${unit} / ${article.toFixed(0)} ${unit} = ${ratio(ours, article)}`;

/** What comes of a comparison with the article's pipeline, ours first. @param aim of the whole run, cold. */
export const rowsOf = (what: string, aim: string, { article, cold, withoutDelays, changed, unchanged }: Comparison): Row[] => [
  { what: `${what}: whole run, cold, ours / article's`, aim, measured: beside("s", cold.seconds, article.seconds) },
  {
    what: "  with / without the delays of EFS",
    aim: "1.2 times",
    measured: `${cold.seconds.toFixed(0)} s / ${withoutDelays.seconds.toFixed(0)} s = ${(cold.seconds / withoutDelays.seconds).toFixed(2)} times`,
  },
  {
    what: "  after one changed source file / cold",
    aim: "1/3 of it",
    measured: `${changed.seconds.toFixed(0)} s / ${cold.seconds.toFixed(0)} s = ${ratio(changed.seconds, cold.seconds)}`,
  },
  { what: "  an unchanged commit", aim: "10 s", measured: `${unchanged.seconds.toFixed(0)} s` },
  { what: "  on the shared volume, ours / article's", aim: "1/2 of it", measured: beside("MiB", cold.shared, article.shared) },
  { what: "  storage of builds, ours / article's", aim: "1/3 of it", measured: beside("MiB", cold.storage, article.storage) },
];

export function report(rows: readonly Row[]): string {
  const table = [{ what: "what", aim: "aim", measured: "measured" }, ...rows];
  const width = (key: "what" | "aim") => Math.max(...table.map((row) => row[key].length));
  return table.map(({ what, aim, measured }) => `${what.padEnd(width("what"))}  ${aim.padEnd(width("aim"))}  ${measured}`).join("\n");
}
