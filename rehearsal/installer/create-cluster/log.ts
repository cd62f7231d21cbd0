import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export const levels = ["trace", "debug", "info", "warning", "error", "fatal"] as const;
export type Level = (typeof levels)[number];

/** The level of that name as logrus reads it; undefined for another word. */
export function parseLevel(text: string): Level | undefined {
  const name = text.toLowerCase();
  if (name === "warn") return "warning";
  if (name === "panic") return "fatal";
  return levels.find((level) => level === name);
}

/** logrus quotes what is not made of these alone. */
const plain = /^[A-Za-z0-9\-._/@^+]+$/;
const quoted = (text: string) => (plain.test(text) ? text : JSON.stringify(text));

/** One line of `.openshift_install.log`, as logrus' text formatter writes it. Pure. */
export function fileLine(level: Level, message: string, at: Date): string {
  return `time="${at.toISOString().replace(/\.\d+Z$/, "Z")}" level=${level} msg=${quoted(message)}\n`;
}

/** Lines on stderr without a terminal: no time, no quotes; line breaks in a message start a new line (command/, newlineTruncate). Pure. */
export function errorLines(level: Level, message: string): string {
  return message
    .split("\n")
    .map((line) => `level=${level} msg=${line}\n`)
    .join("");
}

/** The installer's two logs: stderr from a level on, and everything in `<dir>/.openshift_install.log`. */
export class InstallerLog {
  private readonly file: string;

  constructor(
    directory: string,
    private readonly threshold: Level,
  ) {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    this.file = join(directory, ".openshift_install.log");
  }

  write(level: Level, message: string): void {
    appendFileSync(this.file, fileLine(level, message, new Date()), { mode: 0o644 });
    if (levels.indexOf(level) >= levels.indexOf(this.threshold)) process.stderr.write(errorLines(level, message));
  }

  debug = (message: string): void => this.write("debug", message);
  info = (message: string): void => this.write("info", message);
  warning = (message: string): void => this.write("warning", message);
  error = (message: string): void => this.write("error", message);
  fatal = (message: string): void => this.write("fatal", message);
}

/** "Waiting up to 20m0s (until 5:04AM UTC) for ...": the form of the installer's waits. Pure. */
export function waiting(minutes: number, what: string, now = new Date()): string {
  const until = new Date(now.getTime() + minutes * 60_000);
  const hours = until.getUTCHours();
  const clock = `${hours % 12 || 12}:${String(until.getUTCMinutes()).padStart(2, "0")}${hours < 12 ? "AM" : "PM"}`;
  return `Waiting up to ${minutes}m0s (until ${clock} UTC) ${what}`;
}
