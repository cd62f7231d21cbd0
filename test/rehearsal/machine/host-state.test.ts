import { describe, expect, it } from "vitest";
import { certificateConfig } from "../../../rehearsal/cluster/pki";
import { registration, runsArm64InContainers } from "../../../rehearsal/machine/binfmt";
import { withHosts } from "../../../rehearsal/machine/hosts";
import { masqueradeRules } from "../../../rehearsal/machine/network";

describe("the block in /etc/hosts", () => {
  const before = "127.0.0.1 localhost\n\n# kept\n10.0.0.5 printer\n";

  it("is added at the end, and taken out without a trace", () => {
    const after = withHosts(before, { "api.multiarch.rehearsal.test": "10.213.0.1" });
    expect(after.startsWith(before)).toBe(true);
    expect(after).toContain("\n10.213.0.1 api.multiarch.rehearsal.test\n");
    expect(withHosts(after, {})).toBe(before);
  });

  it("replaces an earlier one instead of adding a second", () => {
    const twice = withHosts(withHosts(before, { a: "10.0.0.1" }), { b: "10.0.0.2" });
    expect(twice.match(/: begin/g)).toHaveLength(1);
    expect(twice).not.toContain("10.0.0.1 a");
  });

  it("works on a file without a last newline", () => {
    expect(withHosts("127.0.0.1 localhost", { a: "10.0.0.1" })).toMatch(/^127\.0\.0\.1 localhost\n# openshift-multiarch/);
  });
});

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

describe("masquerading", () => {
  it("leaves traffic to nodes, pods and services alone", () => {
    expect(masqueradeRules()).toContain("ip saddr 10.214.0.0/16 ip daddr != { 10.213.0.0/24, 10.214.0.0/16, 10.215.0.0/16 }");
  });
});

describe("certificates", () => {
  it("list names and addresses of a server", () => {
    const config = certificateConfig(["api.x.test", "10.213.0.1"], false);
    expect(config).toContain("subjectAltName = DNS:api.x.test, IP:10.213.0.1");
    expect(config).toContain("serverAuth");
  });

  it("let a client be no server, and only a CA sign", () => {
    expect(certificateConfig(undefined, false)).not.toMatch(/serverAuth|subjectAltName|keyCertSign/);
    expect(certificateConfig(undefined, true)).toContain("keyCertSign");
  });
});
