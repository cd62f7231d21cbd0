import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { type Architecture, architectures } from "../config/architecture";
import { nearest } from "../config/suggest";
import { Mistake } from "../review/mistake";
import type { PipelineName } from "../tekton/pipelines";
import { type Choice, objects, pipelineNames, sampleRun, type TektonObject, taskNames } from "./objects";

interface Options {
  architectures?: string;
  task?: string;
  pipeline?: string;
  run?: string;
  out?: string;
  bundle?: string;
}

/** Prints, writes or pushes the tasks and pipelines. @returns the exit code. @throws Mistake */
export function tekton(options: Options): number {
  const { task, pipeline, run, out, bundle } = options;
  const modes = (["task", "pipeline", "run"] as const).filter((key) => options[key] !== undefined);
  if (modes.length > 1) throw new Mistake(`${modes.map((mode) => `--${mode}`).join(" and ")} exclude each other`);
  if (out !== undefined && bundle !== undefined) throw new Mistake("--out and --bundle exclude each other: what is pushed is not written");
  if (task !== undefined) named("task", task, taskNames());
  for (const [key, name] of Object.entries({ pipeline, run })) if (name !== undefined) named(key, name, pipelineNames);
  const chosen = architecturesOf(options.architectures);
  if (task !== undefined && options.architectures !== undefined)
    throw new Mistake("--task and --architectures exclude each other: a task is the same for all of them");
  if (out?.trim() === "") throw new Mistake('--out is ""; expected a folder');
  if (run !== undefined) {
    const text = runText(sampleRun(run as PipelineName, chosen, bundle), bundle);
    return out === undefined ? print(text) : write(join(out, "runs", `${run}.yaml`), text);
  }
  const choice: Choice = { architectures: chosen, ...(task && { task }), ...(pipeline && { pipeline }), ...(bundle && { bundle }) };
  const found = objects(choice);
  if (bundle !== undefined) return push(bundle, found.map(text).join("---\n"));
  if (out === undefined) return print(found.map(text).join("---\n"));
  for (const object of found) write(fileOf(out, object), text(object));
  return 0;
}

const text = (object: TektonObject) => stringify(object, { lineWidth: 0 });

function print(lines: string): number {
  process.stdout.write(lines);
  return 0;
}

function named(kind: string, name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const meant = nearest(name, names);
  throw new Mistake(
    `--${kind} is ${JSON.stringify(name)}; ${meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`}`,
  );
}

function architecturesOf(list: string | undefined): Architecture[] {
  if (list === undefined) return [...architectures];
  const names = list.split(",").map((name) => name.trim());
  const found = architectures.filter((architecture) => names.includes(architecture));
  if (found.length !== names.length)
    throw new Mistake(`--architectures is ${JSON.stringify(list)}; expected one or more of ${architectures.join(",")}, each once`);
  return found;
}

/** As catalogs lay out what is versioned by tags of Git (https://github.com/tektoncd/community, TEP-0115): `tasks/<name>/<name>.yaml`. */
const fileOf = (folder: string, { kind, metadata: { name } }: TektonObject & { metadata: { name: string } }) =>
  join(folder, `${kind.toLowerCase()}s`, name, `${name}.yaml`);

function write(file: string, content: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  } catch (error) {
    throw new Mistake(`${JSON.stringify(file)} cannot be written: ${(error as Error).message}`);
  }
  console.error(file);
  return 0;
}

function runText(run: TektonObject, bundle: string | undefined): string {
  const needs = bundle === undefined ? "the pipeline in the same namespace (kubectl apply), " : "";
  return `# kubectl create -f FILE. It needs ${needs}a storage class of ReadWriteMany volumes, nodes of each architecture,
# and a secret with the registry's credentials: kubectl create secret docker-registry registry-credentials ...
# The steps have different users, who all write to the volume. OpenShift gives it to a group of the namespace's; elsewhere a driver that
# needs it gets one by spec.taskRunTemplate.podTemplate.securityContext.fsGroup.
${text(run)}`;
}

/**
 * Pushes by tkn, which is where bundles are made: a library of Go's makes them, and none of this program's. At most 20 objects go into
 * one (tektoncd/pipeline, docs/tekton-bundle-contracts.md). Credentials are those of ~/.docker/config.json.
 */
function push(bundle: string, input: string): number {
  const { status, error } = spawnSync("tkn", ["bundle", "push", bundle, "-f", "-"], { input, stdio: ["pipe", "inherit", "inherit"] });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT")
    throw new Mistake("tkn, which pushes bundles, is not on PATH: https://tekton.dev/docs/cli/ says how to install it");
  if (error) throw error;
  if (status !== 0) throw new Mistake(`tkn bundle push ${bundle} failed, see above`);
  return 0;
}
