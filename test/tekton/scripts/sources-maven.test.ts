import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { at, calls, program, run, write } from "./harness";

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
