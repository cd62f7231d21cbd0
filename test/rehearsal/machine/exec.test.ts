import { describe, expect, it } from "vitest";
import { CommandError, run } from "../../../rehearsal/machine/exec";

describe("run", () => {
  it("returns what the program prints and hands it the input", async () => {
    expect(await run(["tr", "a-z", "A-Z"], { input: "hello" })).toBe("HELLO");
  });

  it("throws the exit code and the last lines of stderr, without the later arguments", async () => {
    const failure = await run(["sh", "-c", "seq 30 >&2; exit 3", "sh", "secret"]).catch((error) => error);
    expect(failure).toBeInstanceOf(CommandError);
    expect(failure.code).toBe(3);
    expect(failure.message).toContain("30");
    expect(failure.message).not.toMatch(/^10$/m);
    expect(failure.message).not.toContain("secret");
  });

  it("takes a variable away that is set to undefined", async () => {
    process.env.REHEARSAL_TEST = "there";
    expect(await run(["sh", "-c", "printenv REHEARSAL_TEST || echo gone"], { env: { REHEARSAL_TEST: undefined } })).toBe("gone\n");
    delete process.env.REHEARSAL_TEST;
  });

  it("says which program is not there", async () => {
    await expect(run(["no-such-program"])).rejects.toThrow(/no-such-program/);
  });
});
