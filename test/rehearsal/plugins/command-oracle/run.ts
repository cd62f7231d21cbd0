import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual, stripVTControlCharacters } from "node:util";
import observed from "./observed.json";
import scenarios from "./scenarios.json";

/**
 * Does with the `command` plugin that the engine finds what was done with the real one (pulumi-command 1.2.1), and compares:
 * what was planned, what ran and in which order, what failed with which words, what is in the state and what of it is secret.
 * The `pulumi` on PATH and PULUMI_HOME are the caller's. An argument picks the scenarios whose name contains it.
 */
interface Step {
  readonly op: string;
  /** The program's resources from this step on: name -> arguments and options. */
  readonly r?: object;
  /** A folder to make in the project first. */
  readonly mkdir?: string;
  /** Seconds that the operation may take. */
  readonly timeout?: number;
}

interface Metadata {
  readonly op: string;
  readonly urn: string;
  readonly diffs?: readonly string[];
}
interface Event {
  readonly resourcePreEvent?: { readonly metadata: Metadata };
  readonly diagnosticEvent?: { readonly severity: string; readonly message: string };
}
interface PlannedStep extends Metadata {
  readonly diffReasons?: readonly string[];
}
interface StateResource {
  readonly type: string;
  readonly urn: string;
  readonly inputs: unknown;
  readonly outputs: unknown;
}

const checkout = join(__dirname, "../../../..");

/** Makes the resources of resources.json, where {secret} is a secret, and {ref, text} a text and another command's output. */
const program = `
const { readFileSync } = require("node:fs");
const pulumi = require("@pulumi/pulumi");
const { Command } = require("@pulumi/command/local");
const made = {};
function value(given) {
  if (Array.isArray(given) || given === null || typeof given !== "object") return given;
  if ("secret" in given) return pulumi.secret(given.secret);
  if ("ref" in given) return made[given.ref].stdout.apply((output) => given.text + output);
  return Object.fromEntries(Object.entries(given).map(([key, item]) => [key, value(item)]));
}
const resources = JSON.parse(readFileSync("resources.json", "utf8"));
for (const [name, { args, opts }] of Object.entries(resources)) made[name] = new Command(name, value(args), opts);
`;

/** Special values in a state are objects with this key (sdk/go/common/resource/sig.go). */
const signature = "4dabf18193072939515e22adb298388d";
const kinds: Readonly<Record<string, string>> = {
  c44067f5952c0a294b673a41bacd8c17: "asset",
  "0def7320c3a5731c473e5ecbe6d01bc7": "archive",
};

const short = (text: string): string => (text.length > 200 ? `${text.slice(0, 20)}... (${text.length})` : text);
const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";
/** Without what differs from run to run: the project's folder, colours. */
const plain = (text: string, folder: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(folder, "DIR")
    .replace(/<\{%.*?%\}>/g, "");

/** A value of the state: what kind it is where it is special, long texts cut, keys sorted. */
function shape(value: unknown): unknown {
  if (typeof value === "string") return short(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(shape);
  const fields = value as Record<string, unknown>;
  const special = fields[signature];
  if (special === undefined)
    return Object.fromEntries(
      Object.entries(fields)
        .sort()
        .map(([key, item]) => [key, shape(item)]),
    );
  if (fields.ciphertext || fields.plaintext) return "[secret]";
  return `[${kinds[String(special)] ?? "special"} ${fields.path ?? ""}]`;
}

const operation = (op: string, urn: string, reasons: readonly string[] = []): string =>
  `${op} ${nameOf(urn)}${reasons.length > 0 ? ` [${[...reasons].sort()}]` : ""}`;

/** Operations of a preview's one JSON document. */
const planned = (output: string): string[] =>
  ((JSON.parse(output || "{}").steps ?? []) as PlannedStep[])
    .filter(({ urn }) => !urn.includes("pulumi:pulumi:Stack"))
    .map(({ op, urn, diffReasons }) => `${operation(op, urn)}${diffReasons ? ` [${[...diffReasons].sort()}]` : ""}`);

const events = (output: string): Event[] =>
  output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

const done = (list: readonly Event[]): string[] =>
  list
    .flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? [])
    .filter(({ op, urn }) => op !== "same" && !/pulumi:pulumi:Stack|pulumi:providers/.test(urn))
    .map(({ op, urn, diffs }) => operation(op, urn, diffs));

/** Errors but the engine's own summaries. What was printed to stdout and stderr stands in them in any order. */
const errors = (list: readonly Event[], folder: string): string[] =>
  list
    .flatMap(({ diagnosticEvent }) => (diagnosticEvent?.severity === "error" ? diagnosticEvent.message : []))
    .filter((message) => !/update failed|resource .* failed|deployment failed/i.test(message))
    .map((message) => {
      const [first = "", ...others] = plain(message, folder).trim().split("\n");
      return short([first, ...others.sort()].join("\n"));
    });

function observe(steps: readonly Step[]): unknown[] {
  const folder = mkdtempSync(join(tmpdir(), "command-oracle-"));
  const [state, project] = [join(folder, "state"), join(folder, "work")];
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: "oracle",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ORACLE_AMBIENT: "ambient",
    ORACLE_BOTH: "ambient",
    NO_COLOR: "1",
  };
  const pulumi = (args: readonly string[], seconds = 120) =>
    spawnSync("pulumi", args, { cwd: project, env, encoding: "utf8", timeout: seconds * 1000, maxBuffer: 1 << 28 });
  for (const path of [state, project]) mkdirSync(path);
  const write = (file: string, text: string) => writeFileSync(join(project, file), text);
  write("Pulumi.yaml", "name: oracle\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n");
  write("package.json", JSON.stringify({ name: "oracle", version: "1.0.0", main: "index.js" }));
  write("index.js", program);
  symlinkSync(join(checkout, "node_modules"), join(project, "node_modules"));
  let resources: object = {};
  const step = ({ op, r, mkdir, timeout }: Step) => {
    resources = r ?? resources;
    if (mkdir !== undefined) mkdirSync(join(project, mkdir), { recursive: true });
    write("resources.json", JSON.stringify(resources));
    write("trace.txt", "");
    const preview = op === "preview";
    const ran = pulumi([op, ...(preview ? [] : ["--yes", "--skip-preview"]), "--json", "--non-interactive"], timeout);
    const list = preview ? [] : events(ran.stdout);
    const { deployment } = JSON.parse(pulumi(["stack", "export"]).stdout);
    const commands = ((deployment.resources ?? []) as StateResource[]).filter(({ type }) => type === "command:local:Command");
    const inState = commands
      .sort((a, b) => (a.urn < b.urn ? -1 : 1))
      .map(({ urn, inputs, outputs }) => [nameOf(urn), { inputs: shape(inputs), outputs: shape(outputs) }]);
    return {
      op,
      ok: ran.status === 0,
      ...((ran.error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT" ? { timedOut: true } : {}),
      ops: (preview ? planned(ran.stdout) : done(list)).sort(),
      trace: readFileSync(join(project, "trace.txt"), "utf8").split("\n").filter(Boolean),
      errors: errors(list, project).sort(),
      state: JSON.parse(plain(JSON.stringify(Object.fromEntries(inState)), project)),
    };
  };
  try {
    const made = pulumi(["stack", "init", "dev"]);
    if (made.status !== 0) throw new Error(`pulumi stack init: ${made.error?.message ?? made.stderr}`);
    return steps.map(step);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const wanted: Readonly<Record<string, unknown>> = observed;
const chosen = Object.entries(scenarios as Record<string, Step[]>).filter(([name]) => name.includes(process.argv[2] ?? ""));
let differing = chosen.length === 0 ? 1 : 0;
for (const [name, steps] of chosen) {
  const seen = observe(steps);
  if (isDeepStrictEqual(seen, wanted[name])) continue;
  differing += 1;
  console.log(`differs: ${name}\n  the real one ${JSON.stringify(wanted[name])}\n  this one     ${JSON.stringify(seen)}`);
}
console.log(`${chosen.length - differing} passed, ${differing} failed`);
process.exitCode = differing === 0 ? 0 : 1;
