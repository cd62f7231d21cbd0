import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Context, CreateRequest, DiffRequest, DiffResult, Provider, ResourceType } from "../provider";
import { differences, type Properties, present, unknown, type Value } from "../values";
import { archive, asset, chooseFiles, listFiles } from "./files";
import { type Logging, type Output, run } from "./run";

/** What a command leaves, beside its inputs. */
const outputs = ["stdout", "stderr", "assets", "archive"] as const;

/** Inputs against the inputs of the last deployment; only `triggers` replaces, anything else runs `update` or `create`. */
export const diffCommand = ({ oldInputs, news }: DiffRequest): DiffResult => ({
  differences: differences(oldInputs, news),
  replaceOn: ["triggers"],
});

/** What stands in the environment of a command that is not the first one. */
export function previousOutput(state: Properties): Record<string, string> {
  if (state.addPreviousOutputInEnv === false) return {};
  return present({
    PULUMI_COMMAND_STDOUT: state.stdout || undefined,
    PULUMI_COMMAND_STDERR: state.stderr || undefined,
  }) as Record<string, string>;
}

// The switch that counts is the one of the new inputs; the output is the one of the old state.
const previousOutputFor = (inputs: Properties, state: Properties) =>
  previousOutput({ ...state, addPreviousOutputInEnv: inputs.addPreviousOutputInEnv });

async function execute(
  command: Value | undefined,
  inputs: Properties,
  previous: Record<string, string>,
  { signal, log }: Context,
): Promise<Properties> {
  let output: Output = { stdout: "", stderr: "" };
  const directory = inputs.dir as string | undefined;
  // An empty command is one that was not given.
  if (command) {
    output = await run(command as string, {
      interpreter: inputs.interpreter as string[] | undefined,
      directory,
      environment: { ...texts(inputs.environment), ...previous },
      stdin: inputs.stdin as string | undefined,
      logging: inputs.logging as Logging | undefined,
      signal,
      log,
    });
  }
  return { ...output, ...foundFiles(inputs, directory ?? ".") };
}

const texts = (value: Value | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries((value ?? {}) as Properties).map(([key, item]) => [key, String(item)]));

function foundFiles({ assetPaths, archivePaths }: Properties, directory: string): Properties {
  if (!assetPaths && !archivePaths) return {};
  const files = listFiles(directory);
  const assets = (rules: Value) =>
    Object.fromEntries(chooseFiles(rules as string[], files).map((file) => [file, asset(join(directory, file))]));
  return {
    assets: assetPaths ? assets(assetPaths) : undefined,
    archive: archivePaths ? archive(assets(archivePaths)) : undefined,
  };
}

const unknownOutputs = (): Properties => Object.fromEntries(outputs.map((name) => [name, unknown]));

const uniqueId = ({ name }: CreateRequest): string => `${name}${randomBytes(4).toString("hex")}`;

const localCommand: ResourceType = {
  diff: diffCommand,
  async create(request) {
    const { inputs, preview } = request;
    if (preview) return { id: "", state: { ...inputs, ...unknownOutputs() } };
    return { id: uniqueId(request), state: { ...inputs, ...(await execute(inputs.create, inputs, {}, request)) } };
  },
  async update(request) {
    const { news, state, preview } = request;
    if (preview) return { ...news, ...unknownOutputs() };
    const command = news.update ?? news.create;
    if (!command) return { ...news, ...Object.fromEntries(outputs.map((name) => [name, state[name]])) };
    return { ...news, ...(await execute(command, news, previousOutputFor(news, state), request)) };
  },
  async delete(request) {
    const { state } = request;
    if (state.delete) await execute(state.delete, { ...state, assetPaths: null, archivePaths: null }, previousOutput(state), request);
  },
};

/** Stand-in of the plugin `command`: only `local.Command`. */
export const commandProvider = (version: string): Provider => ({
  name: "command",
  version,
  resources: { "command:local:Command": localCommand },
});
