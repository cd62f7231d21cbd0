import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { at, calls, has, misbehaves, noted, program, read, run, write } from "./harness";

describe("npm-build", () => {
  const app = "shared/source/arm64/app";
  const build = (more: Record<string, string> = {}) => run("npm-build", { SOURCE: "source/arm64", CONTEXT: "app", ...more });

  beforeEach(() => {
    write(`${app}/dep/package.json`, '{"name": "dep", "version": "1.0.0"}');
    write(`${app}/devdep/package.json`, '{"name": "devdep", "version": "1.0.0"}');
    write(
      `${app}/package.json`,
      '{"name": "app", "version": "1.0.0", "dependencies": {"dep": "file:dep"}, "devDependencies": {"devdep": "file:devdep"}}',
    );
    execFileSync("npm", ["install", "--package-lock-only", "--offline", "--no-audit", "--no-fund"], {
      cwd: at(app),
      stdio: "pipe",
      env: { ...process.env, HOME: at("home") },
    });
  });

  it("installs the locked run-time dependencies in the context of its source folder, with the real npm", async () => {
    misbehaves("npm", "*", `env | grep -iE '^npm_config|^NODE_ENV|COLOR' | sort >"${at("settings")}"; exec "$real" "$@"`);
    const lock = read(`${app}/package-lock.json`);
    expect(await build({ FORCE_COLOR: "1" })).toMatchObject({ status: 0 });
    expect(calls()).toEqual(["npm ci --omit=dev --no-audit --no-fund"]);
    expect(has(`${app}/node_modules/dep/package.json`)).toBe(true);
    expect(has(`${app}/node_modules/devdep`)).toBe(false);
    expect(read(`${app}/package-lock.json`)).toBe(lock);
    expect(read("settings").trim().split("\n")).toEqual([
      "NODE_ENV=production",
      "NO_COLOR=1",
      `NPM_CONFIG_CACHE=${at("home/.npm")}`,
      "NPM_CONFIG_COLOR=false",
      "NPM_CONFIG_UPDATE_NOTIFIER=false",
    ]);
  });

  it("shows npm's own words and its exit code when it fails", async () => {
    write(`${app}/package.json`, '{"name": "app", "version": "1.0.0", "dependencies": {"dep": "file:dep", "more": "file:more"}}');
    write(`${app}/more/package.json`, '{"name": "more", "version": "1.0.0"}');
    const { status, log } = await build();
    expect(status).toBe(1);
    expect(log).toContain("`npm ci` can only install packages when your package.json and package-lock.json");
    expect(log).toContain("npm-build: npm ci of 'app' failed with exit code 1");
    misbehaves("npm", "*' ci '*", "exit 137");
    expect((await build()).log).toContain("failed with exit code 137");
  });

  it("uses the .npmrc of the workspace, if there is one", async () => {
    write("npmrc/.npmrc", "fund=false\n");
    misbehaves("npm", "*", `printf %s "\${NPM_CONFIG_USERCONFIG:-}" >"${at("config")}"; exec "$real" "$@"`);
    expect(await build({ NPMRC: at("npmrc") })).toMatchObject({ status: 0 });
    expect(read("config")).toBe(at("npmrc/.npmrc"));
  });

  it.runIf(process.getuid?.() === 0)("names an .npmrc that its user may not read, and the user", async () => {
    write("npmrc/.npmrc", "fund=false\n", 0o600);
    execFileSync("chmod", ["-R", "a+rX", at()]);
    execFileSync("chmod", ["600", at("npmrc/.npmrc")]);
    const asNobody = "setpriv --reuid 65534 --regid 65534 --clear-groups".split(" ");
    const { status, log } = await run("npm-build", { SOURCE: "source/arm64", CONTEXT: "app", NPMRC: at("npmrc") }, [], 60, asNobody);
    expect({ status, log }).toEqual({
      status: 1,
      log: "npm-build: the file .npmrc of the workspace npmrc cannot be read by user 65534\n",
    });
  });

  it("refuses what it cannot build, by name", async () => {
    noted("npm");
    expect((await build({ CONTEXT: "nowhere" })).log).toContain("the repository has no folder 'nowhere'");
    expect((await build({ NPMRC: at("home") })).log).toContain("the workspace npmrc holds no file .npmrc");
    symlinkSync(at("results"), at("shared/source/arm64/out"));
    expect((await build({ CONTEXT: "out" })).log).toContain("the folder 'out' leads out of the repository");
    rmSync(at(app, "package-lock.json"));
    expect((await build()).log).toContain("'app' has no package-lock.json: without one");
    rmSync(at(app, "package.json"));
    expect((await build()).log).toContain("'app' has no package.json");
    expect(calls()).toEqual([]);
  });
});

describe("maven-package", () => {
  const build = (more: Record<string, string> = {}) => run("maven-package", { SOURCE: "source", CONTEXT: ".", ...more });
  /** Maven's own list of options (`mvn --help` of 3.8.7): what is not in it is refused, as Maven does. */
  const options = readFileSync(join(__dirname, "mvn-help.txt"), "utf8").match(/--[a-z-]+(?: <arg>)?/g) ?? [];
  const flags = options.filter((option) => !option.includes(" "));
  const withValue = options.filter((option) => option.includes(" ")).map((option) => option.split(" ")[0]);
  const maven = (body: string) =>
    program(
      "mvn",
      `goals=()
      while (($#)); do case $1 in
        ${flags.join(" | ")}) ;;
        ${withValue.join(" | ")}) shift ;;
        -D?*) ;;
        -*) echo "Unable to parse command line options: Unrecognized option: $1" >&2; exit 1 ;;
        *) goals+=("$1") ;;
      esac; shift; done
      [[ \${goals[*]} == package ]] || exit 1
      ${body}`,
    );

  beforeEach(() => {
    maven("");
    write("shared/source/pom.xml", "");
  });

  it("packages with a repository in the writable home", async () => {
    expect(await build()).toMatchObject({ status: 0 });
    const home = `-Duser.home=${at("home")} -Dmaven.repo.local=${at("home")}/.m2/repository`;
    expect(calls()).toEqual([`mvn --batch-mode --no-transfer-progress ${home} -Dstyle.color=never package`]);
  });

  it("prints no colours, whatever the build starts", async () => {
    maven("printf '\\e[1;31mERROR\\e[m one\\n\\e[Ktwo\\n' >&2; printf '[\\e[34mINFO\\e[0m] three\\n'");
    expect((await build()).log).toBe("ERROR one\ntwo\n[INFO] three\n");
  });

  it("fails with Maven's exit code, whatever it has printed", async () => {
    maven("echo BUILD SUCCESS; exit 3");
    const { status, log } = await build();
    expect(status).toBe(1);
    expect(log).toContain("maven-package: mvn package of '.' failed with exit code 3");
  });

  it("uses the settings.xml of the workspace, if there is one", async () => {
    write("settings/settings.xml", "");
    expect(await build({ MAVEN_SETTINGS: at("settings") })).toMatchObject({ status: 0 });
    expect(calls()[0]).toContain(`--settings ${at("settings/settings.xml")} package`);
    expect((await build({ MAVEN_SETTINGS: at("home") })).log).toContain("the workspace maven-settings holds no file settings.xml");
  });

  it("refuses a folder without pom.xml", async () => {
    rmSync(at("shared/source/pom.xml"));
    expect((await build()).log).toContain("'.' has no pom.xml");
    expect((await build({ CONTEXT: "nowhere" })).log).toContain("the repository has no folder 'nowhere'");
    expect(calls()).toEqual([]);
  });
});
