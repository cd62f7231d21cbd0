import * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";

/** Inputs of a stage that stay as they were when it was made. */
export const asMade = ["addPreviousOutputInEnv", "create", "delete", "environment", "logging", "update"];

/** Relative to the project's folder, which is where Pulumi runs commands: an absolute path would differ between machines. */
export const script = (name: string) => `exec bash infra/stages/${name}.sh`;

/** A stage of the cluster's life as a resource; its output is secret. */
export function stage(parent: pulumi.Resource, name: string, args: command.local.CommandArgs, opts: pulumi.CustomResourceOptions = {}) {
  return new command.local.Command(
    name,
    // Progress comes on stderr, in short lines. What a stage prints is never logged: it may be secret, and a line of more than
    // 64 KiB would block the plugin for good (bufio.Scanner in pulumi-command 1.2.1, provider/pkg/provider/util).
    { logging: command.local.Logging.Stderr, ...args },
    { parent, additionalSecretOutputs: ["stdout", "stderr"], ...opts },
  );
}
