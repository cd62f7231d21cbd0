import { type Colours, element, escaped, picture } from "./svg";

/** The picture of a terminal with some lines of output. */

const size = 13;
const letterWidth = size * 0.602;
const lineHeight = 19;
const top = 52;
const left = 22;

const styles = `text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:${size}px;white-space:pre}`;

/** A terminal is dark in every mode, on a ground that is the page's. */
const same = (value: string) => ({ light: value, dark: value });
const colours: Colours = {
  ".ground": { light: "fill:#ffffff", dark: "fill:#0d1117" },
  ".window": { light: "fill:#161b22", dark: "fill:#161b22;stroke:#444c56" },
  ".plain": same("fill:#d6dde5"),
  ".command": same("fill:#ffffff;font-weight:600"),
  ".good": same("fill:#57c978"),
  ".quiet": same("fill:#7d8896"),
  ".heading": same("fill:#79b8ff;font-weight:600"),
};

/** What stands out in a line, in this order: the first that fits a place has it. */
const marked: readonly (readonly [RegExp, string])[] = [
  [/^\$ .*/, "command"],
  [/^\s*\.\.\.$/, "quiet"],
  [/sha256:[0-9a-f]{64}/, "quiet"],
  [/\(tried .*\)$|\(about .*\)$/, "quiet"],
  [/^[A-Z][a-z ]+:$|^[a-z]+:(?= \S+@)/, "heading"],
  [/\bdone\b.*?(?=\(|$)|^ \+ |\b\d+ created|^Everything is up/, "good"],
  [/linux\/(?:amd64|arm64)/, "command"],
];

/** The parts of a line with their class. */
export function parts(line: string): { text: string; style: string }[] {
  for (const [pattern, style] of marked) {
    const found = pattern.exec(line);
    if (!found || found[0] === "") continue;
    const end = found.index + found[0].length;
    return [...parts(line.slice(0, found.index)), { text: found[0], style }, ...parts(line.slice(end))];
  }
  return line === "" ? [] : [{ text: line, style: "plain" }];
}

export function terminal(title: string, output: string): string {
  const lines = output.trimEnd().split("\n");
  const width = Math.max(...lines.map((line) => line.length)) * letterWidth + 2 * left + 16;
  const height = top + lines.length * lineHeight + 24;
  const dots = ["#ff5f57", "#febc2e", "#28c840"].map((fill, i) => element("circle", { cx: 28 + i * 20, cy: 27, r: 6, fill }));
  const drawn = lines.flatMap((line, row) => {
    const spans = parts(line).map(({ text, style }) => element("tspan", { class: style }, escaped(text)));
    // Each line at its place: `white-space: pre` keeps the blanks in it.
    return spans.length === 0 ? [] : [element("text", { x: left, y: top + (row + 1) * lineHeight - 5, "xml:space": "preserve" }, ...spans)];
  });
  const window = element("rect", { x: 4, y: 4, width: width - 8, height: height - 8, rx: 10, class: "window" });
  return picture(width, height, title, styles, colours, [window, ...dots, ...drawn]);
}
