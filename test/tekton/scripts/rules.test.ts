import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { firstCommand, isProgram } from "../../shell-rules";

const folder = join(__dirname, "../../../tekton/steps");
const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((file) => join(folder, file))
  .filter((file) => file.endsWith(".sh") && isProgram(file));

it("every task's script stops at a command that fails, at a variable that nobody set and, where the shell can, at a pipe that breaks", () => {
  expect(scripts.length).toBeGreaterThanOrEqual(5);
  for (const script of scripts) {
    const bash = readFileSync(script, "utf8").startsWith("#!/usr/bin/env bash\n");
    expect([script, firstCommand(script)]).toEqual([script, bash ? "set -euo pipefail" : "set -eu"]);
  }
});
