import { stringify } from "yaml";
import { architectures } from "../../config/architecture";
import { defaults } from "../../config/defaults";
import type { BuildSource } from "../../tekton/build-source";
import { pipelineFor, runTemplate } from "../../tekton/runs";
import { defaultTaskImages } from "../../tekton/task-images";
import { tasks } from "../../tekton/tasks";
import { efsDelays, setDelays } from "../cluster/efs-driver";
import { registry } from "../machine/places";
import { until } from "../machine/process";
import { step, UserError } from "../machine/progress";
import { articleRun } from "./bench-article";
import { kubectlOfBuilds } from "./bench-push";
import { type Published, publishApplication, publishPackaged } from "./bench-sources";

/** What a run took: seconds from its creation to its end, MiB that it left on its volumes, and MiB of the storages of its builds. */
export interface RunFigures {
  readonly seconds: number;
  readonly shared: number;
  readonly storage: number;
}

const secretsOfNamespace = { registryCredentials: "registry-credentials" };
const environment = { namespace: defaults.namespace.name, tasks: tasks(defaultTaskImages), secrets: secretsOfNamespace };

interface Claim {
  readonly metadata: { readonly name: string; readonly ownerReferences?: readonly { readonly name: string }[] };
}
interface RunSeen {
  readonly metadata: { readonly creationTimestamp: string };
  readonly status?: {
    readonly completionTime?: string;
    readonly conditions?: readonly { readonly status: string; readonly message?: string }[];
  };
}

const get = async <T>(...args: string[]): Promise<T> => JSON.parse(await kubectlOfBuilds(["get", ...args, "-o", "json"]));
const apply = (object: unknown) => kubectlOfBuilds(["apply", "-f", "-"], stringify(object, { aliasDuplicateObjects: false }));

/** MiB in the volumes of a run, looked at without delays. */
async function sharedBy(run: string): Promise<number> {
  const { items } = await get<{ items: Claim[] }>("pvc");
  const claims = items.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === run));
  const volumes = claims.map(({ metadata }, i) => ({ name: `v${i}`, persistentVolumeClaim: { claimName: metadata.name } }));
  const name = `bench-size-${run}`;
  const look = {
    apiVersion: "tekton.dev/v1",
    kind: "TaskRun",
    metadata: { name, namespace: environment.namespace },
    spec: {
      serviceAccountName: "image-build",
      podTemplate: { nodeSelector: { "kubernetes.io/arch": "amd64" }, automountServiceAccountToken: false },
      taskSpec: {
        volumes,
        results: [{ name: "mib" }],
        steps: [
          {
            name: "look",
            image: defaultTaskImages.buildah,
            script:
              '#!/bin/bash\nset -euo pipefail\ndu --summarize --total --block-size=1M /v/* | tail -n 1 | cut -f 1 | tr -d "\\n" >"$(results.mib.path)"\n',
            securityContext: { runAsUser: 0 },
            volumeMounts: volumes.map((volume) => ({ name: volume.name, mountPath: `/v/${volume.name}` })),
          },
        ],
      },
    },
  };
  setDelays();
  try {
    await apply(look);
    let mib: string | undefined;
    await until(`TaskRun ${name}`, 600, async () => {
      const { status } = await get<{ status?: { completionTime?: string; results?: { value: string }[] } }>("taskrun", name);
      mib = status?.results?.[0]?.value;
      return status?.completionTime !== undefined;
    });
    return Number(mib);
  } finally {
    setDelays(efsDelays);
    await kubectlOfBuilds(["delete", "--ignore-not-found", `taskrun/${name}`]);
  }
}

/** MiB that the steps of a run say that their storages had, together, and the finished images beside them on the nodes' disks. */
async function storageOf(run: string): Promise<number> {
  const logs = await kubectlOfBuilds([
    "logs",
    "--selector",
    `tekton.dev/pipelineRun=${run}`,
    "--all-containers",
    "--tail=-1",
    "--max-log-requests=50",
  ]);
  return [...logs.matchAll(/(?:\((\d+) MiB\); )?storage (\d+) MiB/g)].reduce(
    (sum, [, image = 0, mib]) => sum + Number(image) + Number(mib),
    0,
  );
}

/** With its TaskRuns: Tekton takes those for its own that are still there when the next run of the name begins. */
const remove = (run: string) => kubectlOfBuilds(["delete", "--ignore-not-found", "--cascade=foreground", `pipelinerun/${run}`]);

/** Runs a PipelineRun to its end. @param looks whether the sizes are looked at. */
async function figuresOf(run: { metadata: { name?: string } }, looks: boolean): Promise<RunFigures> {
  const name = run.metadata.name ?? "";
  await remove(name);
  await apply(run);
  let seen: RunSeen | undefined;
  await until(`PipelineRun ${name}`, 7200, async () => {
    seen = await get<RunSeen>("pipelinerun", name);
    return seen.status?.completionTime !== undefined;
  });
  const [condition] = seen?.status?.conditions ?? [];
  if (condition?.status !== "True") throw new UserError(`PipelineRun ${name}: ${condition?.message}`);
  const seconds = (Date.parse(seen?.status?.completionTime ?? "") - Date.parse(seen?.metadata.creationTimestamp ?? "")) / 1000;
  const sizes = looks ? { shared: await sharedBy(name), storage: await storageOf(name) } : { shared: Number.NaN, storage: Number.NaN };
  await remove(name);
  return { seconds, ...sizes };
}

/** A run of this program's own pipeline, whose Pipeline is made first. */
async function ours(name: string, source: Omit<BuildSource, "name">, looks = false): Promise<RunFigures> {
  const build = { ...source, name };
  await apply(pipelineFor(build, architectures, environment));
  const run = runTemplate(build, architectures, environment, "efs-csi");
  return figuresOf({ ...run, metadata: { ...run.metadata, name: `${name}-run` } }, looks);
}

export interface Comparison {
  readonly article: RunFigures;
  readonly cold: RunFigures;
  /** The same commit with mounts as fast as can be. */
  readonly withoutDelays: RunFigures;
  /** After one changed source file. */
  readonly changed: RunFigures;
  /** The same commit again. */
  readonly unchanged: RunFigures;
}

/** Builds the same sources by the article's pipeline and by this program's: same nodes, same registry, one after the other. */
async function compare(kind: "containerfile" | "nodejs", { url, commits }: Published, articleSeconds: number): Promise<Comparison> {
  const [first, changed] = commits;
  const repository = `${registry}/bench/${kind}`;
  const name = `bench-${kind}`;
  const common = { repository: url, context: ".", containerfile: "Containerfile" };
  const source = (revision: string, image = `${repository}:latest`, cache: string | undefined = `${repository}-cache`) => ({
    ...common,
    pipeline: kind,
    revision,
    image,
    ...(cache && { cache }),
  });
  // Built anew in any case: to a repository in which nothing has been found, without a cache.
  const elsewhere = source(first, `${repository}-again:latest`, "");
  return {
    cold: await step(`${kind}: ours, cold`, 90, () => ours(name, source(first), true)),
    unchanged: await step(`${kind}: ours, the same commit again`, 10, () => ours(name, source(first))),
    changed: await step(`${kind}: ours, one file changed`, 30, () => ours(name, source(changed))),
    withoutDelays: await step(`${kind}: ours, without the delays of EFS`, 90, async () => {
      setDelays();
      try {
        return await ours(name, elsewhere);
      } finally {
        setDelays(efsDelays);
      }
    }),
    article: await step(`${kind}: the article's pipeline`, articleSeconds, () =>
      figuresOf(
        articleRun(`${name}-article`, { kind, repository: url, revision: "main", context: ".", image: `${repository}:article` }),
        true,
      ),
    ),
  };
}

/** Needs mounts with the delays of EFS. */
export async function compareBuilds(): Promise<{ packaged: Comparison; application: Comparison }> {
  return {
    packaged: await compare("containerfile", await publishPackaged(), 120),
    application: await compare("nodejs", await step("sources of a Node.js application", 30, publishApplication), 1200),
  };
}
