import { describe, expect, it } from "vitest";
import { lastLines } from "../../../rehearsal/machine/exec";
import { type Step, seconds, statusLine } from "../../../rehearsal/machine/progress";

describe("progress", () => {
  it.each([
    [9.4, "9 s"],
    [245, "4 min 05 s"],
    [3725, "1 h 02 min"],
  ])("writes %d seconds as %s", (value, text) => expect(seconds(value)).toBe(text));

  it("speaks of all that is under way in one line, of the innermost steps only", () => {
    const images: Step = { what: "images", expected: 60, started: 1_000 };
    const layer: Step = { what: "image layer: git", expected: 0, started: 15_000, within: images };
    const compile: Step = { what: "toolchain 1/2: pulumi", expected: 150, started: 5_000 };
    expect(statusLine([images, compile, layer], 25_000)).toBe(
      "toolchain 1/2: pulumi ... 20 s (about 2 min 30 s) | image layer: git ... 10 s",
    );
  });

  it("shows the last lines without empty ones at the end", () => expect(lastLines("a\nb\nc\n\n", 2)).toBe("b\nc"));
});
