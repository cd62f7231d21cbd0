import { randomUUID } from "node:crypto";
import {
  CreateFileSystemCommand,
  type CreateFileSystemCommandInput,
  DeleteFileSystemCommand,
  DescribeFileSystemsCommand,
  DescribeLifecycleConfigurationCommand,
  type FileSystemDescription,
  type LifecyclePolicy,
  PutLifecycleConfigurationCommand,
  type ThroughputMode,
  UpdateFileSystemCommand,
  UpdateFileSystemProtectionCommand,
} from "@aws-sdk/client-efs";
import type { Failure } from "../provider";
import { equal, type Properties, unknown, type Value } from "../values";
import { type Api, unlessGone, waitFor } from "./api";
import { fromAwsTags, toAwsTags } from "./tags";
import type { AwsType } from "./type";

// How long the real provider waits, in seconds.
const fileSystemTime = 10 * 60;

export const text = (value: Value | undefined): string | undefined => (value === undefined ? undefined : String(value));

async function findFileSystem(api: Api, id: string): Promise<FileSystemDescription | undefined> {
  const answer = await unlessGone(api.efs.send(new DescribeFileSystemsCommand({ FileSystemId: id })), "FileSystemNotFound");
  return answer?.FileSystems?.find(({ LifeCycleState }) => LifeCycleState !== "deleted");
}

const transitions = {
  transitionToIa: "TransitionToIA",
  transitionToArchive: "TransitionToArchive",
  transitionToPrimaryStorageClass: "TransitionToPrimaryStorageClass",
} as const;
type Transition = keyof typeof transitions;
const transitionNames = Object.keys(transitions) as Transition[];

const toAwsLifecycle = (policies: Value | undefined): LifecyclePolicy[] =>
  ((policies ?? []) as Properties[]).map((policy) =>
    Object.fromEntries(transitionNames.filter((name) => policy[name]).map((name) => [transitions[name], policy[name]])),
  );
const fromAwsLifecycle = (policies: readonly LifecyclePolicy[] | undefined): Value =>
  (policies ?? []).map((policy) =>
    Object.fromEntries(transitionNames.flatMap((name) => (policy[transitions[name]] ? [[name, policy[transitions[name]] as string]] : []))),
  );

/** EFS takes three lifecycle policies, one transition each, and refuses others as malformed. */
export function validateFileSystem(inputs: Properties): Failure[] {
  const failures: Failure[] = [];
  const policies = inputs.lifecyclePolicies;
  if (Array.isArray(policies)) {
    if (policies.length > 3) failures.push({ property: "lifecyclePolicies", reason: "at most 3 lifecycle policies" });
    policies.forEach((policy, index) => {
      if (policy === unknown) return;
      const set = transitionNames.filter((name) => (policy as Properties)[name] !== undefined);
      if (set.length !== 1) {
        failures.push({
          property: `lifecyclePolicies[${index}]`,
          reason: `exactly one of ${transitionNames.join(", ")} is needed, there are ${set.length}`,
        });
      }
    });
  }
  if (inputs.throughputMode !== unknown && !["bursting", "elastic", "provisioned"].includes(String(inputs.throughputMode))) {
    failures.push({ property: "throughputMode", reason: `${inputs.throughputMode} is none of bursting, elastic, provisioned` });
  }
  if (inputs.kmsKeyId !== undefined && inputs.encrypted !== true && inputs.encrypted !== unknown) {
    failures.push({ property: "kmsKeyId", reason: "a key needs encrypted: true" });
  }
  return failures;
}

/** Throughput in MiB/s belongs to the provisioned mode alone. */
const throughput = (inputs: Properties) => ({
  ThroughputMode: inputs.throughputMode as ThroughputMode,
  ProvisionedThroughputInMibps: inputs.throughputMode === "provisioned" ? Number(inputs.provisionedThroughputInMibps) : undefined,
});

export const fileSystem: AwsType = {
  what: "EFS file system",
  replaceOn: ["availabilityZoneName", "creationToken", "encrypted", "kmsKeyId", "performanceMode"],
  computed: [
    "arn",
    "availabilityZoneId",
    "availabilityZoneName",
    "creationToken",
    "dnsName",
    "encrypted",
    "kmsKeyId",
    "name",
    "numberOfMountTargets",
    "ownerId",
    "performanceMode",
    "protection",
    "sizeInBytes",
  ],
  tagged: "efs",
  defaults: () => ({ throughputMode: "bursting" }),
  validate: validateFileSystem,
  async create(api, inputs) {
    const request: CreateFileSystemCommandInput = {
      // The token makes a repeated call return the same file system; so a retry of the client makes no second one.
      CreationToken: text(inputs.creationToken) ?? `terraform-${randomUUID()}`,
      Encrypted: inputs.encrypted as boolean | undefined,
      KmsKeyId: text(inputs.kmsKeyId),
      PerformanceMode: inputs.performanceMode as CreateFileSystemCommandInput["PerformanceMode"],
      AvailabilityZoneName: text(inputs.availabilityZoneName),
      Tags: toAwsTags(inputs.tagsAll),
      ...throughput(inputs),
    };
    return (await api.efs.send(new CreateFileSystemCommand(request))).FileSystemId as string;
  },
  async complete(api, id, inputs, { signal }) {
    await fileSystemAvailable(api, id, signal);
    if (inputs.lifecyclePolicies) await putLifecycle(api, id, inputs.lifecyclePolicies);
    if (inputs.protection) await putProtection(api, id, inputs.protection);
  },
  async read(api, id) {
    const found = await findFileSystem(api, id);
    if (!found) return undefined;
    const lifecycle = await api.efs.send(new DescribeLifecycleConfigurationCommand({ FileSystemId: id }));
    return {
      arn: found.FileSystemArn,
      availabilityZoneId: found.AvailabilityZoneId ?? "",
      availabilityZoneName: found.AvailabilityZoneName ?? "",
      creationToken: found.CreationToken,
      dnsName: `${id}.efs.${api.region}.amazonaws.com`,
      encrypted: found.Encrypted ?? false,
      kmsKeyId: found.KmsKeyId ?? "",
      lifecyclePolicies: fromAwsLifecycle(lifecycle.LifecyclePolicies),
      name: found.Name ?? "",
      numberOfMountTargets: found.NumberOfMountTargets ?? 0,
      ownerId: found.OwnerId,
      performanceMode: found.PerformanceMode,
      protection: { replicationOverwrite: found.FileSystemProtection?.ReplicationOverwriteProtection ?? "ENABLED" },
      provisionedThroughputInMibps: found.ProvisionedThroughputInMibps ?? 0,
      sizeInBytes: [
        {
          value: found.SizeInBytes?.Value ?? 0,
          valueInIa: found.SizeInBytes?.ValueInIA ?? 0,
          valueInStandard: found.SizeInBytes?.ValueInStandard ?? 0,
        },
      ],
      tagsAll: fromAwsTags(found.Tags),
      throughputMode: found.ThroughputMode,
    };
  },
  async update(api, id, state, news, { signal }) {
    if (
      !equal(state.throughputMode, news.throughputMode) ||
      (news.throughputMode === "provisioned" && !equal(state.provisionedThroughputInMibps, news.provisionedThroughputInMibps))
    ) {
      await api.efs.send(new UpdateFileSystemCommand({ FileSystemId: id, ...throughput(news) }));
      await fileSystemAvailable(api, id, signal);
    }
    // Taking the policies away is putting an empty list.
    if (!equal(state.lifecyclePolicies ?? [], news.lifecyclePolicies ?? [])) await putLifecycle(api, id, news.lifecyclePolicies);
    if (news.protection && !equal(state.protection, news.protection)) await putProtection(api, id, news.protection);
  },
  async delete(api, id, _state, { signal }) {
    await unlessGone(api.efs.send(new DeleteFileSystemCommand({ FileSystemId: id })), "FileSystemNotFound");
    await waitFor(
      `EFS file system ${id} to be gone`,
      fileSystemTime,
      signal,
      () => findFileSystem(api, id),
      (found) => !found,
    );
  },
};

const fileSystemAvailable = (api: Api, id: string, signal: AbortSignal) =>
  waitFor(
    `EFS file system ${id} to be available`,
    fileSystemTime,
    signal,
    () => findFileSystem(api, id),
    (found) => found?.LifeCycleState === "available",
  );
const putLifecycle = (api: Api, id: string, policies: Value | undefined) =>
  api.efs.send(new PutLifecycleConfigurationCommand({ FileSystemId: id, LifecyclePolicies: toAwsLifecycle(policies) }));
const putProtection = (api: Api, id: string, protection: Value) =>
  api.efs.send(
    new UpdateFileSystemProtectionCommand({
      FileSystemId: id,
      ReplicationOverwriteProtection: (protection as Properties).replicationOverwrite as "ENABLED" | "DISABLED",
    }),
  );
