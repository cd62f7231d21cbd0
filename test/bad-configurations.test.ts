import { describe, expect, it } from "vitest";
import { badConfigurations } from "./bad-configurations";
import { refused } from "./program";

describe.each(Object.entries(badConfigurations))(
  "the program refuses, before it asks or makes anything, and says just why: %s",
  (_, rows) => {
    it.each(rows.map(({ what, ...row }) => [what, row] as const))("%s", async (_, { change, says }) => {
      expect(await refused("dev", change)).toEqual({ message: `The stack's configuration has a problem:\n  - ${says}`, told: [] });
    });
  },
);

it("without a change the same stack is not refused, and what the program makes is seen", async () => {
  const { message, told } = await refused("dev", {});
  expect(message).toBe("");
  expect(told).toEqual(expect.arrayContaining(["command:local:Command cluster-identity", "pulumi:pulumi:readStackOutputs"]));
});

it("every kind has rows, and no two of them are about the same", () => {
  const rows = Object.values(badConfigurations).flat();
  expect(rows.length).toBeGreaterThanOrEqual(60);
  expect(new Set(rows.map(({ what }) => what)).size).toBe(rows.length);
  expect(new Set(rows.map(({ change }) => JSON.stringify(Object.entries(change)))).size).toBe(rows.length);
});

/** Values in messages stand behind "is"; a secret's is never shown, and a key that nobody reads has none that counts. */
it("every message names the key, the value and what would be right", () => {
  for (const { change, says } of Object.values(badConfigurations).flat()) {
    const key = /^\S+/.exec(says)?.[0] ?? "";
    const names = Object.keys(change).some((path) => {
      const [shown, changed] = [key, path.replace(/^openshift-multiarch:/, "")].map((text) => text.split(/[.[]/)[0]);
      return shown === changed;
    });
    expect([says, names]).toEqual([says, true]);
    expect(says).toMatch(
      / (?:is (?:"|-?\d|true|\[\]|\{\}|an? (?:object|list|text)|\(secret\)|missing)|is not a setting; ).*(?:expected \S|did you mean|known here|pulumi config)/s,
    );
  }
});
