import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = join(__dirname, "../../../rehearsal/aws");
const requirements = readFileSync(join(folder, "requirements.txt"), "utf8")
  .replaceAll("\\\n", "")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

describe("the emulator's Python packages", () => {
  it("are pinned to a version and to hashes, every one, and come from no named place", () => {
    expect(requirements.length).toBeGreaterThan(50);
    for (const line of requirements) expect(line).toMatch(/^[a-z0-9-]+==\S+( +--hash=sha256:[0-9a-f]{64})+$/);
  });

  it("include what is asked for", () => {
    const wanted = readFileSync(join(folder, "requirements.in"), "utf8").match(/^[a-z][a-z0-9-]*/gm);
    expect(wanted).toEqual(["moto", "regex"]);
    for (const name of wanted ?? []) expect(requirements.some((line) => line.startsWith(`${name}==`))).toBe(true);
  });

  it("are installed with their hashes checked", () => {
    expect(readFileSync(join(__dirname, "../../../rehearsal/machine/packages.ts"), "utf8")).toContain(
      '"--require-hashes", "--requirement", requirements',
    );
  });
});
