import {
  CreateMountTargetCommand,
  DeleteMountTargetCommand,
  DescribeMountTargetSecurityGroupsCommand,
  DescribeMountTargetsCommand,
  ModifyMountTargetSecurityGroupsCommand,
  type MountTargetDescription,
} from "@aws-sdk/client-efs";
import { type Api, unlessGone, waitFor } from "./api";
import { text } from "./file-systems";
import type { AwsType } from "./type";

// How long the real provider waits, in seconds.
const mountTargetCreateTime = 30 * 60;
const mountTargetDeleteTime = 10 * 60;

async function findMountTarget(api: Api, id: string): Promise<MountTargetDescription | undefined> {
  const answer = await unlessGone(api.efs.send(new DescribeMountTargetsCommand({ MountTargetId: id })), "MountTargetNotFound");
  return answer?.MountTargets?.find(({ LifeCycleState }) => LifeCycleState !== "deleted");
}

export const mountTarget: AwsType = {
  what: "EFS mount target",
  required: ["fileSystemId", "subnetId"],
  replaceOn: ["fileSystemId", "subnetId", "ipAddress", "ipAddressType", "ipv6Address"],
  // One per zone: AWS answers MountTargetConflict to the new one while the old one is there.
  deleteBeforeReplace: true,
  computed: [
    "availabilityZoneId",
    "availabilityZoneName",
    "dnsName",
    "fileSystemArn",
    "ipAddress",
    "ipAddressType",
    "ipv6Address",
    "mountTargetDnsName",
    "networkInterfaceId",
    "ownerId",
    "securityGroups",
  ],
  unordered: ["securityGroups"],
  async create(api, inputs) {
    const request = new CreateMountTargetCommand({
      FileSystemId: text(inputs.fileSystemId),
      SubnetId: text(inputs.subnetId),
      IpAddress: text(inputs.ipAddress),
      SecurityGroups: inputs.securityGroups as string[] | undefined,
    });
    return (await api.efs.send(request)).MountTargetId as string;
  },
  async complete(api, id, _inputs, { signal }) {
    const available = (found: MountTargetDescription | undefined) => found?.LifeCycleState === "available";
    await waitFor(`EFS mount target ${id} to be available`, mountTargetCreateTime, signal, () => findMountTarget(api, id), available);
  },
  async read(api, id) {
    const found = await findMountTarget(api, id);
    if (!found) return undefined;
    const groups = await api.efs.send(new DescribeMountTargetSecurityGroupsCommand({ MountTargetId: id }));
    const host = `${found.FileSystemId}.efs.${api.region}.amazonaws.com`;
    return {
      availabilityZoneId: found.AvailabilityZoneId ?? "",
      availabilityZoneName: found.AvailabilityZoneName ?? "",
      dnsName: host,
      fileSystemArn: `arn:aws:elasticfilesystem:${api.region}:${found.OwnerId}:file-system/${found.FileSystemId}`,
      fileSystemId: found.FileSystemId,
      ipAddress: found.IpAddress ?? "",
      ipAddressType: "IPV4_ONLY",
      ipv6Address: found.Ipv6Address ?? "",
      mountTargetDnsName: `${found.AvailabilityZoneName}.${host}`,
      networkInterfaceId: found.NetworkInterfaceId ?? "",
      ownerId: found.OwnerId,
      securityGroups: [...(groups.SecurityGroups ?? [])].sort(),
      subnetId: found.SubnetId,
    };
  },
  async update(api, id, _state, news) {
    const groups = news.securityGroups as string[] | undefined;
    if (groups) await api.efs.send(new ModifyMountTargetSecurityGroupsCommand({ MountTargetId: id, SecurityGroups: groups }));
  },
  async delete(api, id, _state, { signal }) {
    await unlessGone(api.efs.send(new DeleteMountTargetCommand({ MountTargetId: id })), "MountTargetNotFound");
    await waitFor(
      `EFS mount target ${id} to be gone`,
      mountTargetDeleteTime,
      signal,
      () => findMountTarget(api, id),
      (found) => !found,
    );
  },
};
