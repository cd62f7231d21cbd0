import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { at, has, program, read, write } from "./harness";
import { npmRegistry } from "./npm-registry";

const tasks = join(__dirname, "../../../tekton/tasks");
/** Runs lines of a task's script; what they print. They end by "went on", or the line that ended the task. */
function task(lines: string, more: Record<string, string> = {}): string {
  const text = `set -euo pipefail; task=test; source ${tasks}/lib.sh; source ${tasks}/cache.sh; { ${lines}\n} 2>&1; echo went on`;
  return execFileSync("bash", ["-c", text], {
    encoding: "utf8",
    env: { PATH: `${at("bin")}:${process.env.PATH}`, HOME: at("home"), CACHE: at("cache"), CACHE_LIMIT: "1", ...more },
  });
}
const save = (more = {}) => task(`save_cache app.tar.gz "$HOME/folder"`, more);
/** In a new pod. */
function restore(more = {}): string {
  rmSync(at("home"), { recursive: true });
  mkdirSync(at("home"));
  return task(`restore_cache app.tar.gz "$HOME/folder"`, more);
}
const unusable = "test: warning: the downloads of an earlier run are not usable: everything is downloaded\nwent on\n";

beforeEach(() => {
  mkdirSync(at("cache"));
  write("home/folder/deep/file", "one");
});

describe("downloads that are kept", () => {
  it("are there in the next run", () => {
    expect(save()).toBe("went on\n");
    expect(restore()).toBe("went on\n");
    expect(read("home/folder/deep/file")).toBe("one");
  });

  it("are written again only if something has come or gone", () => {
    save();
    restore();
    chmodSync(at("cache/app.tar.gz"), 0o600);
    utimesSync(at("cache/app.tar.gz"), 1, 1);
    save();
    expect(statSync(at("cache/app.tar.gz")).mtimeMs).toBe(1000);
    write("home/folder/more", "");
    save();
    expect(statSync(at("cache/app.tar.gz")).mtimeMs).toBeGreaterThan(1000);
    expect(readdirSync(at("cache"))).toEqual(["app.tar.gz"]);
  });

  it("do not take the place of what is there", () => {
    save();
    write("home/folder/deep/file", "two");
    task(`restore_cache app.tar.gz "$HOME/folder"`);
    expect(read("home/folder/deep/file")).toBe("two");
  });

  it("are none without a volume, nor before the first run", () => {
    expect(save({ CACHE: "" }) + restore({ CACHE: "" })).toBe("went on\nwent on\n");
    expect(restore()).toBe("no downloads of an earlier run\nwent on\n");
    expect(has("home/folder")).toBe(false);
  });
});

describe("trouble is a line, and never the end or half a folder:", () => {
  it.each([
    ["an archive that ends early", (whole: Buffer) => whole.subarray(0, whole.length / 2)],
    ["one that is none", () => Buffer.from("no archive")],
    [
      "one that unpacks to more than four times the limit",
      () => execFileSync("bash", ["-c", "mkdir z && head -c 5M /dev/zero >z/zero && tar -czf - -C z ."], { cwd: at("home") }),
    ],
    [
      "one that is larger than the limit",
      () =>
        execFileSync("bash", ["-c", "mkdir z && head -c 2M /dev/urandom >z/random && tar -czf - -C z ."], {
          cwd: at("home"),
          maxBuffer: 2 ** 22,
        }),
    ],
  ])("%s", (_, spoilt) => {
    save();
    writeFileSync(at("cache/app.tar.gz"), spoilt(execFileSync("cat", [at("cache/app.tar.gz")])));
    expect(restore()).toBe(unusable);
    expect(readdirSync(at("home"))).toEqual([]);
  });

  it("an archive that leads out of the folder", () => {
    write("evil/file", "");
    execFileSync("tar", ["-czPf", at("cache/app.tar.gz"), "--transform", "s,file,../../outside,", "-C", at("evil"), "file"]);
    expect(restore()).toBe(unusable);
    expect(has("outside")).toBe(false);
  });

  it("downloads above the limit, which also end the old archive", () => {
    save();
    execFileSync("bash", ["-c", `head -c 2M /dev/urandom >"${at("home/folder/random")}"`]);
    expect(save()).toBe("test: warning: downloads are more than 1 MiB and not kept: the next run begins anew\nwent on\n");
    expect(readdirSync(at("cache"))).toEqual([]);
  });

  it("a volume that takes nothing, with the old archive as it was", () => {
    save();
    const old = execFileSync("cat", [at("cache/app.tar.gz")]);
    write("home/folder/more", "");
    program("gzip", "echo full >&2; exit 1");
    expect(save()).toBe("test: warning: downloads cannot be kept for the next run\nwent on\n");
    expect(execFileSync("cat", [at("cache/app.tar.gz")]).equals(old)).toBe(true);
    expect(readdirSync(at("cache"))).toEqual(["app.tar.gz"]);
    expect(save({ CACHE: at("nowhere") })).toContain("cannot be kept");
  });

  it("what cancelled runs have left, which goes away after an hour", () => {
    for (const name of ["old", "young"]) writeFileSync(at(`cache/app.tar.gz.${name}.new`), "");
    utimesSync(at("cache/app.tar.gz.old.new"), 1, 1);
    save();
    expect(readdirSync(at("cache")).sort()).toEqual(["app.tar.gz", "app.tar.gz.young.new"]);
  });
});

describe("npm with kept downloads that somebody has changed", () => {
  let registry: Awaited<ReturnType<typeof npmRegistry>>;
  beforeAll(async () => {
    registry = await npmRegistry({ "dep@1.0.0": { files: { "index.js": "good" } } });
  });
  afterAll(() => registry.close());

  it("installs what the lock says, from the registry", async () => {
    const npm = (...args: string[]) =>
      new Promise<void>((resolve, reject) => {
        const child = spawn("npm", [...args, "--no-audit", "--no-fund", `--registry=${registry.url}`], {
          cwd: at("app"),
          env: { PATH: process.env.PATH, HOME: at("home"), NPM_CONFIG_CACHE: at("home/.npm") },
        });
        child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`npm ${args}: ${code}`))));
      });
    write("app/package.json", '{"name": "app", "version": "1.0.0", "dependencies": {"dep": "1.0.0"}}');
    await npm("install", "--package-lock-only");
    await npm("ci");
    const tarballs = () => registry.requests.filter((path) => path.endsWith(".tgz")).length;
    const first = tarballs();
    await npm("ci");
    expect(tarballs()).toBe(first);
    const contents = execFileSync("find", [at("home/.npm/_cacache/content-v2"), "-type", "f"], { encoding: "utf8" })
      .trim()
      .split("\n");
    for (const file of contents) writeFileSync(file, "poison");
    await npm("ci");
    expect(read("app/node_modules/dep/index.js")).toBe("good");
    expect(tarballs()).toBe(first + 1);
  });
});
