import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

it("every end-to-end test belongs to a part of `npm test`, but for the policy pack's, whose steps the rehearsal's own has", () => {
  const parts = [...readFileSync(join(__dirname, "run.ts"), "utf8").matchAll(/"test\/rehearsal\/vitest\.config\.mts", "([^"]+)"/g)];
  expect(parts.length).toBeGreaterThan(0);
  const files = readdirSync(join(__dirname, "rehearsal"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".e2e.ts"));
  expect(files.filter((file) => !parts.some(([, part = ""]) => `test/rehearsal/${file}`.includes(part)))).toEqual(["policy.e2e.ts"]);
});
