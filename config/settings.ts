import type * as pulumi from "@pulumi/pulumi";
import * as z from "zod";
import type { Architecture } from "./architecture";
import { architectureOfInstanceType, architectures, cpusOfInstanceType, isInstanceType } from "./architecture";
import type { AwsCredentials } from "./aws";
import { defaults } from "./defaults";
import { UserMistake } from "./mistake";
import { overlap, parseNetwork, reservedNetworks } from "./networks";
import { nearest } from "./suggest";

export type { Architecture } from "./architecture";
export { architectures, machineArchitecture } from "./architecture";

/** Minor versions of OpenShift 4 whose installer this program knows. */
export const supportedMinors = { first: 15, last: 22 } as const;

// ---------------------------------------------------------------- the parts of a stack's configuration
// The error text of every part says what would be right; `parseSettings` puts key and value in front of it.

const text = (pattern: RegExp, right: string) => z.string({ error: right }).regex(pattern, { error: right });
const whole = (right: string, min: number, max: number) => z.int({ error: right }).min(min, { error: right }).max(max, { error: right });

const label = "lower-case letters, digits and dashes, with a letter first";
const instanceType = z.string({ error: 'an EC2 instance type such as "m6a.2xlarge"' }).refine(isInstanceType, {
  error: 'an EC2 instance type such as "m6a.2xlarge" (amd64) or "m7g.2xlarge" (arm64)',
});
const zoneName = text(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'an availability zone such as "eu-west-3a"');
const cidr = z.string({ error: 'an IPv4 network such as "10.0.0.0/16"' }).refine((value) => parseNetwork(value) !== undefined, {
  error: 'an IPv4 network such as "10.0.0.0/16", with no bit set behind the prefix',
});

const volumeTypes = ["gp3", "gp2", "io1", "io2"] as const;
const rootVolume = (minimum: number) =>
  z.strictObject(
    {
      type: z.enum(volumeTypes, { error: `one of ${volumeTypes.join(", ")}` }).default("gp3"),
      size: whole(`the size in GiB, from ${minimum} to 16384`, minimum, 16384),
      iops: whole("operations a second, from 100 to 64000", 100, 64000).optional(),
    },
    { error: "an object with type, size (GiB) and iops" },
  );

/** Where AWS keeps a tag for itself or the cluster's destroyer looks for what to delete. */
const reservedTag = /^(?:Name$|aws:|kubernetes\.io\/|openshiftClusterID$|openshift\.io\/|sigs\.k8s\.io\/)/;
const tags = z
  .record(
    z.string().regex(/^[\p{L}\p{N} _.:/=+\-@]{1,128}$/u, { error: "a tag key of 1 to 128 letters, digits and _.:/=+-@" }),
    z.string({ error: "a text" }).max(256, { error: "a text of at most 256 characters" }),
    { error: "an object of tag keys and texts" },
  )
  .superRefine((value, context) => {
    if (Object.keys(value).length > 25) context.addIssue({ code: "custom", message: "at most 25 tags" });
    for (const key of Object.keys(value).filter((name) => reservedTag.test(name))) {
      context.addIssue({
        code: "custom",
        path: [key],
        message: "another key: this one belongs to AWS, to the installer or to its destroyer",
      });
    }
  });

const versionText = `a full OpenShift version from 4.${supportedMinors.first} to 4.${supportedMinors.last}, in quotes, such as "4.19.42"`;
const version = text(/^\d+\.\d+\.\d+(?:-rc\.\d+)?$/, versionText).refine((value) => {
  const [major, minor] = value.split(".").map(Number);
  return major === 4 && minor !== undefined && minor >= supportedMinors.first && minor <= supportedMinors.last;
}, versionText);

const httpsUrl = (right: string, path: boolean) =>
  z.string({ error: right }).refine(
    (value) => {
      if (!URL.canParse(value)) return false;
      const url = new URL(value);
      return url.protocol === "https:" && url.username === "" && url.search === "" && (path || url.pathname === "/");
    },
    { error: right },
  );

const cluster = z.strictObject(
  {
    name: text(/^(?=.{1,54}$)[a-z](?:[a-z0-9-]*[a-z0-9])?$/, `${label}, at most 54 characters, such as "multiarch"`),
    baseDomain: text(
      /^(?=.{4,200}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/,
      'the name of a public hosted zone of the account, such as "example.com"',
    ),
    version,
    controlPlane: z
      .strictObject(
        {
          instanceType: instanceType.default(defaults.controlPlane.instanceType),
          zone: zoneName.optional(),
          rootVolume: rootVolume(120).default(defaults.controlPlane.rootVolume),
        },
        { error: "an object with instanceType, zone and rootVolume" },
      )
      .prefault({}),
    networks: z
      .strictObject(
        {
          machine: cidr.default(defaults.networks.machine),
          cluster: cidr.default(defaults.networks.cluster),
          hostPrefix: whole("the prefix of one node's part of the cluster network, from 16 to 28", 16, 28).default(
            defaults.networks.hostPrefix,
          ),
          service: cidr.default(defaults.networks.service),
        },
        { error: "an object with machine, cluster, hostPrefix and service" },
      )
      .prefault({}),
    tags: tags.default({}),
    sshKey: text(
      /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]+=*(?: .*)?\n?$/,
      'one public SSH key, such as "ssh-ed25519 AAAA... you@example.com"',
    ).optional(),
    serviceEndpoints: z
      .array(
        z.strictObject(
          {
            name: text(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'the name of an AWS service, such as "ec2"'),
            url: httpsUrl("an https:// address without a path (the installer accepts nothing else)", false),
          },
          { error: "an object with name and url" },
        ),
        { error: "a list of objects with name and url" },
      )
      .optional(),
    mirror: httpsUrl(`an https:// address that holds openshift-v4, such as "${defaults.mirror}"`, true).default(defaults.mirror),
    destroyMinutes: whole("minutes that the removal of the cluster may take, from 10 to 600", 10, 600).default(defaults.destroyMinutes),
  },
  { error: "an object with at least name, baseDomain and version" },
);

const pool = z.strictObject(
  {
    architecture: z.enum(architectures, { error: `one of ${architectures.join(", ")}` }),
    instanceType,
    zones: z
      .array(
        z.strictObject(
          { name: zoneName, replicas: whole("the number of nodes in the zone, from 0 to 100", 0, 100).default(0) },
          { error: 'an object with name and replicas, such as {name: "eu-west-3a", replicas: 1}' },
        ),
        { error: "a list of objects with name and replicas" },
      )
      .min(1, { error: "at least one zone" }),
    rootVolume: rootVolume(100).optional(),
  },
  { error: "an object with architecture, instanceType and zones" },
);

const lifecycles = [1, 7, 14, 30, 60, 90, 180, 270, 365].map((days) => `AFTER_${days}_DAY${days === 1 ? "" : "S"}`) as [
  string,
  ...string[],
];
const fileSystem = z
  .strictObject(
    {
      lifecycle: z
        .enum([...lifecycles, "NEVER"] as [string, ...string[]], {
          error: `when unused files move to the cheaper class: NEVER, ${lifecycles.join(", ")}`,
        })
        .default(defaults.fileSystem.lifecycle),
      tags: tags.default({}),
    },
    { error: "an object with lifecycle and tags" },
  )
  .prefault({});

const pipelines = z
  .strictObject(
    {
      channel: text(/^(?:latest|pipelines-\d+\.\d+)$/, '"latest" or a channel of OpenShift Pipelines such as "pipelines-1.21"').default(
        defaults.pipelines.channel,
      ),
      keep: whole("the number of finished runs to keep, from 1 to 1000", 1, 1000).default(defaults.pipelines.keep),
    },
    { error: "an object with channel and keep" },
  )
  .prefault({});

const registryHost = "(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\\d{1,5})?)";
const repositoryPath = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*";
const imageTag = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}";
const imageReference = new RegExp(`^(${registryHost})/(${repositoryPath})(?::(${imageTag}))?$`);
const imageWithDigest = new RegExp(`^${registryHost}/${repositoryPath}(?::${imageTag}|(?::${imageTag})?@sha256:[0-9a-f]{64})$`);
const hasRegistry = (image: string) => /^(?:localhost|[^/]*[.:][^/]*)\//.test(image);

const taskImage = (image: string) =>
  z
    .string({ error: `an image with registry and tag or digest, such as "${image}"` })
    .refine((value) => imageWithDigest.test(value) && hasRegistry(value), {
      error: `an image with registry and tag or digest, such as "${image}"`,
    })
    .default(image);
const namespace = z
  .strictObject(
    {
      name: text(
        /^(?!default$|openshift$|openshift-|kube-)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
        `${label}, at most 63 characters, not one of the cluster's own (openshift-*, kube-*, default)`,
      ).default(defaults.namespace.name),
      taskImages: z
        .strictObject(
          {
            buildah: taskImage(defaults.namespace.taskImages.buildah),
            nodejs: taskImage(defaults.namespace.taskImages.nodejs),
            maven: taskImage(defaults.namespace.taskImages.maven),
          },
          { error: "an object with buildah, nodejs and maven" },
        )
        .prefault({}),
    },
    { error: "an object with name and taskImages" },
  )
  .prefault({});

const insideRepository = (right: string) =>
  z
    .string({ error: right })
    .refine(
      (value) => /^[A-Za-z0-9._@+/-]+$/.test(value) && !value.startsWith("/") && !value.startsWith("-") && !value.split("/").includes(".."),
      {
        error: right,
      },
    );
const pipelineKinds = ["containerfile", "nodejs", "quarkus"] as const;
const gitUrlText = 'an https://, http:// or git:// address without user and password, such as "https://github.com/example/app.git"';
const build = z.strictObject(
  {
    name: text(/^(?=.{1,40}$)[a-z](?:[a-z0-9-]*[a-z0-9])?$/, `${label}, at most 40 characters`),
    pipeline: z.enum(pipelineKinds, { error: `one of ${pipelineKinds.join(", ")}` }),
    repository: z.string({ error: gitUrlText }).refine(
      (value) => {
        if (!/^(?:https?|git):\/\/[^\s/]+\/\S+$/.test(value) || !URL.canParse(value)) return false;
        const url = new URL(value);
        return url.username === "" && url.password === "";
      },
      { error: gitUrlText },
    ),
    revision: text(/^(?!-)(?!.*\.\.)[A-Za-z0-9._/+@-]{1,250}$/, "a branch, a tag or a commit").default(defaults.build.revision),
    context: insideRepository("a folder of the repository, relative and without ..").default(defaults.build.context),
    containerfile: insideRepository("a file below the context, relative and without ..").default(defaults.build.containerfile),
    image: z
      .string({ error: 'where to push, such as "quay.io/example/app:latest"' })
      .refine((value) => imageReference.test(value) && hasRegistry(value), {
        error: 'registry, lower-case repository and tag, without a digest, such as "quay.io/example/app:latest"',
      })
      .transform((value) => (imageReference.exec(value)?.[3] === undefined ? `${value}:latest` : value)),
  },
  { error: "an object with name, pipeline, repository and image" },
);

const schema = z.strictObject({
  cluster,
  pools: z.array(pool, { error: "a list with one object for each architecture" }).min(1, { error: "at least one pool" }),
  fileSystem,
  pipelines,
  namespace,
  builds: z.array(build, { error: "a list of objects with name, pipeline, repository and image" }).default([]),
});

// ---------------------------------------------------------------- secrets

const base64 = /^[A-Za-z0-9+/]+=*$/;
type Parsed = { readonly problem: string } | { readonly value: Record<string, Record<string, unknown>> };
function authsOf(secret: string): Parsed {
  let parsed: unknown;
  try {
    parsed = JSON.parse(secret);
  } catch {
    return { problem: "it is not JSON" };
  }
  const auths = isObject(parsed) ? parsed.auths : undefined;
  if (!isObject(auths) || Object.keys(auths).length === 0) return { problem: 'it has no registries under "auths"' };
  for (const [registry, entry] of Object.entries(auths)) {
    if (!isObject(entry)) return { problem: `its entry for ${registry} is no object` };
  }
  return { value: auths as Record<string, Record<string, unknown>> };
}

/** What is wrong with the pull secret of console.redhat.com; undefined when it has the right form. Names no part of its value. */
export function pullSecretProblem(secret: string): string | undefined {
  const parsed = authsOf(secret);
  if ("problem" in parsed) return parsed.problem;
  for (const [registry, entry] of Object.entries(parsed.value)) {
    const valid = (typeof entry.auth === "string" && base64.test(entry.auth)) || typeof entry.credsStore === "string";
    if (!valid) return `its entry for ${registry} has no base64 "auth"`;
  }
  return undefined;
}

/** What is wrong with a `kubernetes.io/dockerconfigjson`; undefined when it has the right form. Names no part of its value. */
export function registryCredentialsProblem(secret: string): string | undefined {
  const parsed = authsOf(secret);
  if ("problem" in parsed) return parsed.problem;
  for (const [registry, entry] of Object.entries(parsed.value)) {
    const pair = typeof entry.username === "string" && typeof entry.password === "string";
    const encoded = typeof entry.auth === "string" && base64.test(entry.auth) && Buffer.from(entry.auth, "base64").includes(":");
    if (!pair && !encoded) return `its entry for ${registry} has neither "auth" (base64 of user:password) nor "username" and "password"`;
  }
  return undefined;
}

const secretKeys = {
  pullSecret: {
    required: true,
    right: "the pull secret of console.redhat.com/openshift/install/pull-secret, whole",
    problem: pullSecretProblem,
  },
  registryCredentials: {
    required: true,
    right: "a Docker config.json with the registries that builds push to",
    problem: registryCredentialsProblem,
  },
  npmrc: {
    required: false,
    right: "the text of an .npmrc file",
    problem: (value: string) => (value.trim() === "" ? "it is empty" : undefined),
  },
  mavenSettings: {
    required: false,
    right: "the text of a settings.xml file",
    problem: (value: string) => (/<settings[\s>]/.test(value) ? undefined : "it has no <settings> element"),
  },
} as const;

/** Keys of the stack configuration whose values are secrets. */
export type SecretKey = keyof typeof secretKeys;

// ---------------------------------------------------------------- settings

type ClusterPart = z.output<typeof cluster>;

/** Everything about the cluster that is not secret. */
export interface PlainClusterSettings extends Omit<ClusterPart, "controlPlane"> {
  readonly region: string;
  /** Zones of all pools and of the control plane, sorted: the installer makes a subnet in each. */
  readonly zones: string[];
  readonly controlPlane: Required<ClusterPart["controlPlane"]>;
  /** Type of the installer's own worker pool, which stays at no node; the first of the amd64 pool, else the control plane's. */
  readonly workerInstanceType: string;
}
export interface FileSystemSettings {
  readonly zones: string[];
  /** When unused files move to the cheaper storage class: `AFTER_30_DAYS` and the like, or `NEVER`. */
  readonly lifecycle: string;
  /** OpenShift version: the names of the nodes' security groups follow it. */
  readonly version: string;
  readonly tags: Record<string, string>;
}
export type PoolSettings = z.output<typeof pool>;
export type PipelinesSettings = z.output<typeof pipelines>;
export type PlainNamespaceSettings = z.output<typeof namespace>;
export type BuildSettings = z.output<typeof build>;

/** The part of the settings that may be printed. */
export interface PlainSettings {
  readonly cluster: PlainClusterSettings;
  readonly fileSystem: FileSystemSettings;
  readonly pools: PoolSettings[];
  /** Architectures of the pools, each once, in the order of the pools: every image is built for all of them. */
  readonly architectures: Architecture[];
  readonly pipelines: PipelinesSettings;
  readonly namespace: PlainNamespaceSettings;
  readonly builds: BuildSettings[];
}

export interface ClusterSettings extends PlainClusterSettings {
  readonly pullSecret: pulumi.Output<string>;
  readonly credentials: AwsCredentials;
}
export interface NamespaceSettings extends PlainNamespaceSettings {
  /** A `kubernetes.io/dockerconfigjson`. */
  readonly registryCredentials: pulumi.Output<string>;
  readonly npmrc?: pulumi.Output<string>;
  readonly mavenSettings?: pulumi.Output<string>;
}
/** One stack's configuration, checked and complete. */
export interface Settings extends Omit<PlainSettings, "cluster" | "namespace"> {
  readonly cluster: ClusterSettings;
  readonly namespace: NamespaceSettings;
}

/** A stack's configuration as it was written: objects are parsed JSON, secrets are plain text. */
export interface RawSettings {
  /** `aws:region`. */
  readonly region?: unknown;
  /** The keys of the project's own namespace. */
  readonly values: Readonly<Record<string, unknown>>;
}

export interface ParsedSettings {
  readonly settings: PlainSettings;
  /** What works, but is probably not what the user wants. */
  readonly warnings: string[];
}

/**
 * Checks a whole configuration and fills in the defaults.
 * @throws UserMistake that lists every problem: key, value and what would be right. Secret values are never in it.
 */
export function parseSettings(raw: RawSettings): ParsedSettings {
  const problems: string[] = [];
  const problem = (path: readonly PropertyKey[], right: string) =>
    problems.push(`${keyOf(path)} ${valueAt(raw.values, path)}; expected ${right}`);

  const open = Object.fromEntries(Object.entries(raw.values).filter(([key]) => !(key in secretKeys)));
  const result = schema.safeParse(open);
  for (const issue of result.error?.issues ?? []) {
    if (issue.code === "unrecognized_keys") {
      const known = knownKeys(issue.path);
      for (const key of issue.keys) {
        const meant = nearest(key, known);
        problems.push(
          `${keyOf([...issue.path, key])} is not a setting; ${meant ? `did you mean ${meant}?` : `known here: ${known.join(", ")}`}`,
        );
      }
    } else problem(issue.path, issue.message);
  }

  for (const [key, { required, right, problem: check }] of Object.entries(secretKeys)) {
    const value = raw.values[key];
    if (value === undefined) {
      if (required) problems.push(`${key} is missing; expected ${right}: pulumi config set --secret ${key} < FILE`);
    } else {
      const wrong = check(typeof value === "string" ? value : JSON.stringify(value));
      if (wrong) problems.push(`${key} is (secret), but ${wrong}; expected ${right}`);
    }
  }

  const region = typeof raw.region === "string" && /^[a-z]{2}(?:-[a-z]+)+-\d$/.test(raw.region) ? raw.region : undefined;
  if (!region) {
    problems.push(
      `aws:region ${raw.region === undefined ? "is missing" : `is ${show(raw.region)}`}; expected a region such as "eu-west-3": pulumi config set aws:region eu-west-3`,
    );
  }
  const warnings: string[] = [];
  crossCheck(raw.values, region, problem, warnings);

  if (problems.length > 0 || !result.success || !region) {
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new UserMistake(`The stack's configuration has ${count}:\n${problems.map((line) => `  - ${line}`).join("\n")}`);
  }
  return { settings: complete(result.data, region), warnings };
}

function complete(parsed: z.output<typeof schema>, region: string): PlainSettings {
  const amd64 = parsed.pools.find((candidate) => candidate.architecture === "amd64");
  const controlZone = parsed.cluster.controlPlane.zone ?? (amd64 ?? parsed.pools[0])?.zones[0]?.name ?? "";
  const zones = [...new Set([controlZone, ...parsed.pools.flatMap((candidate) => candidate.zones.map((zone) => zone.name))])].sort();
  return {
    ...parsed,
    cluster: {
      ...parsed.cluster,
      region,
      zones,
      controlPlane: { ...parsed.cluster.controlPlane, zone: controlZone },
      workerInstanceType: amd64?.instanceType ?? parsed.cluster.controlPlane.instanceType,
    },
    fileSystem: {
      ...parsed.fileSystem,
      zones,
      version: parsed.cluster.version,
      tags: { ...parsed.cluster.tags, ...parsed.fileSystem.tags },
    },
    architectures: parsed.pools.map((candidate) => candidate.architecture),
  };
}

// Rules between several values. They look at the raw values, so that they also hold where another value is wrong.
function crossCheck(
  values: RawSettings["values"],
  region: string | undefined,
  problem: (path: PropertyKey[], right: string) => void,
  warnings: string[],
): void {
  const pools = list(values.pools);
  const control = at(values.cluster, ["controlPlane"]);

  const zonePaths: PropertyKey[][] = [["cluster", "controlPlane", "zone"]];
  pools.forEach((candidate, i) => {
    for (const j of list(at(candidate, ["zones"])).keys()) zonePaths.push(["pools", i, "zones", j, "name"]);
  });
  for (const path of zonePaths) {
    const zone = at(values, path);
    if (region && typeof zone === "string" && zoneName.safeParse(zone).success && zone.slice(0, -1) !== region) {
      problem(path, `a zone of the region ${region} (aws:region), such as "${region}a"`);
    }
  }

  unique(
    pools.map((candidate, i) => [["pools", i, "architecture"], at(candidate, ["architecture"])]),
    (path, first) => problem(path, `an architecture that no other pool has (${keyOf(first)}); one pool may span many zones`),
  );
  pools.forEach((candidate, i) => {
    unique(
      list(at(candidate, ["zones"])).map((zone, j) => [["pools", i, "zones", j, "name"], at(zone, ["name"])]),
      (path, first) =>
        problem(path, `a zone that the pool does not have yet (${keyOf(first)}); one entry with more replicas does the same`),
    );
    const architecture = at(candidate, ["architecture"]);
    const type = at(candidate, ["instanceType"]);
    if (
      typeof type === "string" &&
      isInstanceType(type) &&
      architectures.includes(architecture as Architecture) &&
      architectureOfInstanceType(type) !== architecture
    ) {
      problem(["pools", i, "instanceType"], wrongArchitecture(architecture as Architecture));
    }
    checkVolume(candidate, ["pools", i, "rootVolume"], ["rootVolume"], problem);
  });

  const controlType = at(control, ["instanceType"]);
  if (typeof controlType === "string" && isInstanceType(controlType)) {
    if (architectureOfInstanceType(controlType) !== "amd64")
      problem(["cluster", "controlPlane", "instanceType"], wrongArchitecture("amd64"));
    const cpus = cpusOfInstanceType(controlType);
    if (cpus !== undefined && cpus < 8) {
      problem(
        ["cluster", "controlPlane", "instanceType"],
        `a 2xlarge or larger: a single-node control plane needs 8 vCPUs, this type has ${cpus}`,
      );
    }
  }
  checkVolume(control, ["cluster", "controlPlane", "rootVolume"], ["rootVolume"], problem);

  const nodes = pools
    .flatMap((candidate) => list(at(candidate, ["zones"])))
    .reduce((sum: number, zone) => {
      const replicas = at(zone, ["replicas"]);
      return sum + (typeof replicas === "number" ? replicas : 0);
    }, 0);
  if (nodes > 2) {
    warnings.push(
      `The pools have ${nodes} nodes together. Red Hat has tested a single-node control plane with two; give cluster.controlPlane a larger type and watch it.`,
    );
  }

  checkNetworks(at(values.cluster, ["networks"]), problem);

  const builds = list(values.builds);
  unique(
    builds.map((candidate, i) => [["builds", i, "name"], at(candidate, ["name"])]),
    (path, first) => problem(path, `a name that no other build has (${keyOf(first)})`),
  );
  unique(
    builds.map((candidate, i) => [["builds", i, "image"], at(candidate, ["image"])]),
    (path, first) => problem(path, `an image that no other build pushes (${keyOf(first)})`),
  );
  warnAboutRegistries(values.registryCredentials, builds, warnings);
}

const wrongArchitecture = (wanted: Architecture) =>
  wanted === "amd64"
    ? 'an amd64 (x86_64) type, such as "m6a.2xlarge": this is a Graviton type, whose processor is arm64'
    : 'an arm64 (Graviton) type, such as "m7g.2xlarge", told by the g behind the generation number: this type\'s processor is amd64';

function checkVolume(
  parent: unknown,
  path: PropertyKey[],
  inside: PropertyKey[],
  problem: (path: PropertyKey[], right: string) => void,
): void {
  const volume = at(parent, inside);
  if (!isObject(volume)) return;
  const { type = "gp3", size, iops } = volume;
  if ((type === "io1" || type === "io2") && iops === undefined) problem([...path, "iops"], `a number: ${type} volumes have no default`);
  if (type === "gp2" && iops !== undefined) problem([...path, "iops"], "nothing: gp2 volumes get theirs from the size; gp3 takes a number");
  if (type === "gp3" && typeof iops === "number" && (iops < 3000 || iops > 16000)) problem([...path, "iops"], "3000 to 16000 for gp3");
  const perGiB = { io1: 50, io2: 500, gp3: 500 }[String(type)];
  if (perGiB && typeof iops === "number" && typeof size === "number" && iops > size * perGiB) {
    problem([...path, "iops"], `at most ${perGiB} for each GiB of size, here ${size * perGiB}`);
  }
}

function checkNetworks(raw: unknown, problem: (path: PropertyKey[], right: string) => void): void {
  const networks = { ...defaults.networks, ...(isObject(raw) ? raw : {}) } as Record<string, unknown>;
  const known = (["machine", "cluster", "service"] as const).flatMap((name) => {
    const value = networks[name];
    const network = typeof value === "string" ? parseNetwork(value) : undefined;
    return network ? [{ name, value, network }] : [];
  });
  known.forEach((one, i) => {
    for (const other of known.slice(0, i)) {
      if (overlap(one.network, other.network))
        problem(["cluster", "networks", one.name], `a network that shares no address with ${other.name} (${other.value})`);
    }
    for (const [use, text] of Object.entries(reservedNetworks)) {
      const reserved = parseNetwork(text);
      if (reserved && overlap(one.network, reserved)) {
        problem(["cluster", "networks", one.name], `a network that shares no address with ${text}, the cluster's own ${use} network`);
      }
    }
    if (one.name === "machine" && (one.network.prefix < 16 || one.network.prefix > 24)) {
      problem(
        ["cluster", "networks", "machine"],
        "a prefix from 16 (the most that a VPC takes) to 24 (room for the subnets of three zones)",
      );
    }
    if (one.name === "cluster" && typeof networks.hostPrefix === "number" && networks.hostPrefix < one.network.prefix + 2) {
      problem(["cluster", "networks", "hostPrefix"], `at least ${one.network.prefix + 2}, so that ${one.value} has parts for four nodes`);
    }
  });
}

function warnAboutRegistries(credentials: unknown, builds: unknown[], warnings: string[]): void {
  const parsed = typeof credentials === "string" ? authsOf(credentials) : undefined;
  if (!parsed || !("value" in parsed)) return;
  const hosts = new Set(Object.keys(parsed.value).map((key) => key.replace(/^https?:\/\//, "").split("/")[0]));
  builds.forEach((candidate, i) => {
    const image = at(candidate, ["image"]);
    const host = typeof image === "string" ? image.split("/")[0] : undefined;
    if (host && !hosts.has(host) && !(host === "docker.io" && hosts.has("index.docker.io"))) {
      warnings.push(`builds[${i}].image goes to ${host}, for which registryCredentials has no entry: the push will be anonymous.`);
    }
  });
}

// ---------------------------------------------------------------- paths and values

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inside, key) => (typeof inside === "object" && inside !== null ? (inside as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}

function unique(entries: [PropertyKey[], unknown][], found: (path: PropertyKey[], first: PropertyKey[]) => void): void {
  const seen = new Map<unknown, PropertyKey[]>();
  for (const [path, value] of entries) {
    const first = seen.get(value);
    if (value !== undefined && first) found(path, first);
    else seen.set(value, path);
  }
}

const keyOf = (path: readonly PropertyKey[]) =>
  path.reduce<string>(
    (key, part) => (typeof part === "number" ? `${key}[${part}]` : key === "" ? String(part) : `${key}.${String(part)}`),
    "",
  );

function show(value: unknown): string {
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
}

function valueAt(values: unknown, path: readonly PropertyKey[]): string {
  const value = at(values, path);
  return value === undefined ? "is missing" : `is ${show(value)}`;
}

/** Names that the object at a path of the configuration may have. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let part: z.core.$ZodType = schema;
  for (const key of [...path, undefined]) {
    while ("innerType" in part._zod.def) part = part._zod.def.innerType as z.core.$ZodType;
    if (key === undefined) break;
    if (part instanceof z.ZodArray) part = part.element as z.core.$ZodType;
    else if (part instanceof z.ZodObject) part = part.shape[String(key)] as z.core.$ZodType;
  }
  const keys = part instanceof z.ZodObject ? Object.keys(part.shape) : [];
  return path.length === 0 ? [...keys, ...Object.keys(secretKeys)] : keys;
}
