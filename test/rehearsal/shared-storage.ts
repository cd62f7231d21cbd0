import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  CreateFileSystemCommand,
  CreateMountTargetCommand,
  DeleteAccessPointCommand,
  DeleteFileSystemCommand,
  DeleteMountTargetCommand,
  DescribeAccessPointsCommand,
  DescribeFileSystemsCommand,
  DescribeMountTargetsCommand,
  EFSClient,
} from "@aws-sdk/client-efs";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { defaults } from "../../config/defaults";
import { awsEndpoint, places } from "../../rehearsal/machine/places";
import { until } from "../../rehearsal/machine/process";
import { kubectl, region } from "../../rehearsal/stack/environment";
import { stackOutputs } from "../../rehearsal/stack/state";

const aws = { region, endpoint: awsEndpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
const efs = new EFSClient(aws);
const ec2 = new EC2Client(aws);
const namespace = "default";

const apply = (...objects: object[]) => kubectl(["apply", "-f", "-"], objects.map((object) => stringify(object)).join("---\n"));
const remove = (...names: string[]) => kubectl(["delete", "--namespace", namespace, "--ignore-not-found", "--wait=false", ...names]);

const claim = (name: string, storageClassName: string) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name, namespace },
  spec: { accessModes: ["ReadWriteMany"], storageClassName, resources: { requests: { storage: "1Gi" } } },
});

/** A pod as OpenShift makes one under restricted-v2: a uid out of the namespace's range, group 0, no rights. */
const pod = (name: string, claimName: string, architecture: string, script: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    nodeSelector: { "kubernetes.io/arch": architecture },
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "main",
        image: defaults.namespace.taskImages.buildah,
        command: ["bash", "-ec", script],
        workingDir: "/shared",
        securityContext: { runAsUser: 1000710000, runAsGroup: 0, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        volumeMounts: [{ name: "shared", mountPath: "/shared" }],
      },
    ],
    volumes: [{ name: "shared", persistentVolumeClaim: { claimName } }],
  },
});

const phase = async (name: string) =>
  kubectl(["get", "pod", "--namespace", namespace, name, "--output", "jsonpath={.status.phase}"]).catch(() => "");
const log = (name: string) => kubectl(["logs", "--namespace", namespace, name]);
const events = async (of: string) =>
  (await kubectl(["get", "events", "--namespace", namespace, `--field-selector=involvedObject.name=${of}`, "--output", "json"])) as string;

/** setxattr by its number: there is no setfattr in the image. 95 is EOPNOTSUPP. */
const setAttribute = `perl -e '$path = "mine"; $name = "user.a"; $value = "1"; syscall(188, $path, $name, $value, 1, 0); print $! + 0, "\\n"'`;

/** What pods find on the shared file system. The cluster is up. */
export function sharedStorageSteps(): void {
  it("shows a pod with any uid, on both architectures, an access point of root's that it may write to", async () => {
    await apply(claim("shared", "efs-csi"));
    const script = `stat -c %u:%g:%a .; echo text >"$(uname -m)-$HOSTNAME"; echo text >mine; stat -c %u:%g mine; chmod 640 mine; ${setAttribute}`;
    await apply(pod("shared-amd64", "shared", "amd64", script));
    await until("the pod on amd64 has ended", 120, async () => /Succeeded|Failed/.test(await phase("shared-amd64")));
    expect((await log("shared-amd64")).trim().split("\n")).toEqual(["0:0:700", "0:0", "95"]);
    await apply(pod("shared-arm64", "shared", "arm64", "cat mine; stat -c %u:%g:%a mine; rm mine; ls | wc -l"));
    await until("the pod on arm64 has ended", 120, async () => /Succeeded|Failed/.test(await phase("shared-arm64")));
    expect((await log("shared-arm64")).trim().split("\n")).toEqual(["text", "0:0:640", "1"]);
  });

  it("keeps a volume as an access point with the StorageClass's user and the cluster's tags, and removes both with the claim", async () => {
    const { fileSystemId, infraId } = (await stackOutputs()) as { fileSystemId: string; infraId: string };
    const volume = (await kubectl(["get", "pvc", "--namespace", namespace, "shared", "--output", "jsonpath={.spec.volumeName}"])).trim();
    const points = async () => (await efs.send(new DescribeAccessPointsCommand({ FileSystemId: fileSystemId }))).AccessPoints ?? [];
    const ours = async () => (await points()).find(({ RootDirectory }) => RootDirectory?.Path === `/pv/${volume}`);
    expect(await ours()).toMatchObject({
      ClientToken: volume,
      PosixUser: { Uid: 0, Gid: 0 },
      RootDirectory: { CreationInfo: { OwnerUid: 0, OwnerGid: 0, Permissions: "700" } },
    });
    const tags = Object.fromEntries(((await ours())?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
    expect(tags).toMatchObject({ [`kubernetes.io/cluster/${infraId}`]: "owned", "efs.csi.aws.com/cluster": "true" });
    const folder = join(places.run, "volumes", fileSystemId, "pv", volume);
    expect(readdirSync(folder)).toHaveLength(1);
    await remove("pod/shared-amd64", "pod/shared-arm64", "pvc/shared");
    await until("the access point is gone", 120, async () => (await ours()) === undefined);
    expect(existsSync(folder)).toBe(false);
  });

  it("fails a claim of a file system that does not exist with the driver's own text", async () => {
    const parameters = { provisioningMode: "efs-ap", fileSystemId: "fs-0123456789abcdef0", directoryPerms: "700", uid: "0", gid: "0" };
    const storageClass = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "efs-nowhere" } };
    await apply({ ...storageClass, provisioner: "efs.csi.aws.com", parameters }, claim("nowhere", "efs-nowhere"));
    const text = `failed to provision volume with StorageClass \\"efs-nowhere\\": rpc error: code = InvalidArgument desc = File System does not exist: Resource was not found`;
    await until("the claim says why it is not served", 60, async () => (await events("nowhere")).includes(text));
    await remove("pvc/nowhere");
    await kubectl(["delete", "storageclass", "efs-nowhere"]);
  });

  it("fails a pod whose zone has no mount target of the claim's file system with the driver's own text", async () => {
    const zone = (
      await kubectl([
        "get",
        "nodes",
        "--selector=kubernetes.io/arch=amd64",
        "--output",
        "jsonpath={.items[0].metadata.labels.topology\\.kubernetes\\.io/zone}",
      ])
    ).trim();
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    const elsewhere = Subnets.find(
      ({ AvailabilityZone, Tags }) => AvailabilityZone !== zone && Tags?.some(({ Key }) => Key?.includes("kubernetes.io/cluster")),
    );
    const { FileSystemId } = await efs.send(new CreateFileSystemCommand({ CreationToken: "elsewhere", Encrypted: true }));
    const state = async () =>
      (await efs.send(new DescribeFileSystemsCommand({ FileSystemId }))).FileSystems?.[0]?.LifeCycleState === "available";
    await until("the file system is available", 30, state);
    const target = await efs.send(new CreateMountTargetCommand({ FileSystemId, SubnetId: elsewhere?.SubnetId }));
    const targets = async () => (await efs.send(new DescribeMountTargetsCommand({ FileSystemId }))).MountTargets ?? [];
    await until("the mount target is available", 30, async () => (await targets())[0]?.LifeCycleState === "available");
    const parameters = { provisioningMode: "efs-ap", fileSystemId: FileSystemId, directoryPerms: "700", uid: "0", gid: "0" };
    const storageClass = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "efs-elsewhere" } };
    await apply(
      { ...storageClass, provisioner: "efs.csi.aws.com", parameters, reclaimPolicy: "Retain" },
      claim("elsewhere", "efs-elsewhere"),
      pod("elsewhere", "elsewhere", "amd64", "true"),
    );
    const texts = [
      "MountVolume.SetUp failed for volume",
      `rpc error: code = Internal desc = Could not mount \\"${FileSystemId}:/\\" at`,
      `Failed to resolve \\"${FileSystemId}.efs.${region}.amazonaws.com\\" - check that your file system ID is correct`,
      `No matching mount target in the az ${zone}. Please create one mount target in ${zone}`,
    ];
    await until("the pod says why it does not start", 120, async () => {
      const said = await events("elsewhere");
      return texts.every((text) => said.includes(text));
    });
    const volume = (await kubectl(["get", "pvc", "--namespace", namespace, "elsewhere", "--output", "jsonpath={.spec.volumeName}"])).trim();
    await remove("pod/elsewhere", "pvc/elsewhere");
    await kubectl(["delete", "--ignore-not-found", "--wait=false", `pv/${volume}`, "storageclass/efs-elsewhere"]);
    const { AccessPoints = [] } = await efs.send(new DescribeAccessPointsCommand({ FileSystemId }));
    for (const { AccessPointId } of AccessPoints) await efs.send(new DeleteAccessPointCommand({ AccessPointId }));
    await efs.send(new DeleteMountTargetCommand({ MountTargetId: target.MountTargetId }));
    await until("mount target and access point are gone", 60, async () => {
      const left = (await efs.send(new DescribeAccessPointsCommand({ FileSystemId }))).AccessPoints ?? [];
      return (await targets()).length === 0 && left.length === 0;
    });
    await efs.send(new DeleteFileSystemCommand({ FileSystemId }));
  });
}
