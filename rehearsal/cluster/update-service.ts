/** Releases of a channel and the ways between them, as OpenShift's update service answers (openshift/cincinnati, docs/design/openshift.md). */
export interface Graph {
  readonly nodes: readonly { readonly version: string; readonly payload: string; readonly metadata?: Readonly<Record<string, string>> }[];
  /** Pairs of places in `nodes`. */
  readonly edges: readonly (readonly [number, number])[];
  readonly conditionalEdges?: readonly {
    readonly edges: readonly { readonly from: string; readonly to: string }[];
    readonly risks: readonly Risk[];
  }[];
}

interface Risk {
  readonly name: string;
  readonly message: string;
  readonly url: string;
  readonly matchingRules: readonly { readonly type: string }[];
}

export interface Release {
  readonly version: string;
  readonly image: string;
  readonly channels?: string[];
}

/** What the update service knows about a release; `refused` says why it is nothing. */
export interface Updates {
  readonly current?: Release;
  readonly available: readonly Release[];
  readonly conditional: readonly { readonly release: Release; readonly risks: readonly Risk[] }[];
  readonly refused?: { readonly reason: string; readonly message: string };
}

/** What is asked: the parameters of the query, and where. */
export interface Question {
  readonly upstream?: string;
  readonly channel?: string;
  readonly id: string;
  readonly version: string;
}

const nothing = (reason: string, message: string): Updates => ({ available: [], conditional: [], refused: { reason, message } });
const unable = (reason: string, message: string) => nothing(reason, `Unable to retrieve available updates: ${message}`);

/**
 * Asks the update service, as the cluster-version operator does for a multi-architecture release (its pkg/cincinnati/cincinnati.go; reasons
 * and texts: pkg/cvo/availableupdates.go). Red Hat's own, which a cluster without `spec.upstream` asks, cannot be reached from here.
 */
export async function askUpdateService({ upstream, channel, id, version }: Question): Promise<Updates> {
  if (!channel) return nothing("NoChannel", "The update channel has not been configured.");
  if (!upstream) return unable("RemoteFailed", "the rehearsal has no update service but the one that spec.upstream names");
  const query = new URLSearchParams({ arch: "multi", channel, id, version });
  const answer = await fetch(`${upstream}?${query}`, { signal: AbortSignal.timeout(10_000) }).catch((error: Error) => error);
  if (answer instanceof Error) return unable("RemoteFailed", answer.message);
  if (answer.status !== 200) return unable("ResponseFailed", `unexpected HTTP status: ${answer.status} ${answer.statusText}`);
  return updatesOf((await answer.json()) as Graph, channel, version);
}

/** The same file: what is both recommended and conditional is conditional. Pure. */
export function updatesOf({ nodes, edges, conditionalEdges = [] }: Graph, channel: string, version: string): Updates {
  const from = nodes.findIndex((node) => node.version === version);
  if (from < 0) return unable("VersionNotFound", `currently reconciling cluster version ${version} not found in the "${channel}" channel`);
  const release = (index: number): Release => {
    const { version, payload, metadata } = nodes[index] as Graph["nodes"][number];
    const channels = metadata?.["io.openshift.upgrades.graph.release.channels"]?.split(",").sort();
    return { version, image: payload, ...(channels && { channels }) };
  };
  const conditional = conditionalEdges.flatMap(({ edges, risks }) =>
    edges
      .filter((edge) => edge.from === version)
      .map(({ to }) => ({ release: release(nodes.findIndex((node) => node.version === to)), risks })),
  );
  const available = edges.filter(([origin]) => origin === from).map(([, destination]) => release(destination));
  const images = conditional.map(({ release }) => release.image);
  return { current: release(from), available: available.filter(({ image }) => !images.includes(image)), conditional };
}
