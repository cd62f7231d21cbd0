import { describe, expect, it } from "vitest";
import { lastLines } from "../../../rehearsal/machine/exec";
import { seconds } from "../../../rehearsal/machine/progress";

describe("progress", () => {
  it.each([
    [9.4, "9 s"],
    [245, "4 min 05 s"],
    [3725, "1 h 02 min"],
  ])("writes %d seconds as %s", (value, text) => expect(seconds(value)).toBe(text));

  it("shows the last lines without empty ones at the end", () => expect(lastLines("a\nb\nc\n\n", 2)).toBe("b\nc"));
});
