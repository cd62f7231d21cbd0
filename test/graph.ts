import * as pulumi from "@pulumi/pulumi";

/** One resource as the engine would register it, options included. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: inputs of any resource type.
  readonly inputs: any;
  readonly options: pulumi.CustomResourceOptions & pulumi.ComponentResourceOptions;
}

/** Extra outputs of a resource; what is not named is unknown in a preview. */
export type Outputs = (type: string, name: string, inputs: Record<string, unknown>) => Record<string, unknown> | undefined;

export interface GraphOptions {
  readonly outputs?: Outputs;
  /** Answers of functions by token. */
  readonly functions?: (token: string, inputs: Record<string, unknown>) => Record<string, unknown>;
  /** Plans only: outputs that no input fixes are unknown. @default false */
  readonly preview?: boolean;
}

/** Runs a program against mocks and returns all that it registered. */
export async function graph(program: () => unknown, { outputs, functions, preview = false }: GraphOptions = {}) {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({ id: `${name}-id`, state: { ...inputs, ...outputs?.(type, name, inputs) } }),
      call: ({ token, inputs }) => functions?.(token, inputs) ?? {},
    },
    "openshift-multiarch",
    "test",
    preview,
  );
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
      registered.push({ type, name, inputs: props, options: opts });
      return undefined;
    });
    await program();
    return {};
  });
  await pulumi.runtime.disconnect();
  const settled = await Promise.all(
    registered.map(async (resource) => ({ ...resource, inputs: await resolved(pulumi.output(resource.inputs)) })),
  );
  return {
    resources: settled,
    /** The one resource of that name. */
    named(name: string): Registered {
      const found = settled.filter((resource) => resource.name === name);
      if (found.length !== 1)
        throw new Error(`${found.length} resources are called ${name}: there are ${settled.map((r) => r.name).join(", ")}`);
      return found[0];
    },
  };
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
