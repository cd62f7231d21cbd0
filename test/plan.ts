import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { script } from "../tekton/steps/shared";
import type { Registered } from "./graph";
import type { Planned } from "./planned";

/**
 * A planned stack as a text for review: one block a resource, keys sorted, a line for each value, so that the difference of one
 * setting is a few lines. Options that a resource does not use are left out.
 */
export function planText({ resources, outputs, warnings }: Planned): string {
  const label = labels(resources);
  const known = scripts();
  const blocks = resources.map((resource) => {
    return [label(resource.urn), { ...block(resource, resources, label), inputs: readable(resource.shown, known) }] as const;
  });
  const plan = {
    outputs: readable(outputs.find(({ type }) => type === "pulumi:pulumi:Stack")?.shown ?? {}, known),
    resources: Object.fromEntries(blocks),
    warnings: [...warnings].sort(),
  };
  return `${JSON.stringify(sorted(plan), undefined, 2)}\n`;
}

/** All of a resource but its inputs. */
function block(resource: Registered, all: readonly Registered[], label: (urn: string) => string): Record<string, unknown> {
  const { customTimeouts, provider, deletedWith, type } = resource;
  const lists = {
    additionalSecretOutputs: resource.additionalSecretOutputs,
    aliases: resource.aliases,
    dependsOn: waitedFor(resource, all).map(label).sort(),
    ignoreChanges: resource.ignoreChanges,
    replaceOnChanges: resource.replaceOnChanges,
  };
  const marks = {
    deleteBeforeReplace: resource.deleteBeforeReplace,
    protect: resource.protect,
    retainOnDelete: resource.retainOnDelete,
  };
  return {
    type,
    ...(provider !== undefined && { provider }),
    ...(deletedWith !== undefined && { deletedWith }),
    ...(Object.keys(customTimeouts).length > 0 && { customTimeouts }),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...Object.fromEntries(Object.entries(marks).filter(([, set]) => set)),
  };
}

/** Where a resource stands: the names of its parents and its own, with its type where another one stands there as well. */
function labels(resources: readonly Registered[]): (urn: string) => string {
  const byName = (name: string | undefined) => resources.find((other) => other.name === name && !other.custom);
  const path = ({ name, parent }: Registered): string => {
    const above = byName(parent);
    return above ? `${path(above)}/${name}` : name;
  };
  const paths = resources.map((resource) => [resource, path(resource)] as const);
  const count = (wanted: string) => paths.filter(([, path]) => path === wanted).length;
  const found = new Map(paths.map(([{ urn, type }, path]) => [urn, count(path) > 1 ? `${path} (${type})` : path]));
  return (urn) => found.get(urn) ?? urn;
}

/**
 * URNs of what a resource waits for. The engine hears of each child of a component; here the component stands for them, since every
 * build would else list the MachineSets of every zone.
 */
function waitedFor({ dependencyUrns, urn }: Registered, all: readonly Registered[]): string[] {
  const waited = new Set(dependencyUrns);
  const components = all.filter(({ custom }) => !custom);
  const inside = ({ name }: Registered): Registered[] =>
    all.filter(({ parent }) => parent === name).flatMap((child) => (child.custom ? [child] : inside(child)));
  for (const component of components) {
    const children = inside(component);
    if (children.length === 0 || children.some((child) => child.urn === urn || !waited.has(child.urn))) continue;
    for (const child of children) waited.delete(child.urn);
    waited.add(component.urn);
  }
  return [...waited];
}

/** Task scripts by their text: their files are reviewed as files. */
function scripts(): Map<string, string> {
  const folder = join(__dirname, "..", "tekton", "steps");
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = folders.map(({ name }) => name).filter((name) => existsSync(join(folder, name, `${name}.sh`)));
  return new Map(names.map((name) => [script(name), `tekton/steps/${name}/${name}.sh`]));
}

/** A value with every text as lines that can be compared: JSON within a text is unfolded, a script is its file and a digest. */
function readable(value: unknown, known: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => readable(item, known));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, readable(inner, known)]));
  if (typeof value !== "string") return value;
  const file = known.get(value);
  if (file !== undefined) return `[${file}, as a whole sha256 ${createHash("sha256").update(value).digest("hex").slice(0, 16)}]`;
  const json = unfolded(value);
  if (json !== undefined) return { "[JSON]": readable(json, known) };
  return value.includes("\n") ? { "[lines]": value.split("\n") } : value;
}

function unfolded(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
