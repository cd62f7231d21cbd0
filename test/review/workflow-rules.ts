import { parseDocument } from "yaml";
import { minutes } from "../../infra/limits";

/** As much of a workflow as the rules look at. */
interface Workflow {
  readonly on?: unknown;
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly env?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly if?: string;
  readonly "runs-on"?: unknown;
  readonly "timeout-minutes"?: unknown;
  readonly permissions?: Readonly<Record<string, string>> | string;
  readonly environment?: unknown;
  readonly concurrency?: Readonly<Record<string, unknown>>;
  readonly strategy?: { readonly "fail-fast"?: boolean; readonly matrix?: unknown };
  readonly steps?: readonly Step[];
  readonly uses?: string;
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly if?: string;
  readonly env?: Readonly<Record<string, unknown>>;
}

/** Which job may write what. */
export const mayWrite: Readonly<Record<string, readonly string[]>> = {
  "preview.yml/preview": ["id-token"],
  "preview.yml/comment": ["pull-requests"],
  "drift.yml/drift": ["id-token"],
};

/** Triggers that run with the base's secrets on what a stranger sent, or on what a stranger may start. */
const dangerous = ["pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "discussion_comment", "fork"];

/** A job begins with this when code of forks must not run in it. */
const noForks = "github.event.pull_request.head.repo.full_name == github.repository &&";

/** GitHub ends a job of its own runners after this. */
const longestJob = 360;
/** A job's other steps, and pulumi's own end after it was interrupted. */
const around = 20;

/** What a workflow does against the rules, in words. */
export function problems(file: string, text: string): string[] {
  const document = parseDocument(text);
  const workflow = document.toJS() as Workflow;
  const triggers =
    typeof workflow.on === "string" ? [workflow.on] : Array.isArray(workflow.on) ? workflow.on : Object.keys(workflow.on ?? {});
  const jobs = Object.entries(workflow.jobs);
  return [
    ...triggers.filter((name) => dangerous.includes(name)).map((name) => `is triggered by ${name}`),
    ...(isEmpty(workflow.permissions) ? [] : ["has permissions for all of its jobs: each job has its own"]),
    ...(mentionsSecrets(workflow.env) ? ["gives a secret to all of its jobs"] : []),
    ...pins(text),
    ...jobs.flatMap(([name, job]) => jobProblems(file, name, job).map((problem) => `${name}: ${problem}`)),
    ...(triggers.includes("pull_request") ? jobs.flatMap(([name, job]) => forkProblems(job).map((problem) => `${name}: ${problem}`)) : []),
    ...jobs
      .filter(([, job]) => deploys(job))
      .flatMap(([name, job]) => deployProblems(workflow, job).map((problem) => `${name}: ${problem}`)),
    ...jobs.flatMap(([name, job]) => unjudged(job).map((problem) => `${name}: ${problem}`)),
  ];
}

/** Every plan with the facts of AWS is judged by the policy pack; --list and --from plan nothing. */
const unjudged = ({ steps = [] }: Job): string[] =>
  steps
    .flatMap(({ run }) => (run ?? "").split("\n"))
    .filter((line) => /npm run (-s )?(preview|deploy)\b/.test(line) && !/ --(list|from)\b/.test(line))
    .filter((line) => !/ -- .* -- .*--policy-pack policy( |$)/.test(line))
    .map((line) => `plans without the policy pack: ${line.trim()}`);

const isEmpty = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length === 0;
const mentionsSecrets = (value: unknown) => /\bsecrets\b/.test(JSON.stringify(value ?? ""));

/** Lines, as comments are no part of the document. */
const pins = (text: string): string[] =>
  [...text.matchAll(/^\s*(?:- )?uses:(.*)$/gm)]
    .map(([, used = ""]) => used.trim())
    .filter((used) => !used.startsWith("./") && !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(used))
    .map((used) => `uses ${used}, not a commit with its version behind it`);

function jobProblems(file: string, name: string, job: Job): string[] {
  const found: string[] = [];
  const limit = job["timeout-minutes"];
  if (typeof limit !== "number" || limit < 1 || limit > longestJob) found.push(`has no timeout-minutes from 1 to ${longestJob}`);
  if (!/^ubuntu-\d\d\.\d\d$/.test(String(job["runs-on"]))) found.push("does not name the version of its runner");
  const { permissions } = job;
  if (typeof permissions !== "object") return [...found, "has no permissions of its own"];
  for (const [scope, right] of Object.entries(permissions)) {
    if (right !== "read" && !mayWrite[`${file}/${name}`]?.includes(scope)) found.push(`may write ${scope}`);
    if (right === "read" && scope !== "contents") found.push(`may read ${scope}`);
  }
  for (const { uses, run, with: given } of job.steps ?? []) {
    if (uses?.startsWith("actions/checkout@") && given?.["persist-credentials"] !== false) found.push("leaves its token in the checkout");
    // A job that is run again is of the same run, where a name is taken (inputs of actions/upload-artifact).
    if (uses?.startsWith("actions/upload-artifact@") && given?.overwrite !== true) found.push("cannot be run again: its artifact is there");
    // Whatever an expression holds would be read by the shell.
    if (run?.match(/\$\{\{/)) found.push("has an expression in a script");
    // Scripts of packages run before anybody has looked at them.
    if (run !== undefined && /\bnpm (?:ci|install)\b(?!.*--ignore-scripts)/.test(run)) found.push("runs the scripts of packages");
  }
  return found;
}

/** In a workflow of pull requests: what has rights or secrets does not run for those from forks. */
function forkProblems(job: Job): string[] {
  const condition = (job.if ?? "").replace(/\s+/g, " ").trim();
  const guarded = condition.startsWith(noForks) && !condition.includes("||");
  if (guarded) return [];
  const found: string[] = [];
  if (mentionsSecrets(job)) found.push("has a secret and runs for forks");
  if (job.environment !== undefined) found.push("has an environment, and so its secrets, and runs for forks");
  if (Object.values(job.permissions ?? {}).includes("write")) found.push("may write and runs for forks");
  return found;
}

const deploys = (job: Job) =>
  (job.steps ?? []).some(({ run }) => /npm run (?:-s )?deploy\b|pulumi (?:up|destroy|refresh)\b/.test(run ?? ""));

/** What changes a stack is never ended half-way, neither by GitHub nor by another run, and only where its reviewers let it. */
function deployProblems(workflow: Workflow, job: Job): string[] {
  const found: string[] = [];
  const stack = ["$", "{{ matrix.stack }}"].join("");
  if (job.environment !== stack) found.push("deploys outside of the environment of its stack");
  const { group, "cancel-in-progress": ended } = job.concurrency ?? {};
  if (typeof group !== "string" || !group.endsWith(stack) || ended !== false)
    found.push("may be ended for another deployment, or run beside it");
  if (workflow.concurrency !== undefined) found.push("waits for, or is ended for, runs of other stacks");
  if (job.strategy?.["fail-fast"] !== false) found.push("is ended when another stack fails");
  const limit = Number(/--minutes (\d+)/.exec((job.steps ?? []).map(({ run }) => run).join("\n"))?.[1]);
  if (!(limit + around <= Number(job["timeout-minutes"]))) found.push("is ended by force, before pulumi is interrupted in good order");
  if (!(limit >= minutes.install + minutes.around))
    found.push(`has less than the ${minutes.install + minutes.around} minutes that an install may take`);
  const logs = (job.steps ?? []).map(({ env }) => env?.OPENSHIFT_MULTIARCH_LOGS).find((folder) => folder !== undefined);
  const kept = (job.steps ?? []).find(
    ({ uses, with: given }) => uses?.startsWith("actions/upload-artifact@") && given?.path === logs && logs !== undefined,
  );
  if (!/^\$\{\{ always\(\) \}\}$/.test(kept?.if ?? "")) found.push("loses the installer's log with its runner when it fails");
  return found;
}
