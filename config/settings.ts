import type * as pulumi from "@pulumi/pulumi";
import { type Architecture, architectures } from "./architecture";
import type { AwsCredentials } from "./aws";
import { crossCheck } from "./checks";
import { credentialsOf, needsCredentials } from "./git-credentials";
import { UserMistake } from "./mistake";
import { at, keyOf } from "./paths";
import { Redactor } from "./redact";
import { awsKeys, completeBuild, knownKeys, type Parsed, schema } from "./schema";
import { makesKeys } from "./schema/pipelines";
import { secretKeys } from "./secrets";
import { strayKeys, withoutPath } from "./stray-keys";
import { nearest } from "./suggest";

export type { Architecture } from "./architecture";

type ClusterPart = Parsed["cluster"];

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
export type PoolSettings = Parsed["pools"][number];
export type PlainPipelinesSettings = Parsed["pipelines"];
export type PlainNamespaceSettings = Parsed["namespace"];
export type BuildSettings = ReturnType<typeof completeBuild>;

/** The part of the settings that may be printed. */
export interface PlainSettings {
  readonly cluster: PlainClusterSettings;
  readonly fileSystem: FileSystemSettings;
  readonly pools: PoolSettings[];
  /** Architectures of the pools, each once, in an order of their own: every image is built for all of them. */
  readonly architectures: Architecture[];
  readonly pipelines: PlainPipelinesSettings;
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
  /** By names of the files. */
  readonly rhelEntitlement?: pulumi.Output<Record<string, string>>;
  /** By names of builds, then of secrets. */
  readonly buildSecrets: Record<string, pulumi.Output<Record<string, string>>>;
  /** By names of the files. */
  readonly gitCredentials?: pulumi.Output<Record<string, string>>;
  /** By names of builds, which have these in the place of the stack's; then of the files. */
  readonly buildGitCredentials: Record<string, pulumi.Output<Record<string, string>>>;
}
export interface PipelinesSettings extends PlainPipelinesSettings {
  /** PKCS#8 as PEM. */
  readonly signingPrivateKey?: pulumi.Output<string>;
}
/** One stack's configuration, checked and complete. */
export interface Settings extends Omit<PlainSettings, "cluster" | "namespace" | "pipelines"> {
  readonly cluster: ClusterSettings;
  readonly pipelines: PipelinesSettings;
  readonly namespace: NamespaceSettings;
}

/** A stack's configuration as it was written: objects are parsed JSON, secrets are plain text. */
export interface RawSettings {
  /** `aws:region`. */
  readonly region?: unknown;
  /** The keys of Pulumi's AWS provider, but for the region. */
  readonly aws?: Readonly<Record<string, unknown>>;
  /** The keys of the project's own namespace. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Keys of all namespaces, as `namespace:key`, and the project's own namespace. @default none */
  readonly keys?: readonly string[];
  readonly project?: string;
  /** Keys of the project's own namespace that are encrypted in the stack's file, beside those that are secret anyway. */
  readonly encrypted?: readonly string[];
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
  const { values, aws = {}, encrypted = [], keys = [], project = "" } = raw;
  const given: Readonly<Record<string, unknown>> = {
    ...values,
    "aws:region": raw.region,
    "aws:allowedAccountIds": asJson(aws.allowedAccountIds),
  };
  const problems: string[] = [];
  const warnings: string[] = [];
  const isSecret = (key: PropertyKey | undefined) => typeof key === "string" && (Object.hasOwn(secretKeys, key) || encrypted.includes(key));
  const redactor = new Redactor([
    ...Object.keys(values)
      .filter(isSecret)
      .map((key) => values[key]),
    aws.secretKey,
    aws.token,
  ]);
  // In a setting that is encrypted, a key that is none of ours is as secret as a value.
  const name = (path: readonly PropertyKey[]) =>
    keyOf(
      path.map((key, i) =>
        isSecret(path[0]) && typeof key === "string" && !knownKeys(path.slice(0, i)).includes(key) && i > 0 ? "(secret)" : key,
      ),
      (key) => redactor.key(key),
    );
  const problem = (path: readonly PropertyKey[], right: string) => {
    const value = at(given, path);
    const is = isSecret(path[0]) ? "is (secret)" : `is ${redactor.value(value)}`;
    problems.push(`${name(path)} ${value === undefined ? "is missing" : is}; expected ${right}`);
  };

  const open = Object.fromEntries(Object.entries(values).filter(([key]) => !Object.hasOwn(secretKeys, key)));
  const result = schema.safeParse(open);
  for (const issue of result.error?.issues ?? []) {
    if (issue.code === "unrecognized_keys") {
      const known = [...knownKeys(issue.path), ...(issue.path.length === 0 ? Object.keys(secretKeys) : [])];
      for (const key of issue.keys) {
        const meant = nearest(key, known);
        const shown = name([...issue.path, key]);
        // A name that may not be shown is in no command either.
        const misset =
          issue.path.length === 0 && shown === key ? withoutPath(key, known, (of) => Object.hasOwn(secretKeys, of)) : undefined;
        problems.push(`${shown} is not a setting; ${misset ?? (meant ? `did you mean ${meant}?` : `known here: ${known.join(", ")}`)}`);
      }
    } else problem(issue.path, issue.message);
  }

  for (const [key, { required, right, problem: check }] of Object.entries(secretKeys)) {
    const value = values[key];
    if (value === undefined) {
      if (required) problems.push(`${key} is missing; expected ${right}: pulumi config set --secret ${key} < FILE`);
    } else {
      const wrong = check(typeof value === "string" ? value : JSON.stringify(value));
      if (wrong) problems.push(`${key} is (secret), but ${wrong}; expected ${right}`);
    }
  }

  const { data: region, error: wrong } = awsKeys.region.safeParse(raw.region);
  for (const { message } of wrong?.issues ?? []) problem(["aws:region"], message);
  const accounts = awsKeys.allowedAccountIds.safeParse(texts(given["aws:allowedAccountIds"]));
  for (const { path, message } of accounts.error?.issues ?? []) problem(["aws:allowedAccountIds", ...path], message);
  problems.push(...strayKeys(keys, project, (key) => redactor.key(key)));
  if (aws.profile !== undefined && typeof aws.profile !== "string")
    problems.push("aws:profile is not a text; expected the name of a profile");
  crossCheck(values, region, problem, name, warnings);

  if (problems.length > 0 || !result.success || !region) {
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new UserMistake(`The stack's configuration has ${count}:\n${problems.map((line) => `  - ${line}`).join("\n")}`);
  }
  return {
    settings: complete(result.data, region, ({ name: build, repository, submodules }) => {
      const credentials = credentialsOf(values, build);
      return needsCredentials(credentials, repository) || (credentials !== undefined && submodules !== false);
    }),
    warnings,
  };
}

/** Pulumi hands a list over as JSON. */
function asJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Numbers as Pulumi's provider takes them; one that begins with 0 is another one in YAML. */
const texts = (value: unknown): unknown =>
  Array.isArray(value) ? value.map((item) => (typeof item === "number" ? String(item) : item)) : value;

/** Settings of a configuration that has the defaults filled in, and is not checked any more. */
export function complete(parsed: Parsed, region: string, isPrivate: (build: Parsed["builds"][number]) => boolean): PlainSettings {
  const amd64 = parsed.pools.find((candidate) => candidate.architecture === "amd64");
  const controlZone = parsed.cluster.controlPlane.zone ?? (amd64 ?? parsed.pools[0])?.zones[0]?.name ?? "";
  const zones = [...new Set([controlZone, ...parsed.pools.flatMap((candidate) => candidate.zones.map((zone) => zone.name))])].sort();
  return {
    ...parsed,
    builds: parsed.builds.map((build) => completeBuild(build, isPrivate(build))),
    cluster: {
      ...parsed.cluster,
      region,
      zones,
      controlPlane: { ...parsed.cluster.controlPlane, zone: controlZone },
      workerInstanceType: amd64?.instanceType ?? parsed.cluster.controlPlane.instanceType,
    },
    pipelines: { ...parsed.pipelines, sign: parsed.pipelines.sign && makesKeys(parsed.pipelines.channel) },
    fileSystem: {
      ...parsed.fileSystem,
      zones,
      version: parsed.cluster.version,
      tags: { ...parsed.cluster.tags, ...parsed.fileSystem.tags },
    },
    architectures: architectures.filter((architecture) => parsed.pools.some((candidate) => candidate.architecture === architecture)),
  };
}
