import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { firstCommand, isProgram } from "../../shell-rules";

const folder = join(__dirname, "../../../infra/stages");
const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((file) => join(folder, file))
  .filter((file) => file.endsWith(".sh") && isProgram(file));

it("every stage stops at a command that fails, at a variable that nobody set, and at a pipe that breaks", () => {
  expect(scripts.length).toBeGreaterThanOrEqual(6);
  for (const script of scripts) expect([script, firstCommand(script)]).toEqual([script, "set -euo pipefail"]);
});
