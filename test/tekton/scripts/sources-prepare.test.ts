import { chmodSync, symlinkSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { at, has, read, run, setgid, write } from "./harness";
import { unpacked } from "./tree";

/** The machine's sh in the place of bash: dash, on Debian. */
const bySh = ["sh", "-c", 'shift; exec sh "$@"', "sh"];
const prepare = (script: string, more: Record<string, string> = {}, environment: string[] = [], context = "app", as: string[] = []) =>
  run("prepare", { ...unpacked(context), SCRIPT: script, ...more }, environment, 60, [...as, ...bySh]);
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

it("waits for no program that the script leaves running", async () => {
  const started = Date.now();
  const { status, log } = await prepare("sleep 30 &\necho started >output");
  expect([status, read("sources/tree/app/output")]).toEqual([0, "started\n"]);
  expect(log).toContain("echo started >output\n");
  expect(Date.now() - started).toBeLessThan(20_000);
});

it("a script with a first line #! runs by the program named there", async () => {
  const script = "#!/usr/bin/env node\nrequire('fs').writeFileSync('output', process.argv0 + process.env.GREETING)";
  expect(await prepare(script, {}, ["GREETING= a $HOME 'b'"])).toMatchObject({ status: 0 });
  expect(read("sources/tree/app/output")).toBe("node a $HOME 'b'");
  const { log } = await prepare("#!/usr/bin/env node\nprocess.exit(3)");
  expect(log).toMatch(/^prepare: the script failed with exit code 3 on \S+\n$/);
});

it("gives a script a folder beside the sources, with what earlier runs have left there", async () => {
  const environment = unpacked("app");
  write("sources/downloads/kept", "");
  const { status } = await run("prepare", { ...environment, SCRIPT: 'ls "$DOWNLOADS" >output' }, [], 60, bySh);
  expect([status, read("sources/tree/app/output")]).toEqual([0, "kept\n"]);
  expect(await prepare('touch "$DOWNLOADS/new"')).toMatchObject({ status: 0 });
  expect(has("sources/downloads/new")).toBe(true);
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

it.runIf(process.getuid?.() === 0)("works for a user without a name, whose files are setgid nowhere", async () => {
  const environment = unpacked("app");
  for (const folder of [".", "home", "sources", "sources/tree", "sources/tree/app"]) chmodSync(at(folder), 0o777);
  const user = "setpriv --reuid 1000710000 --regid 0 --groups 1000710000".split(" ");
  const script = "mkdir new; id -u >new/user";
  expect(await run("prepare", { ...environment, SCRIPT: script }, [], 60, [...user, ...bySh])).toMatchObject({ status: 0 });
  expect([read("sources/tree/app/new/user"), setgid("sources/tree")]).toEqual(["1000710000\n", []]);
});

it("refuses what it cannot do, by name", async () => {
  expect((await prepare("true", {}, [], "nowhere")).log).toBe("prepare: the repository has no folder 'nowhere'\n");
  symlinkSync(at("results"), at("repository/out"));
  expect((await prepare("true", {}, [], "out")).log).toBe("prepare: the folder 'out' leads out of the repository\n");
  for (const wrong of ["NO-NAME=hidden", "1A=hidden", "hidden", "=hidden"])
    expect((await prepare("true", {}, [wrong])).log).toMatch(
      /^prepare: '[^=]*' in the environment is no name of a variable with a value: /,
    );
});
