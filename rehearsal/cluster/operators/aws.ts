import type { EFSClient } from "@aws-sdk/client-efs";
import type { Api, KubeObject } from "./api";
import { type AccessPoint, type AccessPointRequest, Refusal } from "./efs-decisions";

/** The part of EFS that the driver calls. */
export interface FileSystems {
  /** @throws Refusal when the file system does not exist. */
  accessPoints(fileSystemId: string): Promise<AccessPoint[]>;
  /** Zones with a mount target in state `available`. */
  mountTargetZones(fileSystemId: string): Promise<Set<string>>;
  /** Returns the id. `name` makes a second call of the same request harmless. */
  createAccessPoint(request: AccessPointRequest, name: string): Promise<string>;
  /** One that is not there is fine. */
  deleteAccessPoint(id: string): Promise<void>;
}

interface Infrastructure {
  infrastructureName?: string;
  platformStatus?: { aws?: { region?: string; resourceTags?: { key: string; value: string }[] } };
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "");

/** EFS of the emulated account, in the region and with the tags of the cluster's Infrastructure object. */
export class EmulatedFileSystems implements FileSystems {
  private connection: Promise<{ client: EFSClient; infrastructure: Infrastructure }> | undefined;

  constructor(
    private readonly api: Api,
    private readonly endpoint: string,
  ) {}

  private connect() {
    this.connection ??= (async () => {
      const { EFSClient } = await import("@aws-sdk/client-efs");
      const object = await this.api.get<KubeObject<unknown, Infrastructure>>(
        { apiVersion: "config.openshift.io/v1", plural: "infrastructures" },
        "cluster",
      );
      const infrastructure = object?.status ?? {};
      const region = infrastructure.platformStatus?.aws?.region;
      if (!region || !infrastructure.infrastructureName)
        throw new Error("infrastructure/cluster: its status names no AWS region or no infrastructure");
      // The emulator takes any key; which account it is does not depend on it.
      const credentials = { accessKeyId: "test", secretAccessKey: "test" };
      return { client: new EFSClient({ region, endpoint: this.endpoint, credentials, maxAttempts: 2 }), infrastructure };
    })();
    this.connection.catch(() => {
      this.connection = undefined;
    });
    return this.connection;
  }

  async accessPoints(fileSystemId: string): Promise<AccessPoint[]> {
    const { client } = await this.connect();
    const { DescribeFileSystemsCommand, paginateDescribeAccessPoints } = await import("@aws-sdk/client-efs");
    await client.send(new DescribeFileSystemsCommand({ FileSystemId: fileSystemId })).catch((error) => {
      if (nameOf(error) !== "FileSystemNotFound") throw error;
      throw new Refusal(`rpc error: code = InvalidArgument desc = File System does not exist: ${fileSystemId}`);
    });
    const found: AccessPoint[] = [];
    for await (const { AccessPoints = [] } of paginateDescribeAccessPoints({ client }, { FileSystemId: fileSystemId })) {
      for (const { AccessPointId = "", ClientToken = "", RootDirectory, PosixUser } of AccessPoints) {
        found.push({ id: AccessPointId, clientToken: ClientToken, path: RootDirectory?.Path ?? "/", gid: PosixUser?.Gid });
      }
    }
    return found;
  }

  async mountTargetZones(fileSystemId: string): Promise<Set<string>> {
    const { client } = await this.connect();
    const { DescribeMountTargetsCommand } = await import("@aws-sdk/client-efs");
    const { MountTargets = [] } = await client.send(new DescribeMountTargetsCommand({ FileSystemId: fileSystemId }));
    return new Set(
      MountTargets.flatMap(({ AvailabilityZoneName, LifeCycleState }) => (LifeCycleState === "available" && AvailabilityZoneName) || []),
    );
  }

  async createAccessPoint({ fileSystemId, path, uid, gid, permissions }: AccessPointRequest, name: string): Promise<string> {
    const { client, infrastructure } = await this.connect();
    const { CreateAccessPointCommand } = await import("@aws-sdk/client-efs");
    const own = [
      // csi-operator: --tags=kubernetes.io/cluster/<id>:owned, by which `destroy cluster` finds what is left.
      { Key: `kubernetes.io/cluster/${infrastructure.infrastructureName}`, Value: "owned" },
      { Key: "efs.csi.aws.com/cluster", Value: "true" },
    ];
    const users = (infrastructure.platformStatus?.aws?.resourceTags ?? []).map(({ key, value }) => ({ Key: key, Value: value }));
    const { AccessPointId } = await client.send(
      new CreateAccessPointCommand({
        ClientToken: name,
        FileSystemId: fileSystemId,
        PosixUser: { Uid: uid, Gid: gid },
        RootDirectory: { Path: path, CreationInfo: { OwnerUid: uid, OwnerGid: gid, Permissions: permissions } },
        Tags: [...own, ...users],
      }),
    );
    if (!AccessPointId) throw new Error(`CreateAccessPoint of ${fileSystemId} answered without an id`);
    return AccessPointId;
  }

  async deleteAccessPoint(id: string): Promise<void> {
    const { client } = await this.connect();
    const { DeleteAccessPointCommand } = await import("@aws-sdk/client-efs");
    await client.send(new DeleteAccessPointCommand({ AccessPointId: id })).catch((error) => {
      if (nameOf(error) !== "AccessPointNotFound") throw error;
    });
  }
}
