import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, utimesSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { asVolumeOfFsGroup, at, has, misbehaves, read, run, setgid, write } from "./harness";

const pack = () => run("pack", { SOURCES: at("sources"), PACKED: "packed.tar.gz" });
const unpack = (archive = "packed.tar.gz") => run("unpack", { SOURCES: at("sources"), ARCHIVE: archive });
const listed = (archive: string) =>
  execFileSync("tar", ["-tvzf", at(archive)], { encoding: "utf8" })
    .trim()
    .split("\n");

/** Sources as another task has left them on the shared volume. */
async function handedOn(): Promise<void> {
  write("sources/tree/app/run", "#!/bin/sh\n", 0o755);
  write("sources/tree/app/ünder a name", "text");
  expect(await pack()).toMatchObject({ status: 0 });
  execFileSync("rm", ["-rf", at("sources")]);
  mkdirSync(at("sources"));
}

describe("pack and unpack", () => {
  it("hand on every file with its rights, as one archive of nobody's", async () => {
    await handedOn();
    expect(listed("shared/packed.tar.gz").every((line) => /^\S+ 0\/0 /.test(line))).toBe(true);
    expect(await unpack()).toMatchObject({ status: 0 });
    expect([read("sources/tree/app/run"), read("sources/tree/app/ünder a name")]).toEqual(["#!/bin/sh\n", "text"]);
    expect(execFileSync("stat", ["-c", "%a", at("sources/tree/app/run")], { encoding: "utf8" })).toBe("755\n");
  });

  it("let no folder of a volume's group into the sources", async () => {
    await handedOn();
    execFileSync("rm", ["-rf", at("sources")]);
    asVolumeOfFsGroup("sources");
    expect(await unpack()).toMatchObject({ status: 0 });
    expect(setgid("sources/tree")).toEqual([]);
  });

  it("leave sources alone that the pod has already", async () => {
    await handedOn();
    write("sources/tree/other", "kept");
    expect(await unpack()).toMatchObject({ status: 0 });
    expect([has("sources/tree/app"), read("sources/tree/other")]).toEqual([false, "kept"]);
  });

  it("give equal archives for equal files of equal times", async () => {
    for (const file of ["b", "a"]) write(`sources/tree/${file}`, file);
    const archive = async () => {
      for (const path of ["a", "b", "."]) utimesSync(at("sources/tree", path), 1_700_000_000, 1_700_000_000);
      expect(await pack()).toMatchObject({ status: 0 });
      return readFileSync(at("shared/packed.tar.gz"));
    };
    const first = await archive();
    expect(await archive()).toEqual(first);
  });

  it("leave no archive, and none of an earlier try, when they fail", async () => {
    await handedOn();
    write("sources/tree/a", "a");
    misbehaves("gzip", "*' --fast '*", "head -c 10; exit 1");
    const { status, log } = await pack();
    expect([status, log]).toEqual([1, "pack: the archive 'packed.tar.gz' cannot be written\n"]);
    expect(has("shared/packed.tar.gz")).toBe(false);
  });

  it("name an archive that is not there or none, and leave no half of it", async () => {
    expect((await unpack("none.tar.gz")).log).toContain("unpack: the shared volume has no archive 'none.tar.gz'\n");
    await handedOn();
    write("shared/broken.tar.gz", readFileSync(at("shared/packed.tar.gz")).subarray(0, 60));
    chmodSync(at("shared/broken.tar.gz"), 0o644);
    const { status, log } = await unpack("broken.tar.gz");
    expect(status).toBe(1);
    expect(log).toContain("unpack: the archive 'broken.tar.gz' cannot be unpacked\n");
    expect(has("sources/tree")).toBe(false);
  });
});
