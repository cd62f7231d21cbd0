import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceHookRequest, RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { specialSecretSig, specialSigKey, unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { getMonitor } from "@pulumi/pulumi/runtime/settings";

/**
 * What a program tells the engine of each resource, read from the requests themselves. The engine writes just this to the state: what
 * is not marked as a secret here is there in plain text. Pulumi's mocks and transformations show neither these marks, nor which provider
 * a resource ends up with, nor what it inherits from its parent.
 */
export interface Wire {
  readonly urn: string;
  /** Names of resources; of the same name only in resources of different types. */
  readonly parent: string | undefined;
  /** The provider that acts on it; the default provider of its package has none. */
  readonly provider: string | undefined;
  readonly deletedWith: string | undefined;
  /** All that it waits for: what `dependsOn` and inputs name, with the children of components. */
  readonly dependencies: readonly string[];
  /** URNs of the same. */
  readonly dependencyUrns: readonly string[];
  /** URNs of all resources that it is deleted before: dependencies, parent, provider (pulumi's pkg/resource/graph/dependency_graph.go). */
  readonly after: readonly string[];
  /** Paths of the inputs that the engine encrypts. */
  readonly secrets: readonly string[];
  /** Inputs as they are in the state in plain text: without the secret ones. */
  // biome-ignore lint/suspicious/noExplicitAny: inputs of any resource type.
  readonly plain: any;
  /** All inputs, secret ones in plain text, unknown ones `undefined`. */
  // biome-ignore lint/suspicious/noExplicitAny: inputs of any resource type.
  readonly sent: any;
  /** All inputs for a reader: `[secret]` for a secret one, `[unknown]` for an unknown one. */
  readonly shown: unknown;
  /** All inputs as they travel, with the marks of secret and unknown ones. */
  // biome-ignore lint/suspicious/noExplicitAny: inputs of any resource type.
  readonly marked: any;
  /** URNs of the resources that each input comes from. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly custom: boolean;
  /** Names of the hooks that the engine calls before it is created. */
  readonly beforeCreate: readonly string[];
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly customTimeouts: { readonly create?: string; readonly update?: string; readonly delete?: string };
  /** URNs, or the parts of an URN that differ. */
  readonly aliases: readonly unknown[];
}

/** Outputs of a component or of the stack, which are in the state as well. */
export interface WireOutputs {
  readonly type: string;
  readonly name: string;
  readonly secrets: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: outputs of any component.
  readonly plain: any;
  /** For a reader, as of a resource. */
  readonly shown: unknown;
}

/** A hook that the program has given the engine. */
export interface Hook {
  readonly name: string;
  readonly onDryRun: boolean;
}

export interface Recorder {
  readonly resources: Map<string, Wire[]>;
  readonly outputs: WireOutputs[];
  readonly hooks: Hook[];
  /** Which outputs the engine will treat as secret, from the request that is being answered. */
  additionalSecretOutputs(type: string, name: string): readonly string[];
}

export const key = (type: string, name: string): string => `${type}::${name}`;

/** Records what goes to the monitor that `setMocks` has just put in place. */
export function record(): Recorder {
  // biome-ignore lint/suspicious/noExplicitAny: the monitor of the mocks, whose class is internal.
  const monitor = getMonitor() as any;
  const resources = new Map<string, Wire[]>();
  const outputs: WireOutputs[] = [];
  const hooks: Hook[] = [];
  const byUrn = new Map<string, Wire>();
  const secretOutputs = new Map<string, readonly string[]>();
  const { registerResource, registerResourceOutputs } = monitor;
  monitor.registerResource = (request: RegisterResourceRequest, callback: (error: unknown, response: unknown) => void) => {
    const id = key(request.getType(), request.getName());
    secretOutputs.set(id, request.getAdditionalsecretoutputsList());
    return registerResource.call(monitor, request, (error: unknown, response: { getUrn(): string } | undefined) => {
      if (response) {
        const wire = read(request, response.getUrn(), byUrn.get(request.getParent()));
        byUrn.set(wire.urn, wire);
        resources.set(id, [...(resources.get(id) ?? []), wire]);
      }
      callback(error, response);
    });
  };
  // biome-ignore lint/suspicious/noExplicitAny: not among the types that Pulumi exports.
  monitor.registerResourceOutputs = (request: any, callback: unknown) => {
    const urn: string = request.getUrn();
    outputs.push({ type: typeOf(urn), name: nameOf(urn), ...parts(request.getOutputs()?.toJavaScript() ?? {}) });
    return registerResourceOutputs.call(monitor, request, callback);
  };
  // The mocks have no hooks: whoever wants to see one at work calls it.
  monitor.registerResourceHook = (request: RegisterResourceHookRequest, callback: (error: unknown, response: unknown) => void) => {
    hooks.push({ name: request.getName(), onDryRun: request.getOnDryRun() });
    callback(null, {});
  };
  return { resources, outputs, hooks, additionalSecretOutputs: (type, name) => secretOutputs.get(key(type, name)) ?? [] };
}

/** With what the engine lets a child inherit: inheritFromParent in pulumi's pkg/resource/deploy/source_eval.go. */
function read(request: RegisterResourceRequest, urn: string, parent: Wire | undefined): Wire {
  const timeouts = request.getCustomtimeouts();
  // A reference is the URN and the id of the provider.
  const provider = request.getProvider().replace(/::[^:]*$/, "");
  const limit = (text: string | undefined) => text || undefined;
  return {
    urn,
    parent: request.getParent() ? nameOf(request.getParent()) : undefined,
    provider: provider ? nameOf(provider) : undefined,
    deletedWith: request.getDeletedwith() ? nameOf(request.getDeletedwith()) : parent?.deletedWith,
    dependencies: request.getDependenciesList().map(nameOf),
    dependencyUrns: request.getDependenciesList(),
    after: [...request.getDependenciesList(), request.getParent(), provider].filter((other) => other !== ""),
    ...parts(request.getObject()?.toJavaScript() ?? {}),
    marked: request.getObject()?.toJavaScript() ?? {},
    propertyDependencies: Object.fromEntries(
      [...request.getPropertydependenciesMap().entries()].map(([input, found]) => [input, found.getUrnsList()]),
    ),
    custom: request.getCustom(),
    beforeCreate: request.getHooks()?.getBeforeCreateList() ?? [],
    protect: request.getProtect() ?? parent?.protect ?? false,
    retainOnDelete: request.getRetainondelete() ?? parent?.retainOnDelete ?? false,
    deleteBeforeReplace: request.getDeletebeforereplace(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    customTimeouts: {
      ...(limit(timeouts?.getCreate()) && { create: timeouts?.getCreate() }),
      ...(limit(timeouts?.getUpdate()) && { update: timeouts?.getUpdate() }),
      ...(limit(timeouts?.getDelete()) && { delete: timeouts?.getDelete() }),
    },
    aliases: [...request.getAliasurnsList(), ...request.getAliasesList().map((alias) => alias.toObject())],
  };
}

const typeOf = (urn: string): string => urn.split("::")[2].split("$").at(-1) ?? "";
const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

function parts(value: unknown): { secrets: string[]; plain: unknown; sent: unknown; shown: unknown } {
  const secrets: string[] = [];
  return {
    plain: walk(value, "", (_, path) => void secrets.push(path), undefined),
    sent: walk(value, "", (inner, path, on) => on(inner, path), undefined),
    shown: walk(value, "", () => "[secret]", "[unknown]"),
    secrets,
  };
}

/** A copy of a value, in which a function says what stands for a secret. */
function walk(
  part: unknown,
  path: string,
  secret: (inner: unknown, path: string, on: (inner: unknown, path: string) => unknown) => unknown,
  unknown: string | undefined,
): unknown {
  const on = (inner: unknown, at: string) => walk(inner, at, secret, unknown);
  if (part === unknownValue || pulumi.isUnknown(part)) return unknown;
  if (Array.isArray(part)) return part.map((item, index) => on(item, `${path}[${index}]`));
  if (typeof part !== "object" || part === null) return part;
  const map = part as Record<string, unknown>;
  if (map[specialSigKey] === specialSecretSig) return secret(map.value, path, on);
  return Object.fromEntries(Object.entries(map).map(([name, inner]) => [name, on(inner, path ? `${path}.${name}` : name)]));
}
