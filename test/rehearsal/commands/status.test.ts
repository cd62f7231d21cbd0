import { expect, it } from "vitest";
import { toolchainTable } from "../../../rehearsal/commands/status";

it("status shows the process seconds of each component of the toolchain and their sum; a component may not say", () => {
  const built = new Map([
    ["pause", 11.7],
    ["cluster", 530.4],
    ["efs-csi", undefined],
  ]);
  expect(toolchainTable(built).split("\n")).toEqual([
    "toolchain, as it was built  process seconds",
    "pause                                    12",
    "cluster                                 530",
    "efs-csi                                   -",
    "all that say it                         542",
  ]);
});
