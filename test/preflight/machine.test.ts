import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../../preflight/finding";
import { machine } from "../../preflight/machine";
import { release, tools } from "../../preflight/tools";
import { machine as architecture, Key, Mirror } from "../infra/stages/mirror";
import { stubs } from "../infra/stages/stage";

const project = resolve(__dirname, "../..");
let folder: string;
const before = { ...process.env };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "machine-"));
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(folder, { recursive: true, force: true });
});

const named = (findings: readonly Finding[], what: string) => {
  const found = findings.filter((finding) => finding.what === what).map(({ outcome, says }) => [outcome, says]);
  expect(found.length, what).toBeLessThan(2);
  return found[0];
};
const there = () => ({ installer: "/x", client: "/x", cache: join(folder, "cache") });

/** A PATH with these programs alone. */
function only(...programs: string[]): void {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const name of programs)
    symlinkSync(execFileSync("bash", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(), join(bin, name));
  process.env.PATH = bin;
}

describe("this machine", () => {
  it("is right with the programs of the stages, and space to run some in the cache, of which nothing is left", async () => {
    const findings = await machine({ ...there(), installer: "" });
    expect(findings.map(({ what, outcome }) => [what, outcome])).toEqual(
      ["node", "bash", "tar", "curl", "gpg", "git", "space", "folder of the installer"].map((what) => [what, "ok"]),
    );
    expect(named(findings, "node")).toEqual(["ok", process.version]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keeps a cache that is there", async () => {
    mkdirSync(join(folder, "cache/tools"), { recursive: true });
    await machine(there());
    expect(readdirSync(join(folder, "cache"))).toEqual(["tools"]);
  });

  it.each(["bash", "tar", "curl", "gpg", "node"])("has a problem without %s", async (missing) => {
    only(...["bash", "tar", "curl", "gpg", "node", "git", "sh"].filter((name) => name !== missing));
    const findings = await machine({ ...there(), client: "" });
    expect(findings.filter(({ outcome }) => outcome !== "ok").map(({ what, outcome }) => [what, outcome])).toEqual([[missing, "problem"]]);
  });

  it("needs curl and gpg for downloads alone", async () => {
    only("bash", "tar", "node", "git", "sh");
    expect((await machine(there())).filter(({ outcome }) => outcome !== "ok")).toEqual([]);
  });

  it("is warned of git, which is needed for nothing but to look", async () => {
    only("bash", "tar", "node", "sh");
    expect(named(await machine(there()), "git")?.[0]).toBe("warning");
  });

  it("has a problem with a Node.js that is too old on PATH", async () => {
    only("bash", "tar", "git", "sh");
    writeFileSync(join(folder, "bin/node"), "#!/bin/sh\necho v20.19.0\n", { mode: 0o755 });
    expect(named(await machine(there()), "node")).toEqual([
      "problem",
      expect.stringMatching(/^v20\.19\.0; the stages need Node\.js 22 or later/),
    ]);
  });

  it("has a problem with a cache that cannot be made", async () => {
    writeFileSync(join(folder, "cache"), "");
    expect(named(await machine({ ...there(), cache: join(folder, "cache/openshift-multiarch") }), "folder of the installer")).toEqual([
      "problem",
      expect.stringMatching(/cannot be written to \((?:ENOTDIR|ENOENT)\): set XDG_CACHE_HOME/),
    ]);
  });

  it("has a problem with a cache of somebody else", async () => {
    mkdirSync(join(folder, "cache"));
    chmodSync(join(folder, "cache"), 0o500);
    chmodSync(folder, 0o755);
    // Root may write everywhere.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65534);
    try {
      expect(named(await machine(there()), "folder of the installer")?.[1]).toContain("(EACCES)");
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  // In a namespace of its own, so that nothing stays mounted.
  const mounted = (options: string) =>
    spawnSync(
      "unshare",
      [
        "--map-root-user",
        "--mount",
        "bash",
        "-c",
        `mount -t tmpfs -o ${options} tmpfs "$1" && exec node --require tsx/cjs -e 'require("./preflight/machine").machine({ installer: "/x", client: "/x", cache: process.argv[1] }).then((all) => console.log(JSON.stringify(all)))' "$1/cache"`,
        "bash",
        folder,
      ],
      { cwd: project, encoding: "utf8" },
    );
  const allowed = spawnSync("unshare", ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).status === 0;

  it.skipIf(!allowed)("has a problem with a cache on a file system that lets no programs run", () => {
    const findings: Finding[] = JSON.parse(mounted("size=3g,noexec").stdout);
    expect(findings.filter(({ outcome }) => outcome === "problem")).toEqual([
      { what: "folder of the installer", outcome: "problem", says: expect.stringContaining("lets no programs run (noexec)") },
    ]);
  });

  it.skipIf(!allowed)("has a problem with less than 2 GiB, counted where the cache will be", () => {
    const findings: Finding[] = JSON.parse(mounted("size=2047m").stdout);
    expect(findings.filter(({ outcome }) => outcome === "problem")).toEqual([
      { what: "space", outcome: "problem", says: expect.stringMatching(/^2\.0 GiB are free at \S+, and the installer needs 2: free some/) },
    ]);
    expect(JSON.parse(mounted("size=3g").stdout).map(({ outcome }: Finding) => outcome)).not.toContain("problem");
  });
});

describe("the installer's release", () => {
  const cluster = {
    name: "lab",
    baseDomain: "example.com",
    version: "4.19.42",
    mirror: "https://mirror.example.com",
    credentialsMode: "mint" as const,
  };
  const none = { installer: "", client: "", cache: "" };
  let keys: string;
  let key: Key;
  let mirror: Mirror;
  beforeAll(() => {
    keys = mkdtempSync(join(tmpdir(), "k-"));
    key = new Key(join(keys, "key"), "Key");
  });
  afterAll(() => {
    key.close();
    rmSync(keys, { recursive: true, force: true });
  });
  beforeEach(async () => {
    mirror = await new Mirror(folder, key).start();
    Object.assign(process.env, mirror.environment, { NO_PROXY: "", no_proxy: "", https_proxy: "" });
  });
  afterEach(() => mirror.stop());
  const told = async (change: object = {}, of: Parameters<typeof release>[1] = none) => {
    const { outcome, says } = await release({ ...cluster, ...change }, of);
    return [outcome, says];
  };

  it("is right when the mirror has it for both architectures, with a signed list and this machine's archives", async () => {
    mirror.write();
    expect(await told()).toEqual([
      "ok",
      "openshift-install and openshift-client of the multi-architecture release can be downloaded from https://mirror.example.com/openshift-v4/multi/clients/ocp/4.19.42",
    ]);
    expect(mirror.asked.every((name) => !name.endsWith(".tar.gz"))).toBe(true);
  });

  it("is a problem when the mirror has no such version", async () => {
    mirror.write();
    expect(await told({ version: "4.19.99" })).toEqual([
      "problem",
      expect.stringContaining("has no signed list of a multi-architecture release"),
    ]);
  });

  it.each(["sha256sum.txt", "sha256sum.txt.gpg"])("is a problem without its %s", async (file) => {
    mirror.write();
    rmSync(join(mirror.root, file));
    expect(await told()).toEqual(["problem", expect.stringContaining("has no signed list")]);
  });

  it("is a problem when it is of one architecture, or lacks an archive for this machine", async () => {
    mirror.write();
    const other = architecture === "amd64" ? "arm64" : "amd64";
    writeFileSync(join(mirror.root, "sha256sum.txt"), `0  ${architecture}/sha256sum.txt\n`);
    expect(await told()).toEqual(["problem", expect.stringContaining(` lacks ${other}/sha256sum.txt: `)]);
    mirror.write();
    writeFileSync(join(mirror.root, architecture, "sha256sum.txt"), "0  openshift-install-linux-4.19.42.tar.gz\n");
    expect(await told()).toEqual(["problem", expect.stringContaining(" lacks openshift-client-linux-4.19.42.tar.gz: ")]);
    expect(await told({}, { ...none, client: "/usr/bin/oc" })).toEqual(["ok", expect.stringMatching(/^openshift-install of the multi/)]);
  });

  it.skipIf(process.platform !== "linux")("is looked for with ccoctl where that makes the cluster's credentials", async () => {
    mirror.write();
    const there = { ...none, installer: "/a", client: "/b" };
    expect(await told({ credentialsMode: "manual" }, { ...there, ccoctl: "" })).toEqual([
      "ok",
      expect.stringMatching(/^ccoctl of the multi-architecture release can be downloaded/),
    ]);
    writeFileSync(join(mirror.root, architecture, "sha256sum.txt"), "0  openshift-install-linux-4.19.42.tar.gz\n");
    expect(await told({ credentialsMode: "manual" }, { ...there, ccoctl: "" })).toEqual([
      "problem",
      expect.stringContaining(" lacks ccoctl-linux-4.19.42.tar.gz: "),
    ]);
    expect(await told({ credentialsMode: "manual" }, { ...there, ccoctl: "/c" })).toEqual(["ok", "/a and /b are of it, and /c is there"]);
  });

  it("is a problem when the mirror does not answer", async () => {
    mirror.stop();
    expect(await told()).toEqual(["problem", expect.stringMatching(/does not answer \(curl: .*\): behind a proxy, set HTTPS_PROXY/)]);
  });

  it("is not looked for when both programs are there", async () => {
    expect(await told({}, { ...none, installer: "/a", client: "/b" })).toEqual(["ok", "/a and /b are of it"]);
    expect(mirror.asked).toEqual([]);
  });

  it("is found as the stages find it: of PATH, of the right version and for all architectures", async () => {
    mkdirSync(join(folder, "stub"));
    Object.assign(process.env, {
      STUB: join(folder, "stub"),
      XDG_CACHE_HOME: join(folder, "cache"),
      PATH: [stubs, before.PATH].join(delimiter),
    });
    const found = {
      installer: join(stubs, "openshift-install"),
      client: join(stubs, "oc"),
      cache: join(folder, "cache/openshift-multiarch"),
    };
    expect(await tools(cluster)).toEqual(found);
    expect(await tools({ ...cluster, credentialsMode: "manual" })).toEqual({ ...found, ccoctl: join(stubs, "ccoctl") });
    process.env.STUB_ARCHITECTURE = "amd64";
    expect(await tools(cluster)).toEqual({ ...found, installer: "" });
    Object.assign(process.env, { STUB_ARCHITECTURE: "multi", STUB_VERSION: "4.18.1", STUB_CLIENT: "4.12.0" });
    expect(await tools(cluster)).toEqual({ ...found, installer: "", client: "" });
    expect(existsSync(found.cache)).toBe(false);
  });
});
