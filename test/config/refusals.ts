import { describe, expect, it } from "vitest";
import { problems, withValues } from "./stack";

/** Path, what would be right, and values that are refused with just that. */
export type Refusals = [path: string, right: string, values: unknown[]][];

const short = (value: unknown) => {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 70 ? `${text.slice(0, 60)}... (${text.length} letters)` : text;
};
const shown = (value: unknown) => {
  if (value === undefined) return "is missing";
  if (Array.isArray(value)) return value.length === 0 ? "is []" : "is a list";
  if (typeof value === "object") return Object.keys(value as object).length === 0 ? "is {}" : "is an object";
  return typeof value === "string" && value.length > 120 ? `is a text of ${value.length} characters` : `is ${JSON.stringify(value)}`;
};

export const text = (length: number) => "x".repeat(length);

/** A configuration that differs in one value has one problem, told in one exact line. */
export function areRefused(title: string, table: Refusals): void {
  describe(title, () => {
    for (const [path, right, values] of table) {
      it.each(values.map((value) => [short(value), value]))(`${path} %s`, (_, value) => {
        expect(problems(withValues({ [path]: value }))).toEqual([`${path} ${shown(value)}; expected ${right}`]);
      });
    }
  });
}

/** What the values of a table have around them is right, and so are these. */
export function areAccepted(title: string, table: [path: string, values: unknown[]][]): void {
  describe(title, () => {
    for (const [path, values] of table) {
      it.each(values.map((value) => [short(value), value]))(`${path} %s`, (_, value) => {
        expect(problems(withValues({ [path]: value }))).toEqual([]);
      });
    }
  });
}

/** An SSH public key of a type, in the form of RFC 4253, 6.6. */
export function sshKey(type: string, inside = type): string {
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `${type} ${Buffer.concat([field(Buffer.from(inside)), field(Buffer.alloc(32))]).toString("base64")} you`;
}
