import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { overlaps, parseListeners } from "../../../rehearsal/commands/preflight";
import { expectAnswer, membersOf, proofPod } from "../../../rehearsal/commands/proof";
import { CommandError, lastLines, run } from "../../../rehearsal/machine/exec";
import { ownProcesses, parseRules } from "../../../rehearsal/machine/leftovers";
import { places } from "../../../rehearsal/machine/places";
import { programMarker } from "../../../rehearsal/machine/process";
import { seconds } from "../../../rehearsal/machine/progress";
import { publish } from "../../../rehearsal/services/git";
import { dockerConfig, frontConfig } from "../../../rehearsal/services/registry";
import { mergeConfig } from "../../../rehearsal/stack/configuration";
import { pemBlocks } from "../../../rehearsal/stack/secrets";
import { compareVersions, folderKey, linkFolder } from "../../../rehearsal/toolchain";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rehearsal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("run", () => {
  it("returns what the program prints and hands it the input", async () => {
    expect(await run(["tr", "a-z", "A-Z"], { input: "hello" })).toBe("HELLO");
  });

  it("throws the exit code and the last lines of stderr, without the later arguments", async () => {
    const failure = await run(["sh", "-c", "seq 30 >&2; exit 3", "sh", "secret"]).catch((error) => error);
    expect(failure).toBeInstanceOf(CommandError);
    expect(failure.code).toBe(3);
    expect(failure.message).toContain("30");
    expect(failure.message).not.toMatch(/^10$/m);
    expect(failure.message).not.toContain("secret");
  });

  it("takes a variable away that is set to undefined", async () => {
    process.env.REHEARSAL_TEST = "there";
    expect(await run(["sh", "-c", "printenv REHEARSAL_TEST || echo gone"], { env: { REHEARSAL_TEST: undefined } })).toBe("gone\n");
    delete process.env.REHEARSAL_TEST;
  });

  it("says which program is not there", async () => {
    await expect(run(["no-such-program"])).rejects.toThrow(/no-such-program/);
  });
});

describe("progress", () => {
  it.each([
    [9.4, "9 s"],
    [245, "4 min 05 s"],
    [3725, "1 h 02 min"],
  ])("writes %d seconds as %s", (value, text) => expect(seconds(value)).toBe(text));

  it("shows the last lines without empty ones at the end", () => expect(lastLines("a\nb\nc\n\n", 2)).toBe("b\nc"));
});

describe("toolchain", () => {
  it("names a result by the content of the folder and by the compiler", () => {
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "a"), "1");
    const key = folderKey(folder, "go1");
    expect(folderKey(folder, "go1")).toBe(key);
    expect(folderKey(folder, "go2")).not.toBe(key);
    writeFileSync(join(folder, "sub", "a"), "2");
    expect(folderKey(folder, "go1")).not.toBe(key);
  });

  it("has the CRDs of the very modules whose code works with them", () => {
    const modules = (component: string) => {
      const file = readFileSync(join(__dirname, "..", "..", "..", "rehearsal", "toolchain", component, "go.mod"), "utf8");
      return new Map([...file.matchAll(/^\t(\S+) (v\S+)/gm)].map(([, name = "", version]) => [name, version]));
    };
    const compiled = modules("cluster");
    const shared = [...modules("openshift-crds")].filter(([name]) => compiled.has(name));
    expect(shared.map(([name]) => name)).toContain("github.com/openshift/api");
    expect(shared.filter(([name, version]) => compiled.get(name) !== version)).toEqual([]);
  });

  it("compares versions by number", () => {
    expect(compareVersions("1.26.8", "1.26.10")).toBeLessThan(0);
    expect(compareVersions("1.26", "1.25.9")).toBeGreaterThan(0);
    expect(compareVersions("1.26.0", "1.26")).toBe(0);
  });

  it("makes a folder hold exactly the links that are wanted", () => {
    symlinkSync("/old", join(folder, "a"));
    symlinkSync("/gone", join(folder, "b"));
    writeFileSync(join(folder, "kept"), "script");
    const links = new Map([
      ["a", "/new"],
      ["c", "/c"],
    ]);
    linkFolder(folder, links, ["kept"]);
    expect(readlinkSync(join(folder, "a"))).toBe("/new");
    expect(readlinkSync(join(folder, "c"))).toBe("/c");
    expect(() => readlinkSync(join(folder, "b"))).toThrow();
    expect(readFileSync(join(folder, "kept"), "utf8")).toBe("script");
  });
});

describe("stack configuration", () => {
  const template = "# comment\nconfig:\n  aws:region: eu-west-3\n  p:a: 1\n";

  it("is the checkout's, with the salt and the secrets of the environment", () => {
    const previous = "encryptionsalt: salt\nconfig:\n  p:a: 0\n  p:plain: old\n  p:token:\n    secure: cipher\n";
    const merged = mergeConfig(template, previous, "p");
    expect(parse(merged)).toEqual({
      encryptionsalt: "salt",
      config: { "aws:region": "eu-west-3", "p:a": 1, "p:token": { secure: "cipher" } },
    });
    expect(mergeConfig(template, merged, "p")).toBe(merged);
  });

  it("is the checkout's alone at the first time", () => expect(parse(mergeConfig(template, "", "p"))).toEqual(parse(template)));

  it("finds every certificate of a bundle", () => {
    const block = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----";
    expect(pemBlocks(`# one\n${block}\ntext\n${block}\n`)).toEqual([block, block]);
  });
});

describe("preflight", () => {
  it.each([
    ["10.213.0.0/24", "10.0.0.0/8", true],
    ["10.213.0.0/24", "10.213.0.77/32", true],
    ["10.214.0.0/16", "10.213.0.1/24", false],
    ["10.215.0.0/16", "192.168.0.0/16", false],
    ["10.213.0.0/24", "0.0.0.0/0", true],
  ])("%s and %s overlap: %s", (a, b, expected) => expect(overlaps(a, b)).toBe(expected));

  it("reads listening sockets of both families", () => {
    const header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    const rest = "00000000:00000000 00:00000000 00000000     0        0";
    const lines = [
      `   0: 0100007F:1388 00000000:0000 0A ${rest} 11 1`,
      `   1: 0100007F:1389 00000000:0000 01 ${rest} 12 1`,
      `   2: 00000000000000000000000000000000:192B 00000000000000000000000000000000:0000 0A ${rest} 13 1`,
      `   3: 00000000000000000000000001000000:192B 00000000000000000000000000000000:0000 0A ${rest} 14 1`,
      `   4: 0000000000000000FFFF00000100D50A:1388 00000000000000000000000000000000:0000 0A ${rest} 15 1`,
    ];
    expect(parseListeners(header + lines.join("\n"))).toEqual([
      { address: "127.0.0.1", port: 5000, inode: "11" },
      { address: "0.0.0.0", port: 6443, inode: "13" },
      { address: "10.213.0.1", port: 5000, inode: "15" },
    ]);
  });
});

describe("leftovers", () => {
  it("are processes that our programs started, not a user's own that work on our files", async () => {
    const script = "setTimeout(() => {}, 20_000)";
    const ours = spawn("node", ["-e", script], { env: { ...process.env, [programMarker]: places.run } });
    const users = spawn("node", ["-e", script, `${places.run}/git/examples.git`]);
    try {
      await Promise.all([ours, users].map((child) => once(child, "spawn")));
      const pids = ownProcesses().map(({ pid }) => pid);
      expect(pids).toContain(ours.pid);
      expect(pids).not.toContain(users.pid);
    } finally {
      ours.kill();
      users.kill();
    }
  });

  it("finds the firewall rules of our pods and leaves those of others", () => {
    const saved = [
      "*nat",
      ":POSTROUTING ACCEPT [0:0]",
      ":CNI-aaa - [0:0]",
      ":CNI-bbb - [0:0]",
      '-A POSTROUTING -s 10.214.1.5/32 -m comment --comment "name: \\"x\\"" -j CNI-aaa',
      "-A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE",
      "-A POSTROUTING -s 10.88.0.4/32 -j CNI-bbb",
      "-A CNI-aaa -d 10.214.1.0/24 -j ACCEPT",
      "-A CNI-bbb -d 10.88.0.0/16 -j ACCEPT",
      "COMMIT",
    ].join("\n");
    const { rules, chains } = parseRules(saved);
    expect(chains).toEqual(["CNI-aaa"]);
    expect(rules).toHaveLength(1);
    expect(rules[0]).toContain("10.214.1.5/32");
    expect(rules[0]).toContain('name: "x"');
  });

  it("finds nothing in an empty firewall", () => expect(parseRules("")).toEqual({ rules: [], chains: [] }));
});

describe("registry front", () => {
  it("asks for a user for everything but reading, and for the root of the API", () => {
    const text = frontConfig("/run/front", "/run/front/htpasswd");
    expect(text).toMatch(/location = \/v2\/ \{\s+auth_basic "/);
    expect(text).toMatch(/limit_except GET HEAD \{\s+auth_basic "/);
    expect(text).toContain("client_max_body_size 0;");
    expect(text).toContain("listen 10.213.0.1:5000;");
  });

  it("writes credentials as a docker configuration", () => {
    const { auths } = JSON.parse(dockerConfig({ username: "u", password: "p" }));
    expect(Buffer.from(auths["10.213.0.1:5000"].auth, "base64").toString()).toBe("u:p");
  });
});

describe("Git repository of the examples", () => {
  it("has the same commit for the same content, and keeps earlier ones", async () => {
    const source = join(folder, "examples");
    mkdirSync(source);
    writeFileSync(join(source, "a"), "1");
    writeFileSync(join(folder, "ignore"), "node_modules/\n");
    mkdirSync(join(source, "node_modules"));
    writeFileSync(join(source, "node_modules", "b"), "1");
    const one = await publish(source, join(folder, "one.git"), join(folder, "ignore"));
    expect(await publish(source, join(folder, "two.git"), join(folder, "ignore"))).toBe(one);
    writeFileSync(join(source, "a"), "2");
    const changed = await publish(source, join(folder, "one.git"), join(folder, "ignore"));
    expect(changed).not.toBe(one);
    const git = (...args: string[]) => run(["git", "--git-dir", join(folder, "one.git"), ...args]);
    expect((await git("rev-parse", "main")).trim()).toBe(changed);
    expect(await git("ls-tree", "-r", "--name-only", one)).toBe("a\n");
  });
});

describe("proof", () => {
  const member = (os: string, architecture: string) => ({ digest: `sha256:${architecture}`, platform: { os, architecture } });

  it("takes an index of exactly the two architectures", () => {
    expect(membersOf("x", { manifests: [member("linux", "arm64"), member("linux", "amd64")] })).toEqual([
      { architecture: "arm64", digest: "sha256:arm64" },
      { architecture: "amd64", digest: "sha256:amd64" },
    ]);
  });

  it.each([
    ["a single image", { mediaType: "application/vnd.oci.image.manifest.v1+json" }],
    ["one architecture", { manifests: [member("linux", "amd64")] }],
    ["one architecture twice", { manifests: [member("linux", "amd64"), member("linux", "amd64")] }],
  ])("refuses %s", (_, index) => expect(() => membersOf("x", index)).toThrow(/x: /));

  it("starts the image's own entry point as its own user, with nothing but --version", () => {
    const { spec } = proofPod("nodejs", "registry/nodejs@sha256:abc", "arm64");
    expect(spec.containers).toEqual([{ name: "proof", image: "registry/nodejs@sha256:abc", args: ["--version"] }]);
    expect(spec.nodeSelector).toEqual({ "kubernetes.io/arch": "arm64" });
  });

  it("takes only what an example prints on a machine of the member's architecture", () => {
    const node = (architecture: string) => JSON.stringify({ application: "a", version: "1", node: "v22", architecture, checksum: 7 });
    const java = (architecture: string) => `hello-quarkus on Java 21.0.9, architecture ${architecture}`;
    for (const [name, architecture, output] of [
      ["nodejs", "amd64", node("x64")],
      ["nodejs", "arm64", node("arm64")],
      ["quarkus", "amd64", `a warning\n${java("amd64")}`],
      ["quarkus", "arm64", java("aarch64")],
      ["htop", "arm64", "htop 3.2.2"],
    ]) {
      expect(() => expectAnswer(name, architecture, output)).not.toThrow();
    }
    for (const [name, architecture, output] of [
      ["nodejs", "arm64", node("x64")],
      ["nodejs", "amd64", node("arm64")],
      ["nodejs", "amd64", "v22.1.0"],
      ["quarkus", "arm64", java("amd64")],
      ["quarkus", "amd64", "openjdk version 21"],
      ["htop", "amd64", ""],
    ]) {
      expect(() => expectAnswer(name, architecture, output)).toThrow(`${name}: the container for ${architecture} printed`);
    }
  });

  it("knows an answer of every example: none passes by saying nothing", () => {
    for (const name of readdirSync(join(__dirname, "../../../examples"))) {
      for (const architecture of ["amd64", "arm64"]) expect(() => expectAnswer(name, architecture, "")).toThrow();
    }
  });
});
