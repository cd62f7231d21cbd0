/** The little of SVG that the pictures need. */

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);

/** An element; numbers are rounded to a tenth, so that no picture changes by the last digit of a processor. */
export function element(name: string, attributes: Record<string, string | number | undefined>, ...content: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? Math.round(value * 10) / 10 : escaped(String(value))}"`)
    .join("");
  return content.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${content.join("")}</${name}>`;
}

export const text = (x: number, y: number, style: string, content: string): string =>
  element("text", { x, y, class: style }, escaped(content));

export interface Colours {
  readonly [rule: string]: { readonly light: string; readonly dark: string };
}

/** A whole picture: in the colours of its reader's browser, light or dark, on a ground of its own. */
export function picture(
  width: number,
  height: number,
  title: string,
  styles: string,
  colours: Colours,
  content: readonly string[],
): string {
  const rules = (mode: "light" | "dark") => Object.entries(colours).map(([rule, { [mode]: value }]) => `${rule}{${value}}`);
  const css = [styles, ...rules("light"), "@media (prefers-color-scheme: dark){", ...rules("dark"), "}"].join("\n");
  const root = { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`, role: "img" };
  return `${element("svg", root, `\n${[element("title", {}, escaped(title)), element("style", {}, `\n${css}\n`), element("rect", { class: "ground", width: "100%", height: "100%", rx: 8 }), ...content].join("\n")}\n`)}\n`;
}
