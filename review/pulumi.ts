import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Plan, plain, readEvents } from "./events";
import { Mistake } from "./mistake";
import { checkout } from "./stacks";

export interface Outcome {
  /** Exit code; undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  readonly env?: NodeJS.ProcessEnv;
  /** Its output goes to ours at once, and is not returned. */
  readonly shown?: boolean;
  /** Minutes after which it is interrupted, as by Ctrl-C. */
  readonly minutes?: number;
}

/** Whether this process was told to end. The signal goes to the one command that runs; none is begun after it. */
let ending = false;

/**
 * Runs pulumi in the checkout. Signals that end this process interrupt pulumi once, which then ends what it began in good order; a
 * second one within the same process group would end it at once, so it gets a group of its own.
 */
export function pulumi(args: readonly string[], { env, shown, minutes }: Options = {}): Promise<Outcome> {
  if (ending) return Promise.reject(new Mistake("interrupted"));
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
      cwd: checkout,
      env: { ...process.env, ...env },
      stdio: ["ignore", shown ? "inherit" : "pipe", shown ? "inherit" : "pipe"],
      detached: true,
    });
    const texts = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream]?.setEncoding("utf8").on("data", (text: string) => {
        texts[stream] += text;
      });
    }
    const interrupt = () => void child.kill("SIGINT");
    const timer = minutes === undefined ? undefined : setTimeout(interrupt, minutes * 60_000);
    const end = () => {
      ending = true;
      interrupt();
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end);
    const done = () => {
      clearTimeout(timer);
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      done();
      const missing = error.code === "ENOENT";
      reject(missing ? new Mistake("pulumi is not on PATH: install it (https://www.pulumi.com/docs/iac/download-install/)") : error);
    });
    child.on("close", (code) => {
      done();
      resolve({ code: code ?? undefined, ...texts });
    });
  });
}

/** What to do about the commonest failures, in which pulumi's own words say what is wrong but not what would be right. */
const remedies: readonly [RegExp, (stack: string) => string][] = [
  [
    /no stack named|stack '.*' not found/,
    (stack) =>
      `pulumi stack init ${stack}, with the same backend (PULUMI_BACKEND_URL), and commit the Pulumi.${stack}.yaml that it completes`,
  ],
  [
    /PULUMI_ACCESS_TOKEN must be set|could not determine current user|not logged in/i,
    () => "set PULUMI_BACKEND_URL (s3://..., file://...) for a backend of your own, or PULUMI_ACCESS_TOKEN for Pulumi Cloud",
  ],
  [
    /passphrase must be set/,
    () => "set PULUMI_CONFIG_PASSPHRASE, or make the stack's secrets those of a key service: docs/pull-requests.md",
  ],
  [
    /NoCredentialProviders|failed to refresh cached credentials|no EC2 IMDS role found/i,
    () => "set AWS credentials that may read the state",
  ],
];

/** Why a command of pulumi's failed, with what would be right where that is known. */
export function explained(stack: string, { code, stdout, stderr }: Outcome): string {
  const said = plain(stderr.trim() === "" ? stdout : stderr).trim();
  const remedy = remedies.find(([pattern]) => pattern.test(said))?.[1](stack);
  const first = said === "" ? `pulumi ended with ${code === undefined ? "a signal" : `code ${code}`} and said nothing` : said;
  return remedy === undefined ? first : `${first}\nWhat to do: ${remedy}`;
}

/** What the stack knows already: its outputs, and every secret of its outputs and of its configuration. */
export interface Known {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly secrets: readonly string[];
}

/**
 * Asks for a stack's outputs and secrets, and so whether there are a pulumi, a backend, the stack and its key.
 *
 * @throws Mistake with what is missing.
 */
export async function known(stack: string): Promise<Known> {
  const outputs = await json<Record<string, unknown>>(stack, ["stack", "output", "--json"]);
  const plainOutputs = await json<Record<string, unknown>>(stack, ["stack", "output", "--json", "--show-secrets"]);
  const { texts, secret } = await configured(stack);
  return { outputs, secrets: [...hidden(outputs, plainOutputs), ...secret.flatMap((key) => texts[key] || [])] };
}

/** A stack's configuration: all texts by `<namespace>:<key>`, in plain text, and the keys of those that are secret. */
export async function configured(stack: string): Promise<{ readonly texts: Record<string, string>; readonly secret: string[] }> {
  const config = await json<Record<string, { value?: string; secret?: boolean }>>(stack, ["config", "--json", "--show-secrets"]);
  const set = Object.entries(config).flatMap(([key, { value, secret = false }]) => (value === undefined ? [] : [{ key, value, secret }]));
  return {
    texts: Object.fromEntries(set.map(({ key, value }) => [key, value])),
    secret: set.filter(({ secret }) => secret).map(({ key }) => key),
  };
}

/** What pulumi shows as `[secret]`, which may be a part of an output. */
function hidden(shown: unknown, plain: unknown): string[] {
  if (shown === "[secret]") return [typeof plain === "string" ? plain : JSON.stringify(plain)];
  if (typeof shown !== "object" || shown === null) return [];
  return Object.entries(shown).flatMap(([key, part]) => hidden(part, (plain as Record<string, unknown>)[key]));
}

async function json<T>(stack: string, args: readonly string[]): Promise<T> {
  const outcome = await pulumi([...args, "--stack", stack]);
  if (outcome.code !== 0) throw new Mistake(explained(stack, outcome));
  try {
    return JSON.parse(outcome.stdout) as T;
  } catch {
    // The parser's own message quotes the text, which has secrets.
    throw new Mistake(`${stack}: pulumi ${args.join(" ")} printed no JSON`);
  }
}

/** What a run of the engine printed and what it put into its event log. */
export interface Planned extends Outcome {
  /** Undefined when the engine was not reached. */
  readonly plan: Plan | undefined;
}

/**
 * One run of the engine that changes nothing, with both the text for people and the events for programs: `--diff` and `--json` exclude
 * each other, and the event log goes with either. The flag is there when PULUMI_DEBUG_COMMANDS is set (operations/preview.go). Without
 * PULUMI_SKIP_CHECKPOINTS the engine would write out the whole state at each step, for nobody (backend/snapshot.go, defaultServiceLoop, which
 * hands it to a DiscardPersister): with a hundred new builds, four fifths of the time.
 */
export async function planned(command: readonly string[], stack: string, env: NodeJS.ProcessEnv = {}): Promise<Planned> {
  const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-plan-"));
  const log = join(folder, "events");
  try {
    const outcome = await pulumi([...command, "--stack", stack, "--diff", "--event-log", log], {
      env: { ...env, PULUMI_DEBUG_COMMANDS: "true", PULUMI_SKIP_CHECKPOINTS: "true" },
    });
    const events = read(log);
    return { ...outcome, plan: events === "" ? undefined : readEvents(events) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
