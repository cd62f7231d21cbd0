import type { ParamSpec, SecurityContext, Step, Task, TaskSpec, WorkspaceDeclaration } from "../resources";
import { dollar } from "../verbatim";

type Volume = TaskSpec["volumes"][number];

/** A step with all that it takes from its task. */
export interface StepPart {
  readonly step: Step;
  readonly params: readonly ParamSpec[];
  readonly workspaces: readonly WorkspaceDeclaration[];
  readonly results: NonNullable<TaskSpec["results"]>;
  readonly volumes: readonly Volume[];
}

interface StepArgs {
  /** Name of the step. */
  name: string;
  image: string;
  /** Its text: `script` of shared.ts. */
  script?: string;
  /** A program and its arguments in the place of a script, and its constant environment, for an image without a shell. */
  command?: { readonly words: readonly string[]; readonly environment: Readonly<Record<string, string>> };
  /** Whether its failure is none of its task's. @default false */
  mayFail?: boolean;
  /** Texts reach the script as environment variables, lists as arguments: each led by its name where there are several. */
  params?: readonly ParamSpec[];
  /** Parameters that the step itself is written with, and not its script: its image, its command. */
  written?: readonly ParamSpec[];
  /** Their paths reach the script as environment variables, empty where the run binds none. */
  workspaces?: readonly WorkspaceDeclaration[];
  /** Paths of the files to write them to reach the script as environment variables, RESULT_ in front. */
  results?: NonNullable<TaskSpec["results"]>;
  securityContext: SecurityContext;
  computeResources: Step["computeResources"];
  /** Whether it needs a home directory. @default true */
  atHome?: boolean;
  /** Volumes beside its home directory, and where they are mounted; those of one name are shared by the steps of a task. */
  volumes?: readonly { readonly volume: Volume; readonly mountPath: string; readonly variable?: string; readonly readOnly?: boolean }[];
}

const variable = (name: string) => name.toUpperCase().replaceAll("-", "_");
/** A writable home directory of each step's own: caches and settings of the tools, thrown away with the pod. */
export const home = "/home/build";

/** A step, whose script gets what it declares under the names of the declarations. */
export function stepOf(args: StepArgs): StepPart {
  const { name, image, script, command, params = [], written = [], workspaces = [], results = [], volumes = [], atHome = true } = args;
  const lists = params.filter(({ type }) => type === "array");
  const all = [
    ...(atHome ? [{ volume: { name: `home-${name}`, emptyDir: {} }, mountPath: home, variable: "HOME", readOnly: false }] : []),
    ...volumes,
  ];
  return {
    params: [...written, ...params],
    workspaces,
    results,
    volumes: all.map(({ volume }) => volume),
    step: {
      name,
      image,
      ...(script !== undefined && { script }),
      ...(command && { command: [...command.words.slice(0, 1)], args: [...command.words.slice(1)] }),
      ...(lists.length > 0 && {
        args: lists.flatMap((list) => [...(lists.length > 1 ? [`--${list.name}`] : []), `$(params.${list.name}[*])`]),
      }),
      env: [
        // Kubernetes looks for a variable among those in front of it.
        ...(params.length > 0 || command ? [dollar] : []),
        ...params.filter(({ type }) => type !== "array").map((param) => ({ name: variable(param.name), value: `$(params.${param.name})` })),
        ...workspaces.map((workspace) => ({ name: variable(workspace.name), value: `$(workspaces.${workspace.name}.path)` })),
        ...results.map((result) => ({ name: `RESULT_${variable(result.name)}`, value: `$(results.${result.name}.path)` })),
        ...all.flatMap(({ variable: of, mountPath }) => (of ? [{ name: of, value: mountPath }] : [])),
        ...Object.entries(command?.environment ?? {}).map(([of, value]) => ({ name: of, value })),
      ],
      securityContext: args.securityContext,
      computeResources: args.computeResources,
      volumeMounts: all.map(({ volume, mountPath, readOnly }) => ({ name: volume.name, mountPath, ...(readOnly && { readOnly }) })),
      ...(args.mayFail && { onError: "continue" as const }),
    },
  };
}

/** Each once, by its name. */
const merged = <T extends { name: string }>(lists: readonly (readonly T[])[]): T[] => [
  ...new Map(lists.flat().map((one) => [one.name, one])).values(),
];

/** A Task of one or more steps. Where there are several, each gets the workspaces that it declares, and no other. */
export function taskOf(name: string, description: string, parts: readonly StepPart[]): Task {
  const results = merged(parts.map((part) => part.results));
  return {
    apiVersion: "tekton.dev/v1",
    kind: "Task",
    metadata: { name },
    spec: {
      description,
      params: merged(parts.map((part) => part.params)),
      workspaces: merged(parts.map((part) => part.workspaces)),
      ...(results.length > 0 && { results }),
      steps: parts.map(({ step, workspaces }) => ({
        ...step,
        ...(parts.length > 1 && { workspaces: workspaces.map((workspace) => ({ name: workspace.name })) }),
      })),
      volumes: merged(parts.map((part) => part.volumes)),
    },
  };
}
