import type { Graph, Registered } from "../../graph";

/** What the picture of the architecture shows, read from the graph of the program: nothing here knows what the program contains. */

/** A task of a pipeline, with those that it waits for. */
export interface Step {
  readonly name: string;
  readonly after: readonly string[];
  /** Of the node that it runs on; none if any will do. */
  readonly architecture?: string;
}

export interface Card {
  readonly name: string;
  /** The component's class. */
  readonly type: string;
  readonly lines: readonly string[];
  readonly architecture?: string;
  readonly steps?: readonly Step[];
}

export interface Box {
  readonly id: string;
  readonly title: string;
  readonly content: readonly (Card | Box)[];
}

export interface Model {
  readonly content: readonly (Card | Box)[];
  /** From what is made first to what is made after it, by name of the card or id of the box. */
  readonly arrows: readonly { readonly from: string; readonly to: string; readonly text?: string }[];
}

export const isBox = (part: Card | Box): part is Box => "content" in part;

/** The class of a component, from a type such as `openshift-multiarch:cluster:MachinePool`. */
const classOf = ({ type }: Registered) => type.split(":").at(-1) ?? "";
const folderOf = ({ type }: Registered) => type.split(":")[1];

export function model(graph: Graph, region: string): Model {
  const stack = graph.resources[0]?.parent;
  const components = graph.resources.filter(({ custom, parent }) => !custom && parent === stack);
  const parts = new Map(components.map((component) => [component.name, partsOf(graph, component)]));
  const cards = new Map(components.map((component) => [component.name, card(component, parts.get(component.name) ?? [])]));
  const of = (...wanted: ((component: Registered) => boolean)[]) =>
    components.filter((component) => wanted.every((is) => is(component))).map(({ name }) => cards.get(name) as Card);
  const inFolder = (folder: string) => (component: Registered) => folderOf(component) === folder;
  const ofClass = (name: string) => (component: Registered) => classOf(component) === name;
  const not = (is: (component: Registered) => boolean) => (component: Registered) => !is(component);

  const runs = graph.resources.filter(({ inputs }) => inputs?.kind === "PipelineRun");
  const namespace: string = runs[0]?.inputs.metadata.namespace;
  const identity = graph.resources.find(({ inputs }) => inputs?.environment?.INSTALL_CONFIG);
  const volume: string = runs[0]?.inputs.spec.workspaces.find(({ volumeClaimTemplate }: never) => volumeClaimTemplate)?.volumeClaimTemplate
    .spec.storageClassName;
  const images: Box = {
    id: "images",
    title: `one pipeline an image; its tasks share a volume of ${volume}`,
    content: of(ofClass("MultiArchBuild")),
  };
  const content: (Card | Box)[] = [
    {
      id: "account",
      title: `AWS account, ${region}`,
      content: [
        ...of(inFolder("infra")),
        {
          id: "openshift",
          title: `OpenShift cluster ${identity?.inputs.environment.CLUSTER}`,
          content: [
            { id: "nodes", title: "nodes", content: of(ofClass("MachinePool")) },
            ...of(inFolder("cluster"), not(ofClass("MachinePool"))),
            {
              id: "namespace",
              title: `namespace ${namespace}`,
              content: [...of(inFolder("tekton"), not(ofClass("MultiArchBuild"))), images],
            },
          ],
        },
      ],
    },
    ...registries(runs),
  ];
  return {
    content,
    arrows: [...arrows(parts, content), ...registries(runs).map(({ name }) => ({ from: "images", to: name, text: "push" }))],
  };
}

/** A component's own resources: its children, theirs, and what is named after it without being its child. */
function partsOf(graph: Graph, component: Registered): Registered[] {
  const parts = [component];
  for (const resource of graph.resources) {
    const { parent, type } = resource;
    const child = parts.some((part) => part.name === parent && !part.custom) && resource !== component;
    const named =
      parent === component.parent &&
      resource.custom &&
      (resource.name === component.name || resource.name.startsWith(`${component.name}-`));
    if (child || (named && type !== component.type)) parts.push(resource);
  }
  return parts;
}

function registries(runs: readonly Registered[]): Card[] {
  const images = runs.map(({ inputs }) => param(inputs, "image"));
  const hosts = [...new Set(images.map((image) => image.split("/")[0]))];
  return hosts.map((host) => ({
    name: host,
    type: "container registry",
    lines: images.filter((image) => image.startsWith(`${host}/`)).map((image) => image.slice(host.length + 1)),
  }));
}

const param = (run: { spec: { params: { name: string; value: string }[] } }, name: string): string =>
  run.spec.params.find((candidate) => candidate.name === name)?.value ?? "";

/** Who waits for whom, without what follows from the rest; what all of a box wait for is one arrow to the box. */
function arrows(parts: ReadonlyMap<string, readonly Registered[]>, content: readonly (Card | Box)[]): Model["arrows"] {
  const owner = new Map([...parts].flatMap(([name, owned]) => owned.map(({ urn }) => [urn, name] as const)));
  const direct = new Map(
    [...parts].map(([name, owned]) => {
      const before = owned.flatMap(({ after }) => after.map((urn) => owner.get(urn)));
      return [name, new Set(before.filter((other): other is string => other !== undefined && other !== name))];
    }),
  );
  const all = (name: string): Set<string> => new Set([...(direct.get(name) ?? [])].flatMap((before) => [before, ...all(before)]));
  const needed = new Map(
    [...direct].map(([name, before]) => [name, [...before].filter((one) => ![...before].some((other) => all(other).has(one)))]),
  );
  const found: { from: string; to: string }[] = [];
  const draw = (part: Card | Box, drawn: ReadonlySet<string>): void => {
    if (!isBox(part)) {
      for (const from of needed.get(part.name) ?? []) if (!drawn.has(from)) found.push({ from, to: part.name });
      return;
    }
    const members = names(part);
    const outside = members.map((name) => new Set([...all(name)].filter((before) => !members.includes(before))));
    const shared = [...(outside[0] ?? [])].filter((before) => outside.every((set) => set.has(before)));
    const last = shared.filter((one) => !drawn.has(one) && !shared.some((other) => all(other).has(one)));
    for (const from of last) found.push({ from, to: part.id });
    for (const inner of part.content) draw(inner, new Set([...drawn, ...shared]));
  };
  for (const part of content) draw(part, new Set());
  return found;
}

const names = (part: Card | Box): string[] => (isBox(part) ? part.content.flatMap(names) : [part.name]);

/** What a card says of its component: facts of its resources, in the words of their own fields. */
function card(component: Registered, parts: readonly Registered[]): Card {
  const kinds = parts.map(({ inputs, type }) => ({ type, kind: inputs?.kind ?? type.split(":").at(-1), inputs }));
  const lines: string[] = [];
  const stages = parts.flatMap(({ inputs }) => /infra\/stages\/([a-z]+)\.sh/.exec(inputs?.create ?? "")?.[1] ?? []);
  const guarded = parts.flatMap(({ inputs }) => /infra\/stages\/(destroy)\.sh/.exec(inputs?.delete ?? "")?.[1] ?? []);
  const config = parts.map(({ inputs }) => inputs?.environment?.INSTALL_CONFIG).find((text) => text !== undefined);
  if (config) {
    const { controlPlane } = JSON.parse(config);
    const { type, zones } = controlPlane.platform.aws;
    lines.push(`openshift-install ${parts.map(({ inputs }) => inputs?.environment?.OPENSHIFT_VERSION).find(Boolean)}`);
    lines.push(`${controlPlane.replicas} control-plane node, ${type}, ${zones.join(", ")}`);
    lines.push(`${[...new Set(stages)].join(" → ")}; removed by ${guarded.join(", ")}`);
  }
  for (const { type, kind, inputs } of kinds) {
    if (kind === "FileSystem") lines.push(`EFS, ${inputs.encrypted ? "encrypted" : "NOT ENCRYPTED"}, ${inputs.throughputMode} throughput`);
    if (kind === "MachineSet") lines.push(machines(inputs));
    if (kind === "Subscription") lines.push(`${inputs.spec.name}, ${inputs.spec.channel}`);
    if (kind === "StorageClass") lines.push(`StorageClass ${inputs.metadata.name}: an access point a claim`);
    if (kind === "TektonConfig") lines.push(`TektonConfig, ${inputs.spec.pruner.keep} runs an image kept`);
    if (inputs?.environment?.VERSION) lines.push(`OpenShift ${inputs.environment.VERSION}`);
    if (type.endsWith(":SecretPatch")) lines.push(`${inputs.metadata.namespace}/${inputs.metadata.name}`);
  }
  const targets = parts.filter(({ type }) => type.endsWith(":MountTarget"));
  if (targets.length > 0) lines.push(`mount targets in ${targets.map(({ name }) => name.slice(component.name.length + 1)).join(", ")}`);
  const rules = parts.filter(({ type }) => type.endsWith(":SecurityGroupIngressRule"));
  if (rules.length > 0) lines.push(`tcp ${rules[0].inputs.toPort} from the nodes' security group alone`);
  const tasks = kinds.filter(({ kind }) => kind === "Task").map(({ inputs }) => inputs.metadata.name);
  if (tasks.length > 0) lines.push(`tasks ${tasks.join(", ")}`);
  const count = (kind: string) => kinds.filter((one) => one.kind === kind).length;
  if (count("ServiceAccount") > 0)
    lines.push(`${count("ServiceAccount")} service accounts, ${count("Secret")} Secrets, quota, no ingress, level baseline`);
  const pipeline = kinds.find(({ kind }) => kind === "Pipeline");
  const run = kinds.find(({ kind }) => kind === "PipelineRun");
  const architecture = parts
    .map(({ inputs }) => inputs?.metadata?.name)
    .join(" ")
    .match(/amd64|arm64/)?.[0];
  return {
    name: component.name,
    type: classOf(component),
    lines,
    ...(classOf(component) === "MachinePool" && { architecture }),
    ...(pipeline && run && { steps: steps(pipeline.inputs, run.inputs) }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a MachineSet as the graph has it.
function machines({ spec }: any): string {
  const { instanceType, placement } = spec.template.spec.providerSpec.value;
  return `${placement.availabilityZone}: ${spec.replicas} × ${instanceType}`;
}

interface PipelineObject {
  readonly spec: { readonly tasks: readonly { readonly name: string; readonly runAfter?: readonly string[] }[] };
}
interface RunObject {
  readonly spec: {
    readonly taskRunSpecs: readonly {
      readonly pipelineTaskName: string;
      readonly podTemplate?: { readonly nodeSelector?: Record<string, string> };
    }[];
  };
}

function steps({ spec: { tasks } }: PipelineObject, run: RunObject): Step[] {
  return tasks.map(({ name, runAfter = [] }) => {
    const pod = run.spec.taskRunSpecs.find(({ pipelineTaskName }) => pipelineTaskName === name)?.podTemplate;
    return { name, after: runAfter, architecture: pod?.nodeSelector?.["kubernetes.io/arch"] };
  });
}
