import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../infra/openshift-cluster";
import { programWithin } from "./limits";
import { programCommand } from "./program";

export interface ClusterProgram {
  /** The program, relative to the project's folder. */
  readonly file: string;
  /** How long it may take; it is told, and Pulumi's own limit follows from it. */
  readonly seconds: number;
  /** For how long the API server may be away besides, in seconds. @default patienceSeconds */
  readonly away?: number;
  /** kubeconfig of a cluster administrator. */
  readonly kubeconfig: pulumi.Input<string>;
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** Runs when the resource is deleted, instead of when it is made or changed. @default false */
  readonly onDelete?: boolean;
  /** The program runs with credentials of this account alone. @default whatever credentials there are: it asks AWS nothing */
  readonly owner?: Owner;
  /** Values that no variable holds, and at whose change the program runs again. */
  readonly triggers?: string[];
}

/** A program of this folder that Pulumi runs against the cluster. */
export function clusterProgram(name: string, program: ClusterProgram, opts: pulumi.CustomResourceOptions): command.local.Command {
  const run = programCommand(program.file);
  const guarded = program.owner ? run.replace(/^exec /, "exec bash infra/stages/owner.sh ") : run;
  const limit = programWithin(program.seconds, program.away);
  return new command.local.Command(
    name,
    {
      ...(program.onDelete ? { delete: guarded } : { create: guarded, update: guarded }),
      addPreviousOutputInEnv: false,
      environment: {
        KUBECONFIG_CONTENT: pulumi.secret(program.kubeconfig),
        SECONDS: String(program.seconds),
        ...program.owner,
        ...program.environment,
      },
      triggers: program.triggers,
    },
    { ...opts, customTimeouts: program.onDelete ? { delete: limit } : { create: limit, update: limit } },
  );
}
