import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { chooseFiles, globPattern } from "../../../rehearsal/plugins/command/files";
import { commandProvider, diffCommand, previousOutput } from "../../../rehearsal/plugins/command/provider";
import { quoted, run } from "../../../rehearsal/plugins/command/run";
import { topLevel, unknown } from "../../../rehearsal/plugins/values";

const folder = mkdtempSync(join(tmpdir(), "command-"));
afterAll(() => rmSync(folder, { recursive: true }));

const lines: string[] = [];
const context = (signal = new AbortController().signal) => {
  lines.length = 0;
  return { signal, log: (line: string) => void lines.push(line) };
};
const command = commandProvider("1.2.1").resources["command:local:Command"];
if (!command?.update || !command.delete) throw new Error("the resource type is incomplete");
const about = { urn: "urn:pulumi:dev::p::command:local:Command::c", name: "c" };

describe("diff", () => {
  it("compares inputs with inputs and replaces for triggers alone", () => {
    const { differences, replaceOn } = diffCommand({
      state: { create: "a", stdout: "x" },
      oldInputs: { create: "a", triggers: ["1"] },
      news: { create: "b", triggers: ["2"] },
    });
    expect([...differences.keys()]).toEqual(["create", "triggers[0]"]);
    expect([...differences.keys()].map(topLevel).filter((key) => replaceOn.includes(key))).toEqual(["triggers"]);
  });
});

describe("preview", () => {
  it("runs nothing and leaves all output unknown", async () => {
    const inputs = { create: `touch ${join(folder, "ran")}; exit 1` };
    const { state } = await command.create({ ...about, ...context(), inputs, preview: true });
    expect(state).toEqual({ ...inputs, stdout: unknown, stderr: unknown, assets: unknown, archive: unknown });
  });
});

describe("life cycle", () => {
  it("hands the previous output to update and delete, unless that is switched off", async () => {
    const created = await command.create({ ...about, ...context(), inputs: { create: "echo one; echo two >&2" }, preview: false });
    expect(created.id).toMatch(/^c[0-9a-f]{8}$/);
    expect(created.state).toMatchObject({ stdout: "one", stderr: "two" });
    const update = (news: object) =>
      command.update?.({ ...about, ...context(), id: created.id, state: created.state, oldInputs: {}, news: { ...news }, preview: false });
    const print = 'echo "$PULUMI_COMMAND_STDOUT:$PULUMI_COMMAND_STDERR"';
    expect(await update({ create: "false", update: print })).toMatchObject({ stdout: "one:two" });
    expect(await update({ create: print, addPreviousOutputInEnv: false })).toMatchObject({ stdout: ":" });
    expect(previousOutput({ stdout: "", stderr: "e" })).toEqual({ PULUMI_COMMAND_STDERR: "e" });
  });

  it("deletes with the environment and folder of the state", async () => {
    const state = { delete: 'echo "$V" > deleted', environment: { V: "kept" }, dir: folder };
    await command.delete?.({ ...context(), id: "c", state });
    expect((await run("cat deleted", { directory: folder, ...context() })).stdout).toBe("kept");
  });

  it("keeps the output when there is neither update nor create", async () => {
    const state = { delete: "true", stdout: "x", stderr: "" };
    const kept = await command.update?.({
      ...about,
      ...context(),
      id: "c",
      state,
      oldInputs: {},
      news: { delete: "false" },
      preview: false,
    });
    expect(kept).toMatchObject({ delete: "false", stdout: "x", stderr: "" });
  });
});

describe("run", () => {
  it("takes one newline off the end and gives input", async () => {
    expect(await run("cat; printf '\\n\\n'", { stdin: "a", ...context() })).toEqual({ stdout: "a\n", stderr: "" });
  });

  it("shows whole lines of the chosen output only", async () => {
    await run("printf 'a\\r\\nb'; echo err >&2", { logging: "stdout", ...context() });
    expect(lines).toEqual(["a", "b"]);
    await run("echo quiet", { logging: "none", ...context() });
    expect(lines).toEqual([]);
  });

  const long = (bytes: number, end = "; echo") => `head -c ${bytes} /dev/zero | tr '\\0' x ${end}; echo after`;

  it("shows a line of 65,535 bytes", async () => {
    await run(long(65_535), context());
    expect(lines.map((line) => line.length)).toEqual([65_535, 5]);
  });

  it.each([
    ["one byte more", long(65_536)],
    ["a line without an end", long(200_000, "; sleep 30")],
    ["a line on stderr", `{ ${long(70_000)}; } >&2`],
  ])("fails at %s, where the real plugin waits for ever, and shows nothing after it", async (_, command) => {
    const began = Date.now();
    await expect(run(command, context())).rejects.toThrow(/^a line of more than 65535 bytes of output that is shown/);
    expect(lines).toEqual([]);
    expect(Date.now() - began).toBeLessThan(20_000);
  });

  it("takes a line of any length that is not shown", async () => {
    expect((await run(long(200_000), { logging: "none", ...context() })).stdout).toHaveLength(200_000 + "\nafter".length);
    expect((await run(long(200_000), { logging: "stderr", ...context() })).stdout).toHaveLength(200_006);
  });

  it("fails with exit status, command and everything printed", async () => {
    await expect(run('echo "out"; exit 7', context())).rejects.toThrow('exit status 7: running "echo \\"out\\"; exit 7":\nout\n');
  });

  it("names a missing folder and a missing interpreter", async () => {
    await expect(run("true", { directory: join(folder, "no"), ...context() })).rejects.toThrow(
      /^chdir .*\/no: no such file or directory: running "true":/,
    );
    await expect(run("true", { interpreter: ["no-such-shell"], ...context() })).rejects.toThrow(
      'exec: "no-such-shell": executable file not found in $PATH',
    );
  });

  it("kills the command alone when cancelled, and waits for who holds its output", async () => {
    const cancelled = new AbortController();
    const began = Date.now();
    setTimeout(() => cancelled.abort(), 300);
    await expect(run(`sleep 1.5; touch ${join(folder, "went-on")}`, context(cancelled.signal))).rejects.toThrow(/^signal: killed: running/);
    expect(Date.now() - began).toBeGreaterThan(1200);
    await expect(run(`test -e ${join(folder, "went-on")}`, context())).rejects.toThrow("exit status 1");
  });

  it("ends at once when the command is the program itself", async () => {
    const began = Date.now();
    await expect(run("exec sleep 20", context(AbortSignal.timeout(200)))).rejects.toThrow(/^signal: killed/);
    expect(Date.now() - began).toBeLessThan(5000);
  });

  it("starts nothing after a cancellation", async () => {
    await expect(run("true", context(AbortSignal.abort()))).rejects.toThrow(/^context canceled: running/);
  });
});

it("quotes as Go does", () => {
  expect(quoted('a"b\\c\n\t\x01é')).toBe('"a\\"b\\\\c\\n\\t\\x01é"');
});

describe("globs", () => {
  it.each([
    ["*.txt", "a.txt", true],
    ["*.txt", "d/a.txt", false],
    ["**.txt", "d/e/a.txt", true],
    ["out/**/*.txt", "out/a.txt", false],
    ["out/**/*.txt", "out/d/a.txt", true],
    ["{a,b}.[jt]s", "b.ts", true],
    ["a?c", "a/c", false],
    ["[!a]", "a", false],
    ["a+b.(c)", "a+b.(c)", true],
  ])("%s and %s: %s", (glob, file, expected) => {
    expect(globPattern(glob).test(file)).toBe(expected);
  });

  it("let the last rule that matches decide", () => {
    expect(chooseFiles(["**", "!b*", "bb"], ["a", "b", "bb"])).toEqual(["a", "bb"]);
  });
});

it("is compared with observations of the real one that lie beside the scenarios, one for each", () => {
  const data = (file: string): object => JSON.parse(readFileSync(join(__dirname, "command-oracle", file), "utf8"));
  const [scenarios, observed] = [Object.keys(data("scenarios.json")), Object.keys(data("observed.json"))];
  expect(scenarios.length).toBeGreaterThan(25);
  expect(observed).toEqual(scenarios);
  const runner = readFileSync(join(__dirname, "command-oracle.sh"), "utf8");
  expect(runner).not.toMatch(/exit 77|shared/);
});
