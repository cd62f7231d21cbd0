import { execFileSync } from "node:child_process";
import { rmSync, symlinkSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { at, calls, misbehaves, noted, program, run, write } from "./harness";
import { unpacked } from "./tree";

const build = (more: Record<string, string> = {}, context = "app") => run("npm-build", { ...unpacked(context), ...more });
const lock = () => write("repository/app/package-lock.json", '{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {}}');

beforeEach(() => {
  noted("npm");
  write("repository/app/package.json", '{"name": "app", "version": "1.0.0"}');
});

describe("a package that npm's lock does not describe", () => {
  it("fails with npm's own words and its exit code", async () => {
    lock();
    write("repository/app/package.json", '{"name": "app", "version": "1.0.0", "dependencies": {"more": "file:more"}}');
    write("repository/app/more/package.json", '{"name": "more", "version": "1.0.0"}');
    const { status, log } = await build();
    expect(status).toBe(1);
    expect(log).toContain("`npm ci` can only install packages when your package.json and package-lock.json");
    expect(log).toContain("npm-build: npm ci of 'app' failed with exit code 1");
    misbehaves("npm", "*' ci '*", "exit 137");
    expect((await build()).log).toContain("failed with exit code 137");
  });

  it("is refused without a lock, with the command that makes one", async () => {
    expect((await build()).log).toBe(
      "npm-build: 'app' has no package-lock.json: without one, every build could get other versions. `npm install --package-lock-only` makes it\n",
    );
    expect(calls()).toEqual([]);
  });

  it.each([
    ["pnpm-lock.yaml", undefined, "npx --yes pnpm install --frozen-lockfile"],
    ["pnpm-lock.yaml", "pnpm@9.1.0+sha512.abc", "npx --yes pnpm@9.1.0 install --frozen-lockfile"],
    ["yarn.lock", "yarn@1.22.22", "npx --yes yarn@1.22.22 install --frozen-lockfile"],
    ["yarn.lock", "yarn@4.9.1", "npx --yes @yarnpkg/cli-dist@4.9.1 install --immutable"],
  ])("of %s, packageManager %s: is refused with the lines of a build that works: %s", async (file, packageManager, script) => {
    write("repository/app/package.json", JSON.stringify({ name: "app", version: "1.0.0", packageManager }));
    write(`repository/app/${file}`, "");
    const { status, log } = await build();
    expect(status).toBe(1);
    expect(log).toContain(
      `'app' has no package-lock.json but a ${file}, which npm does not read. Build it by pipeline: containerfile, with`,
    );
    const major = process.versions.node.split(".")[0];
    expect(log).toContain(`\n  prepare:\n    image: docker.io/library/node:${major}\n    script: ${script}\n`);
    expect(calls()).toEqual([]);
  });

  it("is refused if the lock of another package manager is in a folder above, with that folder as the context", async () => {
    write("repository/pnpm-lock.yaml", "");
    expect((await build()).log).toContain("'app' has no package-lock.json but a pnpm-lock.yaml, which npm does not read");
    expect((await build()).log).toContain("with context '.'");
  });

  it("is refused as a workspace, with the context that has the lock and the way to build it alone", async () => {
    write("repository/web/package.json", '{"workspaces": ["packages/*"]}');
    write("repository/web/package-lock.json", "{}");
    write("repository/web/packages/app/package.json", '{"name": "app", "version": "1.0.0"}');
    expect((await build({}, "web/packages/app")).log).toBe(
      "npm-build: 'web/packages/app' has no package-lock.json: its versions are in that of 'web', of which it is a workspace, and npm installs into 'web/node_modules'. Build with context 'web' and the Containerfile 'packages/app/Containerfile', which copies node_modules and 'packages/app'; NPM_CONFIG_WORKSPACE=packages/app in the environment leaves out the other workspaces\n",
    );
  });

  it("is built with the npm lock that is there, and a warning, if package.json names another package manager", async () => {
    lock();
    write("repository/app/package.json", '{"name": "app", "version": "1.0.0", "packageManager": "pnpm@9.1.0"}');
    const { status, log } = await build();
    expect(status).toBe(0);
    expect(log).toContain("npm-build: warning: package.json names pnpm@9.1.0 as packageManager; what is installed is what npm's own lock");
  });
});

describe("a message", () => {
  it("names the folders that have a package.json where the context has none, and the words of one that is none", async () => {
    write("repository/app/node_modules/x/package.json", "{}");
    expect((await build({}, ".")).log).toBe("npm-build: '.' has no package.json, but 'app' has\n");
    lock();
    write("repository/app/package.json", '{"name": }');
    expect((await build()).log).toMatch(/^npm-build: 'app\/package.json' cannot be read: SyntaxError: Unexpected token/);
    expect((await build({}, "nowhere")).log).toContain("the repository has no folder 'nowhere'");
    symlinkSync(at("results"), at("repository/out"));
    expect((await build({}, "out")).log).toContain("the folder 'out' leads out of the repository");
    expect(calls()).toEqual([]);
  });

  it.each([
    ["gyp ERR! find Python Python is not set", "namespace.taskImages.nodejs"],
    ["gyp ERR! stack Error: not found: make", "lacks a compiler, make or python3"],
    ["npm error code E401", "give one in the secret npmrc"],
    ["npm error code EBADENGINE", "asks for another Node.js or npm"],
  ])("says the way out of %s", async (line, words) => {
    lock();
    program("npm", `echo '${line}' >&2; exit 1`);
    const { log } = await build();
    expect(log.split("\n")[1]).toBe(line);
    expect(log.trim().split("\n").pop()).toContain(words);
  });
});

describe("the workspace npmrc", () => {
  it("is what npm reads as the user's settings; without the file it is refused", async () => {
    lock();
    write("npmrc/.npmrc", "fund=false\n");
    misbehaves("npm", "*", 'echo "settings $NPM_CONFIG_USERCONFIG"; exec "$real" "$@"');
    expect((await build({ NPMRC: at("npmrc") })).log).toContain(`settings ${at("npmrc/.npmrc")}\n`);
    rmSync(at("npmrc/.npmrc"));
    expect((await build({ NPMRC: at("npmrc") })).log).toContain("the workspace npmrc holds no file .npmrc");
  });

  it.runIf(process.getuid?.() === 0)("is named, and the user, if its file may not be read", async () => {
    lock();
    write("npmrc/.npmrc", "fund=false\n", 0o600);
    const environment = { ...unpacked("app"), NPMRC: at("npmrc") };
    execFileSync("chmod", ["-R", "a+rwX", at()]);
    execFileSync("chmod", ["600", at("npmrc/.npmrc")]);
    const asNobody = "setpriv --reuid 65534 --regid 65534 --clear-groups".split(" ");
    expect(await run("npm-build", environment, [], 60, asNobody)).toEqual({
      status: 1,
      log: "npm-build: the file .npmrc of the workspace npmrc cannot be read by user 65534\n",
    });
  });
});
