import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { arch } from "node:os";
import { beforeEach, describe, expect, it } from "vitest";
import { at, has, program, read, run, write } from "./harness";

const kept = `volume/${{ x64: "x86_64", arm64: "aarch64" }[arch() as "x64" | "arm64"]}.tar.gz`;
const limit = { DOWNLOADS_LIMIT: "1" };
const pack = (more: Record<string, string> = {}) =>
  run("pack", { SOURCES: at("sources"), PACKED: "packed.tar.gz", DOWNLOADS: at("volume"), ...limit, ...more });
/** In a new pod. */
function unpack(more: Record<string, string> = {}) {
  rmSync(at("sources"), { recursive: true });
  mkdirSync(at("sources"));
  return run("unpack", { SOURCES: at("sources"), ARCHIVE: "packed.tar.gz", DOWNLOADS: at("volume"), ...limit, ...more });
}
const archive = (script: string) => execFileSync("bash", ["-c", script], { cwd: at("home"), maxBuffer: 2 ** 24 });
const unusable = {
  status: 0,
  log: "unpack: warning: the downloads of an earlier run are not usable: everything is downloaded\n",
};
const inVolume = () => readdirSync(at("volume")).map((name) => `volume/${name}`);

beforeEach(() => {
  mkdirSync(at("volume"));
  write("sources/tree/file", "");
  write("sources/downloads/deep/file", "one");
});

describe("downloads that are kept", () => {
  it("are there in the next run, beside the sources and not in them", async () => {
    expect(await pack()).toMatchObject({ status: 0, log: expect.stringMatching(/\nkept downloads for the next run \(\S+\)\n$/) });
    expect(await unpack()).toEqual({ status: 0, log: "" });
    expect([read("sources/downloads/deep/file"), readdirSync(at("sources/tree"))]).toEqual(["one", ["file"]]);
  });

  it("are written again only if something has come or gone", async () => {
    await pack();
    await unpack();
    utimesSync(at(kept), 1, 1);
    await pack();
    expect(statSync(at(kept)).mtimeMs).toBe(1000);
    write("sources/downloads/more", "");
    await pack();
    expect(statSync(at(kept)).mtimeMs).toBeGreaterThan(1000);
    expect(inVolume()).toEqual([kept]);
  });

  it("can be changed by the run that gets them, whatever rights they had", async () => {
    chmodSync(at("sources/downloads/deep"), 0o555);
    await pack();
    await unpack();
    const { mode } = statSync(at("sources/downloads/deep"));
    expect(mode & 0o700).toBe(0o700);
  });

  it("are left where they are, and replaced, by a run that builds anew", async () => {
    await pack();
    expect(await unpack({ REBUILD: "yes" })).toEqual({ status: 0, log: "" });
    expect(has("sources/downloads")).toBe(false);
    write("sources/downloads/other", "");
    await pack();
    await unpack();
    expect(readdirSync(at("sources/downloads"))).toEqual(["other"]);
  });

  it("are none without a volume, nor before the first run", async () => {
    expect((await pack({ DOWNLOADS: "" })).log).toMatch(/^wrote packed.tar.gz \(\S+\)\n$/);
    expect(inVolume()).toEqual([]);
    expect(await unpack()).toEqual({ status: 0, log: "no downloads of an earlier run\n" });
    expect(await unpack({ DOWNLOADS: "" })).toEqual({ status: 0, log: "" });
    expect(has("sources/downloads")).toBe(false);
  });

  it("are not those of another folder that the step between has put in their place", async () => {
    write("secret/file", "");
    rmSync(at("sources/downloads"), { recursive: true });
    symlinkSync(at("secret"), at("sources/downloads"));
    expect(await pack()).toMatchObject({ status: 0 });
    expect(inVolume()).toEqual([]);
  });
});

describe("trouble with them is a line, and never the end nor half a folder:", () => {
  const zeros = (size: string) => () => archive(`mkdir z && head -c ${size} /dev/zero >z/zero && tar -czf - -C z .`);

  it.each([
    ["an archive that ends early", (whole: Buffer) => whole.subarray(0, whole.length / 2)],
    ["one with another byte", (whole: Buffer) => whole.fill(whole[60] ^ 1, 60, 61)],
    ["one that is none", () => Buffer.from("no archive")],
    ["an empty file", () => Buffer.alloc(0)],
    ["one that unpacks to more than twice the limit", zeros("3M")],
  ])("%s", async (_, spoilt) => {
    await pack();
    writeFileSync(at(kept), spoilt(readFileSync(at(kept))));
    expect(await unpack()).toEqual(unusable);
    expect(readdirSync(at("sources")).sort()).toEqual(["tree"]);
    // The next one finds good ones again.
    write("sources/downloads/new", "");
    await pack();
    expect((await unpack()).log).toBe("");
  });

  it("an archive that leads out of the folder", async () => {
    await pack();
    write("evil/file", "");
    execFileSync("tar", ["-czPf", at(kept), "--transform", "s,file,../../outside,", "-C", at("evil"), "file"]);
    expect(await unpack()).toEqual(unusable);
    expect(has("outside")).toBe(false);
  });

  it("a folder in the archive's place", async () => {
    await pack();
    rmSync(at(kept));
    mkdirSync(at(kept));
    expect(await unpack()).toMatchObject({ status: 0 });
    write("sources/downloads/new", "");
    expect(await pack()).toMatchObject({ status: 0, log: expect.stringContaining("cannot be kept") });
  });

  it("downloads above the limit, which also end the old archive", async () => {
    await pack();
    archive(`head -c 2M /dev/zero >"${at("sources/downloads/zeros")}"`);
    expect((await pack()).log).toContain("pack: warning: downloads are more than 1 MiB and not kept: the next run begins anew\n");
    expect(inVolume()).toEqual([]);
  });

  it("a volume that takes nothing, with the old archive as it was", async () => {
    await pack();
    const old = readFileSync(at(kept));
    write("sources/downloads/more", "");
    // The sources are packed by the same program, first.
    program("gzip", `if [[ -e ${at("packed")} ]]; then echo full >&2; exit 1; fi; touch ${at("packed")}; exec "$real" "$@"`);
    const { status, log } = await pack();
    expect([status, log]).toEqual([0, expect.stringMatching(/\)\npack: warning: downloads cannot be kept for the next run\n$/)]);
    expect(readFileSync(at(kept)).equals(old)).toBe(true);
    expect(inVolume()).toEqual([kept]);
    rmSync(at("packed"));
    expect(await pack({ DOWNLOADS: at("nowhere") })).toMatchObject({ status: 0, log: expect.stringContaining("cannot be kept") });
    expect((await run("unpack", { SOURCES: at("other"), ARCHIVE: "packed.tar.gz", DOWNLOADS: at("nowhere") })).log).not.toContain(
      "warning",
    );
  });

  it("what cancelled runs have left, which goes away after an hour", async () => {
    for (const name of ["old", "young"]) writeFileSync(at(`${kept}.${name}.new`), "");
    utimesSync(at(`${kept}.old.new`), 1, 1);
    await pack();
    expect(inVolume().sort()).toEqual([kept, `${kept}.young.new`]);
  });
});
