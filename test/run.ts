import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

/** Runs the parts of the test suite that its argument names, and ends with one line that counts them all. */

interface Count {
  passed: number;
  failed: number;
  /** Tests of what this machine does not have: what the rehearsal installs, or root. */
  skipped?: number;
  /** What failed: a check's name, or a test's with the first lines of its error. */
  failures?: readonly string[];
}

const root = join(__dirname, "..");

function heading(what: string): number {
  console.log(`\n== ${what}`);
  return Date.now();
}

function timed(what: string, work: () => Count): Count {
  const started = heading(what);
  const count = work();
  console.log(`== ${what}: ${count.failed > 0 ? "FAILED" : "passed"}, ${Math.round((Date.now() - started) / 1000)} s`);
  return count;
}

/** A program that passes or fails as one check. */
const check = (what: string, command: readonly string[], env?: NodeJS.ProcessEnv): Count =>
  timed(what, () => {
    const [file, ...args] = command;
    const { status, error } = spawnSync(file, args, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...env },
    });
    if (error) console.log(error.message);
    return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, failures: [what] };
  });

/** The part that is read here of vitest's JSON report (jest's, formatTestResults). */
interface TestFile {
  name: string;
  assertionResults: readonly { status: string; fullName: string; failureMessages?: readonly string[] }[];
}

const failedTests = (files: readonly TestFile[]): string[] =>
  files.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages = [] }) => {
        const own = failureMessages.flatMap((text) => text.split("\n")).filter((line) => !line.includes("/node_modules/"));
        return [`${relative(root, name)}: ${fullName}`, ...own.slice(0, 20)].join("\n    ");
      }),
  );

/** A vitest run, counted test by test; `files` narrows it to those whose path contains it. */
const vitest = (what: string, config: string, ...files: string[]): Count =>
  timed(what, () => {
    const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-test-"));
    const report = join(folder, "report.json");
    const { status } = spawnSync(
      "npx",
      ["vitest", "run", ...files, "--config", config, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
      {
        cwd: root,
        stdio: ["ignore", "inherit", "inherit"],
      },
    );
    const result = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined;
    rmSync(folder, { recursive: true });
    const { numPassedTests: passed = 0, numFailedTests: failed = 0, numPendingTests: skipped = 0 } = result ?? {};
    const failures = failedTests(result?.testResults ?? []);
    // A run without a report, or one that fails outside of any test, is a failure all the same.
    if (failed === 0 && status !== 0) return { passed, failed: 1, skipped, failures: [`${what}, outside of any test`] };
    return { passed, failed, skipped, failures };
  });

function trackedFiles(...patterns: string[]): string[] {
  const { stdout } = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", ...patterns], {
    cwd: root,
    encoding: "utf8",
  });
  return stdout.split("\n").filter((file) => file !== "" && existsSync(join(root, file)));
}

const trackedModules = () => trackedFiles("*.ts", "*.mts").filter((file) => !file.startsWith("examples/"));

/** Go keeps the program that it builds of the module; the first time takes half a minute. */
const actionlint = ["go", "-C", join(__dirname, "actionlint"), "tool", "actionlint"];

const checks = (): Count[] => [
  check("types (tsc)", ["npx", "tsc", "--noEmit", "-p", "tsconfig.json"]),
  check("lint and format (biome)", ["npx", "biome", "ci", "--error-on-warnings", "."]),
  check("what nothing uses (knip)", ["npx", "knip"]),
  check("who imports whom (dependency-cruiser)", ["npx", "depcruise", "--config", ".dependency-cruiser.json", ...trackedModules()]),
  check("shell scripts (shellcheck)", ["shellcheck", "-x", ...trackedFiles("*.sh", ".ci/run")]),
  check("tasks and pipelines (tekton-lint)", ["bash", "test/tekton-lint/run.sh"]),
  check("workflows (actionlint)", [...actionlint, ...trackedFiles(".github/workflows/*.yml").map((file) => join(root, file))]),
];
const unit = (): Count[] => [vitest("unit tests", "vitest.config.mts")];
const rehearsal = (): Count[] => [
  vitest("the rehearsal, end to end", "test/rehearsal/vitest.config.mts", "end-to-end"),
  // After the rehearsal, which installs the emulator, the engine and the plugins.
  vitest("the emulated AWS", "test/rehearsal/vitest.config.mts", "rehearsal/aws/"),
  vitest("mounts of EFS, and what they are refused for", "test/rehearsal/vitest.config.mts", "efs-mount-refusals"),
  vitest("the installer's check, and secrets in its log", "test/rehearsal/vitest.config.mts", "rehearsal/installer/"),
  check("updates and removals that go wrong, a few of them", ["bash", "test/faults/enter.sh", "faults.ts", "--few"]),
  check("secrets of a whole run", ["bash", "test/faults/enter.sh", "canaries.ts"]),
  check("the state of an earlier commit", ["bash", "test/faults/enter.sh", "old-state.ts"]),
  vitest("pulumi new", "test/rehearsal/vitest.config.mts", "pulumi-new"),
  check("the command plugin against what the real one did", ["bash", "test/rehearsal/plugins/command-oracle.sh"]),
];

const parts: Record<string, () => Count[]> = {
  check: checks,
  unit,
  rehearsal,
  // The rehearsal installs programs with which some of the unit tests do more.
  all: () => [...checks(), ...rehearsal(), ...unit()],
};

const part = process.argv[2] ?? "all";
const chosen = parts[part];
if (!chosen) {
  console.error(`npm test -- ${part}: there is no such part; there are ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}
const counts = chosen();
const total = (key: "passed" | "failed" | "skipped") => counts.reduce((sum, count) => sum + (count[key] ?? 0), 0);
const skipped = total("skipped");
// Everything has everything.
const failed = total("failed") + (part === "all" ? skipped : 0);
if (skipped > 0) console.log(`\n${skipped} skipped: they need root, or what npm run rehearse installs`);
// Once more at the end: a long run's beginning is often not kept.
for (const failure of counts.flatMap(({ failures = [] }) => failures)) console.log(`\nFAILED ${failure}`);
console.log(`\n${total("passed")} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
