import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { interruptible } from "../../tekton/interruption";

/** The code by which Pulumi's own runner says that a program has said already what went wrong. */
const runner = readFileSync(require.resolve("@pulumi/pulumi/cmd/run/index.js"), "utf8");
const codeOfPulumi = Number(/nodeJSProcessExitedAfterLoggingUserActionableMessage = (\d+);/.exec(runner)?.[1]);

const signals = ["SIGINT", "SIGTERM"] as const;
/** Those that listen to a signal now and did not before the test. */
let before: Map<string, unknown[]>;
const added = () => signals.map((signal) => process.listeners(signal).filter((listener) => !before.get(signal)?.includes(listener)).length);
/** What the kernel would bring about; vitest's own listeners are left out of it. */
const stop = (signal: (typeof signals)[number]) => {
  for (const listener of process.listeners(signal)) if (!before.get(signal)?.includes(listener)) listener(signal);
};

beforeEach(() => {
  before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
});
afterEach(() => vi.restoreAllMocks());

it("listens to both signals once, however many lines there are, from the first to the last of them", () => {
  expect(added()).toEqual([0, 0]);
  const first = interruptible("first", () => {});
  expect(added()).toEqual([1, 1]);
  const second = interruptible("second", () => {});
  expect(added()).toEqual([1, 1]);
  first();
  expect(added()).toEqual([1, 1]);
  second();
  expect(added()).toEqual([0, 0]);
  interruptible("third", () => {})();
  expect(added()).toEqual([0, 0]);
});

it.each(signals)(
  "tells on %s each line that is left, the same twice too, and then ends with the code that adds no message",
  async (signal) => {
    const told: string[] = [];
    const exit = vi.spyOn(process, "exit").mockImplementation((() => {}) as never);
    const over = ["gone", "same", "same", "refused"].map((line) =>
      interruptible(line, async (text) => {
        await new Promise((resolve) => setImmediate(resolve));
        told.push(text);
        if (text === "refused") throw new Error("no connection");
      }),
    );
    over[0]();
    stop(signal);
    expect(exit).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(exit).toHaveBeenCalled());
    expect(told).toEqual(["same", "same", "refused"]);
    expect(exit.mock.calls).toEqual([[codeOfPulumi]]);
    for (const done of over.slice(1)) done();
    expect(added()).toEqual([0, 0]);
  },
);
