import { describe, expect, it } from "vitest";
import { registration, runsArm64InContainers } from "../../../rehearsal/machine/binfmt";

describe("emulation of arm64", () => {
  const entry = (flags: string, magic: string) =>
    `enabled\ninterpreter /usr/bin/qemu\nflags: ${flags}\noffset 0\nmagic ${magic}\nmask ff\n`;
  const arm64 = "7f454c460201010000000000000000000200b700";

  it("counts an entry only if it works where its interpreter does not exist (flag F)", () => {
    expect(runsArm64InContainers(entry("POF", arm64))).toBe(true);
    expect(runsArm64InContainers(entry("OC", arm64))).toBe(false);
    expect(runsArm64InContainers(entry("POF", arm64).replace("enabled", "disabled"))).toBe(false);
    expect(runsArm64InContainers(entry("POF", arm64.replace("b700", "f300")))).toBe(false);
  });

  it("is registered with flag F, and with flag P only for the interpreter that knows it", () => {
    expect(registration("/usr/libexec/qemu-binfmt/aarch64-binfmt-P")).toMatch(/:\/usr\/libexec\/qemu-binfmt\/aarch64-binfmt-P:OPF$/);
    expect(registration("/usr/bin/qemu-aarch64-static")).toMatch(/:OF$/);
    expect(registration("/x")).toMatch(/^:openshift-multiarch-arm64:M::\\x7f\\x45\\x4c\\x46/);
  });
});
