import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installedParagraph, mergeUsr, packages, realPath, transplant, unpack, writeInto } from "../../../rehearsal/images/root-folder";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "root-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Builds a Debian package of these files. */
function deb(name: string, architecture: string, control: string, files: Record<string, string>, conffiles: string[] = []): string {
  const source = join(folder, `${name}-${architecture}`);
  for (const [path, content] of Object.entries(files)) writeInto(source, path, content);
  writeInto(
    source,
    "DEBIAN/control",
    `Package: ${name}\nArchitecture: ${architecture}\n${control}Maintainer: T <t@example.test>\nDescription: test\n`,
  );
  if (conffiles.length > 0) writeInto(source, "DEBIAN/conffiles", conffiles.map((path) => `${path}\n`).join(""));
  const file = join(folder, `${name}_${architecture}.deb`);
  execFileSync("dpkg-deb", ["--root-owner-group", "--build", source, file], { stdio: "ignore" });
  return file;
}

describe("dpkg's status", () => {
  it("is read paragraph by paragraph", () => {
    expect(
      packages("Package: a\nArchitecture: amd64\n\nPackage: b\nStatus: install ok installed\nArchitecture: all\n\n").map(
        ({ name, architecture }) => [name, architecture],
      ),
    ).toEqual([
      ["a", "amd64"],
      ["b", "all"],
    ]);
  });

  it("names configuration files with their sums in front of the description", () => {
    expect(installedParagraph("Package: a\nVersion: 1\nDescription: x\n y\n", [["/etc/a", "00ff"]])).toBe(
      "Package: a\nStatus: install ok installed\nVersion: 1\nConffiles:\n /etc/a 00ff\nDescription: x\n y",
    );
  });
});

it("paths of the merged folders are found below /usr, others stay", () => {
  expect(["/bin/sh", "/lib64/ld.so", "/etc/bin/x", "/library/x"].map(realPath)).toEqual([
    "/usr/bin/sh",
    "/usr/lib64/ld.so",
    "/etc/bin/x",
    "/library/x",
  ]);
});

it("unpacking follows the links of merged /usr and leaves documentation out", async () => {
  const root = join(folder, "root");
  mkdirSync(root);
  mergeUsr(root, "arm64");
  await unpack([deb("tool", "arm64", "Version: 1\n", { "bin/tool": "t", "usr/share/doc/tool/README": "r", "opt/x": "y" })], root, [
    "/opt/*",
  ]);
  expect(readFileSync(join(root, "usr/bin/tool"), "utf8")).toBe("t");
  expect(readlinkSync(join(root, "bin"))).toBe("usr/bin");
  expect(existsSync(join(root, "usr/share/doc/tool/README"))).toBe(false);
  expect(existsSync(join(root, "opt/x"))).toBe(false);
});

describe("a Debian turned into one of another architecture", () => {
  it("has that architecture's files and records, and keeps what installation scripts wrote", async () => {
    const native = join(folder, "native");
    const root = join(folder, "foreign");
    mkdirSync(native);
    mkdirSync(root);
    mergeUsr(native, "amd64");
    writeInto(native, "usr/lib/x86_64-linux-gnu/libc.so", "amd64");
    writeInto(native, "usr/lib64/ld.so", "amd64");
    writeInto(native, "usr/bin/tool", "amd64");
    writeInto(native, "usr/bin/script", "all");
    writeInto(native, "etc/tool.conf", "same");
    writeInto(native, "etc/passwd", "made by a script");
    writeInto(native, "etc/ld.so.cache", "amd64");
    symlinkSync("/etc/passwd", join(native, "etc/alternative"));
    const database = "var/lib/dpkg";
    writeInto(
      native,
      `${database}/info/libc:amd64.list`,
      "/.\n/lib\n/lib64\n/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu/libc.so\n/lib64/ld.so\n",
    );
    writeInto(native, `${database}/info/tool.list`, "/.\n/bin\n/bin/tool\n/etc\n/etc/tool.conf\n");
    writeInto(native, `${database}/info/script.list`, "/.\n/bin\n/bin/script\n");
    writeInto(native, `${database}/arch`, "amd64\n");
    writeInto(native, `${database}/triggers/File`, "/usr/lib/x86_64-linux-gnu/gio libc:amd64\n");
    writeInto(native, "var/lib/apt/extended_states", "Package: libc\nArchitecture: amd64\nAuto-Installed: 1\n");
    writeInto(
      native,
      `${database}/status`,
      "Package: libc\nStatus: install ok installed\nArchitecture: amd64\n\nPackage: tool\nStatus: install ok installed\nArchitecture: amd64\n\nPackage: script\nStatus: install ok installed\nVersion: 1\nMaintainer: T <t@example.test>\nArchitecture: all\nDescription: test\n\n",
    );
    const debs = [
      deb("libc", "arm64", "Version: 2\nMulti-Arch: same\n", { "lib/aarch64-linux-gnu/libc.so": "arm64", "lib/ld.so": "arm64" }),
      deb("tool", "arm64", "Version: 2\n", { "bin/tool": "arm64", "etc/tool.conf": "same" }, ["/etc/tool.conf"]),
    ];
    const asked: string[][] = [];
    await transplant(native, root, ["amd64", "arm64"], async (names) => {
      asked.push(names);
      return debs;
    });

    expect(asked).toEqual([["libc", "tool"]]);
    const read = (path: string) => readFileSync(join(root, path), "utf8");
    for (const link of ["bin", "sbin", "lib"]) expect(readlinkSync(join(root, link))).toBe(`usr/${link}`);
    expect(read("usr/bin/tool")).toBe("arm64");
    expect(read("usr/lib/aarch64-linux-gnu/libc.so")).toBe("arm64");
    for (const gone of [
      "usr/lib/x86_64-linux-gnu",
      "lib64",
      "usr/lib64",
      "etc/ld.so.cache",
      `${database}/arch`,
      `${database}/info/libc:amd64.list`,
    ]) {
      expect(existsSync(join(root, gone)), gone).toBe(false);
    }
    expect(read("usr/bin/script")).toBe("all");
    expect(read("etc/passwd")).toBe("made by a script");
    expect(lstatSync(join(root, "etc/alternative")).isSymbolicLink()).toBe(true);
    expect(read(`${database}/info/libc:arm64.list`)).toContain("\n/lib/aarch64-linux-gnu/libc.so\n");
    expect(read(`${database}/info/tool.list`)).toMatch(/^\/\.\n/);
    expect(read(`${database}/triggers/File`)).toBe("/usr/lib/aarch64-linux-gnu/gio libc:arm64\n");
    expect(read("var/lib/apt/extended_states")).toContain("Architecture: arm64");
    expect(packages(read(`${database}/status`)).map(({ name, architecture }) => `${name} ${architecture}`)).toEqual([
      "libc arm64",
      "tool arm64",
      "script all",
    ]);
    expect(read(`${database}/status`)).toMatch(/Conffiles:\n \/etc\/tool.conf [0-9a-f]{32}\n/);
    // dpkg itself reads it and finds every file that its lists promise.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
    const listed = execFileSync("dpkg-query", [`--admindir=${join(root, database)}`, "-W", "-f", "${Package} ${Status}\n"], {
      encoding: "utf8",
    });
    expect(listed).toBe("libc install ok installed\nscript install ok installed\ntool install ok installed\n");
  });
});

it("a file outside the root is not reached through an absolute link in it", async () => {
  const outside = join(folder, "outside");
  writeFileSync(outside, "mine");
  const root = join(folder, "root");
  mkdirSync(root);
  symlinkSync(outside, join(root, "x"));
  await unpack([deb("bad", "all", "Version: 1\n", { x: "theirs" })], root);
  expect(readFileSync(outside, "utf8")).toBe("mine");
});
