import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeEach } from "vitest";

/**
 * Lets mutation tests see into the programs that tests start. They find their `node` and `bash` on PATH, which is all that such tests
 * hand on of the environment; so the first ones there are these, which start the real ones
 * - with the mutant that is being tried (Stryker's code takes it from a variable, where it is not in its own process),
 * - in the first run, with a note of what they execute: mutants of TypeScript, lines of shell.
 */

/** What Stryker keeps in its own process; see its instrumenter. */
interface Stryker {
  activeMutant?: string;
  currentTestId?: string;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}
const stryker = (globalThis as unknown as { __stryker__?: Stryker }).__stryker__;
/** A file for lines of the form `{"test", "file", "milliseconds", "lines"}`; a line is `<script>:<number>` and the text there. */
const trace = process.env.MUTATION_TRACE;

const folder = mkdtempSync(join(process.env.MUTATION_SCRATCH ?? tmpdir(), "programs-"));
const at = (name: string) => join(folder, name);
const real = (name: string) => execFileSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
const empty = (name: string) => writeFileSync(at(name), "");
// Tests may give up root.
chmodSync(folder, 0o755);
const lines = (name: string) => readFileSync(at(name), "utf8").split("\n").filter(Boolean);

function program(name: string, start: string): void {
  writeFileSync(at(name), `#!/bin/sh\n${start.replace("REAL", real(name))}\n`);
  chmodSync(at(name), 0o755);
}

const path = process.env.PATH;
for (const name of ["mutant", "covered", "executed"]) {
  empty(name);
  chmodSync(at(name), 0o666);
}
if (stryker) {
  writeFileSync(
    at("cover.cjs"),
    `process.on("exit", () => {
      const covered = globalThis.__stryker__?.mutantCoverage?.static;
      if (covered) require("node:fs").appendFileSync(${JSON.stringify(at("covered"))}, Object.keys(covered).join("\\n") + "\\n");
    });\n`,
  );
  program("node", `__STRYKER_ACTIVE_MUTANT__=$(cat '${at("mutant")}') exec REAL --require '${at("cover.cjs")}' "$@"`);
}
if (trace) {
  writeFileSync(
    at("trace.sh"),
    `[ -z "\${TEST_BASH_ENV-}" ] || source "$TEST_BASH_ENV"\nexec {MUTATION_FD}>>'${at("executed")}'\nBASH_XTRACEFD=$MUTATION_FD\nPS4='+@\${BASH_SOURCE[0]-}:\${LINENO-}@ '\nset -x\n`,
  );
  mkdirSync(at("scripts"));
  chmodSync(at("scripts"), 0o777);
  // A script may be gone when its test is over. What a test has bash read first is read first.
  program(
    "bash",
    `[ -f "$1" ] && cp "$1" '${at("scripts")}'/$(echo "$1" | tr / %) 2>/dev/null
case "$BASH_ENV" in '${at("trace.sh")}') ;; *) export TEST_BASH_ENV="$BASH_ENV" ;; esac
BASH_ENV='${at("trace.sh")}' exec REAL "$@"`,
  );
}
process.env.PATH = `${folder}${delimiter}${path}`;

let started = 0;
beforeEach(() => {
  started = Date.now();
  writeFileSync(at("mutant"), stryker?.activeMutant ?? "");
});

function textAt(place: string): string {
  const [, script = "", line = "1"] = /^(.*):(\d+)$/.exec(place) ?? [];
  const copy = at(`scripts/${script.replaceAll("/", "%")}`);
  const file = existsSync(copy) ? copy : script;
  return existsSync(file) ? (readFileSync(file, "utf8").split("\n")[Number(line) - 1]?.trim() ?? "") : "";
}

function note(into: Record<string, number> | undefined): void {
  for (const id of lines("covered")) if (into) into[id] = (into[id] ?? 0) + 1;
  empty("covered");
}

afterEach(({ task }) => {
  if (stryker?.currentTestId && stryker.activeMutant === undefined) {
    stryker.mutantCoverage ??= { static: {}, perTest: {} };
    stryker.mutantCoverage.perTest[stryker.currentTestId] ??= {};
    note(stryker.mutantCoverage.perTest[stryker.currentTestId]);
  }
  if (trace) {
    const executed = new Set(lines("executed").flatMap((line) => /^\++@(.+\.sh:\d+)@ /.exec(line)?.[1] ?? []));
    const texts = [...executed].map((place) => `${place} ${textAt(place)}`);
    empty("executed");
    const names = [task.name];
    for (let suite = task.suite; suite; suite = suite.suite) names.unshift(suite.name);
    const entry = { file: task.file.name, test: names.filter(Boolean).join(" "), milliseconds: Date.now() - started, lines: texts };
    appendFileSync(trace, `${JSON.stringify(entry)}\n`);
  }
});
afterAll(() => {
  // What a program did for a whole file, in a beforeAll.
  if (stryker?.mutantCoverage && stryker.activeMutant === undefined) note(stryker.mutantCoverage.static);
  process.env.PATH = path;
  rmSync(folder, { recursive: true, force: true });
});
