import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, symlinkSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { packed } from "./archive";
import { asVolumeOfFsGroup, at, has, read, run, setgid, write } from "./harness";

/** The machine's sh in the place of bash: dash, on Debian. */
const bySh = ["sh", "-c", 'shift; exec sh "$@"', "sh"];
const prepare = (script: string, more: Record<string, string> = {}, environment: string[] = [], context = "app", as: string[] = []) =>
  run("prepare", { ...packed(context), SCRIPT: script, ...more }, environment, 60, [...as, ...bySh]);
const last = (log: string) => log.trim().split("\n").pop();

beforeEach(() => {
  write("repository/app/input", "one\n");
  write("repository/run", "", 0o755);
});

describe("a script without a first line #!", () => {
  it("runs in the context's folder, by sh, where a variable without a value is an error", async () => {
    expect(await prepare("tr a-z A-Z <input >output\npwd -P >where")).toMatchObject({ status: 0 });
    expect([read("sources/tree/app/output"), read("sources/tree/app/where")]).toEqual(["ONE\n", `${at("sources/tree/app")}\n`]);
    expect((await prepare(': "$nowhere"\necho not reached')).status).toBe(1);
  });

  it("is shown line by line before each runs, as written, and not with the values of its variables", async () => {
    const { log } = await prepare('test "$TOKEN" = hidden && echo yes\nexport COPY="$TOKEN"', {}, ["TOKEN=hidden"]);
    expect(log).toBe('test "$TOKEN" = hidden && echo yes\nyes\nexport COPY="$TOKEN"\n');
  });

  it("that fails ends the task with its exit code and the line it failed at", async () => {
    const { status, log } = await prepare("# builds\ncp input output\n\nsh -c 'echo words >&2; exit 7'\necho not reached");
    expect(status).toBe(1);
    expect(log).toContain("words\n");
    expect(log).not.toContain("not reached\n");
    expect(last(log)).toMatch(/^prepare: the script failed with exit code 7 on \S+ at `sh -c 'echo words >&2; exit 7'`$/);
    expect(last((await prepare("no-such-program --build")).log)).toMatch(/ 127 on \S+ at `no-such-program --build`: the image has no such/);
    expect(last((await prepare("kill -9 $$")).log)).toMatch(/exit code 137 on \S+ at `kill -9 \$\$`: it was killed, most often because/);
  });
});

it("a script with a first line #! runs by the program named there", async () => {
  const script = "#!/usr/bin/env node\nrequire('fs').writeFileSync('output', process.argv0 + process.env.GREETING)";
  expect(await prepare(script, {}, ["GREETING= a $HOME 'b'"])).toMatchObject({ status: 0 });
  expect(read("sources/tree/app/output")).toBe("node a $HOME 'b'");
  const { log } = await prepare("#!/usr/bin/env node\nprocess.exit(3)");
  expect(log).toMatch(/^prepare: the script failed with exit code 3 on \S+\n$/);
});

it("gives a script the commit's time, its secrets as files, and a name that is one of prepare.sh's own", async () => {
  write("secrets/token", "hidden");
  const script = 'echo "$SOURCE_DATE_EPOCH $(cat "$BUILD_SECRETS/token") $tree" >output; ! env | grep SCRIPT';
  expect(await prepare(script, { BUILD_SECRETS: at("secrets") }, ["tree=oak"])).toMatchObject({ status: 0 });
  expect(read("sources/tree/app/output")).toBe("1700000000 hidden oak\n");
});

it("lets OpenSSL, git, Node.js, Python and cargo trust the workspace's authorities beside the system's", async () => {
  write("trust/ca-bundle.crt", "-- own --\n");
  const script =
    'for file in "$SSL_CERT_FILE" "$GIT_SSL_CAINFO" "$NODE_EXTRA_CA_CERTS" "$REQUESTS_CA_BUNDLE" "$CARGO_HTTP_CAINFO"; do tail -n 1 "$file"; grep -c BEGIN "$file"; done >output';
  expect(await prepare(script, { TRUST: at("trust") })).toMatchObject({ status: 0 });
  expect(read("sources/tree/app/output")).toMatch(/^(-- own --\n[1-9]\d+\n){5}$/);
  expect(last((await prepare("true", { TRUST: at("home") })).log)).toContain("the workspace trust holds no file ca-bundle.crt");
});

describe("the files", () => {
  it("go to the archive that is asked for, with the result, once the script has succeeded", async () => {
    expect(await prepare("exit 1", { PACKED: "packed.tar.gz" })).toMatchObject({ status: 1 });
    expect(has("shared/packed.tar.gz")).toBe(false);
    expect(await prepare("cp input output", { PACKED: "packed.tar.gz" })).toMatchObject({ status: 0 });
    const listed = execFileSync("tar", ["-tzf", at("shared/packed.tar.gz")], { encoding: "utf8" });
    expect(listed.trim().split("\n").sort()).toEqual(["./", "./app/", "./app/input", "./app/output", "./run"]);
  });

  it("stay for the next step without one, as do those of an earlier step", async () => {
    const environment = { ...packed("app"), SCRIPT: "cp input output" };
    expect(await run("prepare", environment, [], 60, bySh)).toMatchObject({ status: 0 });
    expect(await run("prepare", { ...environment, SCRIPT: "cp output third" }, [], 60, bySh)).toMatchObject({ status: 0 });
    expect(read("sources/tree/app/third")).toBe("one\n");
  });

  it.runIf(process.getuid?.() === 0)("are those of a user without a name, and none is setgid on a volume of OpenShift's", async () => {
    const environment = packed("app");
    rmSync(at("sources"), { recursive: true });
    asVolumeOfFsGroup("sources");
    for (const folder of [".", "home", "shared"]) chmodSync(at(folder), 0o777);
    const user = "setpriv --reuid 1000710000 --regid 0 --groups 1000710000".split(" ");
    const result = await run("prepare", { ...environment, SCRIPT: "mkdir new; id -u >new/user", PACKED: "out.tar.gz" }, [], 60, [
      ...user,
      ...bySh,
    ]);
    expect(result).toMatchObject({ status: 0 });
    expect([read("sources/tree/app/new/user"), setgid("sources/tree")]).toEqual(["1000710000\n", []]);
    expect(execFileSync("stat", ["-c", "%a", at("sources/tree/run")], { encoding: "utf8" })).toBe("755\n");
  });
});

it("refuses what it cannot do, by name", async () => {
  expect((await prepare("true", {}, [], "nowhere")).log).toBe("prepare: the repository has no folder 'nowhere'\n");
  symlinkSync(at("results"), at("repository/out"));
  expect((await prepare("true", {}, [], "out")).log).toBe("prepare: the folder 'out' leads out of the repository\n");
  expect((await prepare("true", { ARCHIVE: "none.tar.gz" })).log).toBe("prepare: the shared volume has no archive 'none.tar.gz'\n");
  for (const wrong of ["NO-NAME=hidden", "1A=hidden", "hidden", "=hidden"])
    expect((await prepare("true", {}, [wrong])).log).toMatch(
      /^prepare: '[^=]*' in the environment is no name of a variable with a value: /,
    );
  write("shared/broken.tar.gz", "no archive");
  expect(last((await prepare("true", { ARCHIVE: "broken.tar.gz" })).log)).toBe("prepare: the archive 'broken.tar.gz' cannot be unpacked");
});
