import { expect, it, vi } from "vitest";
import { run } from "../../../rehearsal/machine/exec";
import { doParts, type Part } from "../../../rehearsal/machine/parts";
import { step } from "../../../rehearsal/machine/progress";

const expected = { seconds: 0, processor: 0 };

// In a file of its own: what a failed run leaves is a process that says nothing more.
it("a part that fails ends the run with its own error: others are ended, what must not be cut off is finished, nothing new is started", async () => {
  const notes: string[] = [];
  const note = (what: string) => () => void notes.push(what);
  const parts: Part[] = [
    {
      name: "compile",
      lane: "compile",
      after: [],
      expected,
      work: () => step("compile", 0, () => run(["sleep", "300"])).then(note("compiled")),
    },
    { name: "next", lane: "compile", after: [], expected, work: async () => note("next")() },
    {
      name: "modules",
      lane: "modules",
      after: [],
      expected,
      work: () =>
        run(["sleep", "300"])
          .catch(() => step("again", 60, () => run(["true"])))
          .then(note("tried again")),
    },
    {
      name: "packages",
      lane: "machine",
      after: [],
      expected,
      work: () => run(["sh", "-c", "sleep 0.3"], { indivisible: true }).then(note("packages are whole")),
    },
    {
      name: "layers",
      lane: "images",
      after: [],
      expected,
      work: () => run(["sh", "-c", "echo no such image >&2; exit 4"]).then(note("layers")),
    },
  ];
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    await expect(doParts(parts)).rejects.toThrow("no such image");
    expect(notes).toEqual(["packages are whole"]);
    expect(said.mock.calls).toEqual([]);
  } finally {
    said.mockRestore();
  }
});
