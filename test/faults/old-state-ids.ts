/** A resource of a stack's export. */
export interface Resource {
  urn: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  [field: string]: unknown;
}
export interface Exported {
  deployment: { resources: Resource[] };
}

/** Ids that AWS makes up, and the infra ID, which the installer does. */
const madeUp = /^(?:(?:vpc|subnet|sg|sgr|fs|fsmt)-[0-9a-f]+|[a-z0-9-]+-[a-z0-9]{5})$/;

/**
 * Ids of one state -> those that stand at the same place of another, which holds the same resources. Pure.
 *
 * @throws Error when one id would be two
 */
export function sameIds(old: Exported, now: Exported): Map<string, string> {
  const found = new Map<string, string>();
  const compare = (before: unknown, after: unknown): void => {
    if (typeof before === "string" && typeof after === "string") {
      if (before === after || !madeUp.test(before) || !madeUp.test(after)) return;
      const known = found.get(before);
      if (known !== undefined && known !== after) throw new Error(`${before} is ${known} and ${after}`);
      found.set(before, after);
    } else if (typeof before === "object" && before !== null && typeof after === "object" && after !== null)
      for (const [key, value] of Object.entries(before)) compare(value, (after as Record<string, unknown>)[key]);
  };
  const byUrn = new Map(now.deployment.resources.map((resource) => [resource.urn, resource]));
  for (const { urn, id, inputs, outputs } of old.deployment.resources) {
    const other = byUrn.get(urn);
    if (other === undefined || !/\$?aws:|Stack::|OpenShiftCluster::/.test(urn)) continue;
    compare({ id, inputs, outputs }, { id: other.id, inputs: other.inputs, outputs: other.outputs });
  }
  return found;
}

/** A state with other ids, wherever they stand. Pure. */
export function withIds(state: Exported, ids: ReadonlyMap<string, string>): Exported {
  let text = JSON.stringify(state);
  // The longest first: the infra ID is part of no other, but an id may begin as another does.
  for (const [before, after] of [...ids].sort(([a], [b]) => b.length - a.length)) text = text.replaceAll(before, after);
  return JSON.parse(text);
}

/** What a command printed, from another state: keys of a cluster that is gone are no use. Pure. */
export function withOutputOf(stages: readonly string[], state: Exported, from: Exported): Exported {
  const resources = state.deployment.resources.map((resource) => {
    if (!stages.some((stage) => resource.urn.endsWith(`::cluster-${stage}`))) return resource;
    const other = from.deployment.resources.find(({ urn }) => urn === resource.urn);
    const { stdout, stderr } = other?.outputs ?? {};
    return { ...resource, outputs: { ...resource.outputs, stdout, stderr } };
  });
  return { ...state, deployment: { ...state.deployment, resources } };
}
