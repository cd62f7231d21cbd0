import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { Bench, stubs } from "./stage";

const bench = Bench.use();

describe("programs of PATH", () => {
  it("are taken when they are right", async () => {
    const { code, stdout, stderr } = await bench.run("tools");
    expect(stderr).toBe(`openshift-install 4.19.42: ${join(stubs, "openshift-install")}\nclient: ${join(stubs, "oc")}\n`);
    expect({ code, stdout: JSON.parse(stdout) }).toEqual({ code: 0, stdout: { version: "4.19.42" } });
    expect(existsSync(bench.cache)).toBe(false);
  });

  it.each(["unknown", ""])(
    "are taken with a warning, said once, when the installer says %j for the architectures of its release",
    async (architecture) => {
      const { code, stderr } = await bench.run("tools", { STUB_ARCHITECTURE: architecture });
      expect(code).toBe(0);
      expect(stderr).toContain("does not say for which architectures its release is");
      expect((await bench.run("identity", { STUB_ARCHITECTURE: architecture })).stderr).not.toContain("for which architectures");
    },
  );

  // openshift/installer 4.15 and 4.16, cmd/openshift-install/version.go: the line is version.DefaultArch().
  it.each(["4.15.59", "4.16.44"])("are taken for %s, whose installer never says multi", async (version) => {
    const { code, stderr } = await bench.run("tools", { OPENSHIFT_VERSION: version, STUB_ARCHITECTURE: "amd64", STUB_CLIENT: version });
    expect(code).toBe(0);
    expect(stderr).toContain("Warning:");
    expect(stderr).not.toContain("Downloading");
  });

  it.each(["4.18.1", "4.20.0", "source"])("may have a client of one minor version more or less, or of none: %s", async (client) => {
    const { stderr } = await bench.run("tools", { STUB_CLIENT: client });
    expect(stderr).toContain(`client: ${join(stubs, "oc")}`);
  });

  it("may have kubectl when there is no oc", async () => {
    const path = bench.program("openshift-install", `exec ${join(stubs, "openshift-install")} "$@"`).split(delimiter)[0] ?? "";
    bench.program("kubectl", `echo '{"clientVersion": {"gitVersion": "v1.32.0"}}'`);
    const { code, stderr } = await bench.run("tools", {}, { path });
    expect({ code, client: stderr.includes(`client: ${join(path, "kubectl")}`) }).toEqual({ code: 0, client: true });
  });
});
