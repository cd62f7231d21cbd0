import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { at, calls, program, run, write } from "./harness";
import { unpacked } from "./tree";

const build = (more: Record<string, string> = {}, environment: string[] = [], context = ".") =>
  run("maven-package", { ...unpacked(context), ...more }, environment);
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
  maven("mkdir -p target; echo made >target/app.jar");
  write("repository/pom.xml", "");
  write("repository/src/Main.java", "");
});

it("packages with a repository of the pod's own, outside of the sources, and with the commit's time in archives", async () => {
  expect(await build()).toMatchObject({ status: 0 });
  const home = `-Duser.home=${at("home")} -Dmaven.repo.local=${at("sources/downloads")}`;
  expect(calls()).toEqual([
    `mvn --batch-mode --no-transfer-progress ${home} -Dstyle.color=never -Dproject.build.outputTimestamp=2023-11-14T22:13:20Z package`,
  ]);
});

it("waits for no program that Maven leaves running, and shows what was said", async () => {
  maven("sleep 30 &\necho packaged");
  const started = Date.now();
  expect(await build()).toEqual({ status: 0, log: "packaged\n" });
  expect(Date.now() - started).toBeLessThan(20_000);
});

it("gives Maven the build's environment, and MAVEN_ARGS as arguments, which versions before 3.9 do not read", async () => {
  maven('echo "options $MAVEN_OPTS, arguments <$MAVEN_ARGS>, time $SOURCE_DATE_EPOCH"');
  const { status, log } = await build({}, ["MAVEN_OPTS=-Xmx1g -Xss2m", "MAVEN_ARGS=--offline  -DskipTests"]);
  expect([status, log]).toEqual([0, "options -Xmx1g -Xss2m, arguments <>, time 1700000000\n"]);
  expect(calls()[0]).toMatch(/ --offline -DskipTests package$/);
});

it("prints no colours, whatever the build starts", async () => {
  maven("printf '\\e[1;31mERROR\\e[m one\\n\\e[Ktwo\\n' >&2; printf '[\\e[34mINFO\\e[0m] three\\n'");
  expect((await build()).log).toBe("ERROR one\ntwo\n[INFO] three\n");
});

it("fails with Maven's exit code, whatever it has printed", async () => {
  maven("echo BUILD SUCCESS; exit 3");
  const { status, log } = await build();
  expect([status, log]).toEqual([1, "BUILD SUCCESS\nmaven-package: mvn package of '.' failed with exit code 3\n"]);
});

it("uses the settings.xml of the workspace, if there is one", async () => {
  write("settings/settings.xml", "");
  expect(await build({ MAVEN_SETTINGS: at("settings") })).toMatchObject({ status: 0 });
  expect(calls()[0]).toContain(`--settings ${at("settings/settings.xml")} `);
  expect((await build({ MAVEN_SETTINGS: at("home") })).log).toContain("the workspace maven-settings holds no file settings.xml");
});

describe("the last line of a failure", () => {
  it.each([
    ["Fatal error compiling: error: release version 25 not supported", "namespace.taskImages.maven"],
    ["Fatal error compiling: invalid target release: 25", "namespace.taskImages.maven"],
    ["has been compiled by a more recent version of the Java Runtime (class file version 69.0)", "namespace.taskImages.maven"],
    ["java.lang.IllegalStateException: Could not find a valid Docker environment. Please see logs", "MAVEN_ARGS=-DskipTests"],
    ["PKIX path building failed: unable to find valid certification path", "give it in the trust bundle"],
    ["Could not transfer artifact a:b:pom:1 from/to central: status code: 401, reason phrase: Unauthorized", "secret mavenSettings"],
    ["Blocked mirror for repositories: maven-default-http-blocker", "name a mirror in the secret mavenSettings"],
  ])("says the way out of: %s", async (line, words) => {
    maven(`echo '[ERROR] ${line}'; exit 1`);
    expect((await build()).log.trim().split("\n").pop()).toContain(words);
  });

  it("names the folders that have a pom.xml where it is not clear which one is meant", async () => {
    rmSync(at("repository/pom.xml"));
    expect((await build()).log).toContain("maven-package: '.' has no pom.xml\n");
    expect((await build({}, [], "nowhere")).log).toContain("the repository has no folder 'nowhere'");
    write("repository/one/pom.xml", "");
    write("repository/two/pom.xml", "");
    expect((await build()).log).toContain("maven-package: '.' has no pom.xml, but its folders have: 'one' 'two' \n");
    expect(calls()).toEqual([]);
  });
});
