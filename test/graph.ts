import * as pulumi from "@pulumi/pulumi";
import { type Hook, key, record, type Wire, type WireOutputs } from "./wire";

/** One resource as the program describes it, and as the engine hears of it. */
export interface Registered extends Wire {
  readonly type: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: inputs of any resource type.
  readonly inputs: any;
  /** As the program gave them; what the engine hears, inherited options included, stands beside them. */
  readonly options: pulumi.CustomResourceOptions & pulumi.ComponentResourceOptions;
  /** Names of what the option `dependsOn` holds. */
  readonly dependsOn: readonly string[];
}

/** Extra outputs of a resource; what is not named is unknown in a preview. */
export type Outputs = (type: string, name: string, inputs: Record<string, unknown>) => Record<string, unknown> | undefined;

export interface GraphOptions {
  readonly outputs?: Outputs;
  /** Answers of functions by token. */
  readonly functions?: (token: string, inputs: Record<string, unknown>) => Record<string, unknown>;
  /** Plans only: outputs that no input fixes are unknown. @default false */
  readonly preview?: boolean;
  /** @default test */
  readonly stack?: string;
}

export interface Graph {
  readonly resources: readonly Registered[];
  /** Outputs of the components, and of the stack if the program is a module or returns a plain object. */
  readonly outputs: readonly WireOutputs[];
  readonly hooks: readonly Hook[];
  /** The one resource of that name. */
  named(name: string): Registered;
  /** Names of all that a resource waits for when it is made, however far away: these are deleted after it. */
  waitsFor(resource: Registered): Set<string>;
}

/** Runs a program against mocks and returns all that it registered. Secret inputs stay secret in the outputs, as with the engine. */
export async function graph(
  program: () => unknown,
  { outputs, functions, preview = false, stack = "test" }: GraphOptions = {},
): Promise<Graph> {
  const described: Pick<Registered, "type" | "name" | "inputs" | "options">[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({
        id: `${name}-id`,
        state: { ...inputs, ...secretly(type, name, outputs?.(type, name, inputs)) },
      }),
      call: ({ token, inputs }) => functions?.(token, inputs) ?? {},
    },
    "openshift-multiarch",
    stack,
    preview,
    "organization",
  );
  const recorder = record();
  /** As the engine does it with what a provider answers. */
  function secretly(type: string, name: string, answered: Record<string, unknown> = {}): Record<string, unknown> {
    const secret = recorder.additionalSecretOutputs(type, name);
    return Object.fromEntries(
      Object.entries(answered).map(([output, value]) => [output, secret.includes(output) ? pulumi.secret(value) : value]),
    );
  }
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
      described.push({ type, name, inputs: props, options: opts });
      return undefined;
    });
    return stackOutputs(await program());
  });
  await pulumi.runtime.disconnect();
  const resources = await Promise.all(
    described.map(async ({ type, name, inputs, options }) => {
      const wire = recorder.resources.get(key(type, name))?.shift();
      if (!wire) throw new Error(`${type} ${name} was described, but never registered`);
      return { ...wire, type, name, options, inputs: await resolved(pulumi.output(inputs)), dependsOn: await namesOf(options.dependsOn) };
    }),
  );
  return {
    resources,
    outputs: recorder.outputs,
    hooks: recorder.hooks,
    named(name: string): Registered {
      const found = resources.filter((resource) => resource.name === name);
      if (found.length !== 1)
        throw new Error(`${found.length} resources are called ${name}: there are ${resources.map((r) => r.name).join(", ")}`);
      return found[0];
    },
    waitsFor(resource: Registered): Set<string> {
      const reached = new Set<Registered>();
      const follow = ({ after }: Registered): void => {
        for (const next of resources.filter(({ urn }) => after.includes(urn))) {
          if (reached.has(next)) continue;
          reached.add(next);
          follow(next);
        }
      };
      follow(resource);
      return new Set([...reached].map(({ name }) => name));
    },
  };
}

/** The exports of a module, or a plain object: a program that returns a resource has no outputs. */
function stackOutputs(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) return {};
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype ? { ...value } : {};
}

async function namesOf(dependsOn: pulumi.ResourceOptions["dependsOn"]): Promise<string[]> {
  const found = await resolved(pulumi.output(dependsOn as pulumi.Resource | pulumi.Resource[] | undefined));
  const urns = await Promise.all([found ?? []].flat().map((resource) => resolved(resource.urn)));
  return urns.map((urn) => urn?.split("::").at(-1) ?? "");
}

/** The value of an Output; what of it is unknown is `undefined`. */
export const resolved = <T>(output: pulumi.Output<T>): Promise<T | undefined> =>
  (output as unknown as { promise(withUnknowns: boolean): Promise<T> }).promise(true).then((value) => knownPart(value) as T | undefined);

function knownPart(value: unknown): unknown {
  if (pulumi.isUnknown(value)) return undefined;
  if (Array.isArray(value)) return value.map(knownPart);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, knownPart(inner)]));
}
