// The modules that are used, not the whole package, which takes longer to load: at every preview.
import * as ec2 from "@pulumi/aws/ec2";
import * as efs from "@pulumi/aws/efs";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { FileSystemSettings } from "../config";
import { mountTargetHook, ruleHook } from "./forgotten-hooks";
import type { WorkerTemplate } from "./identity";
import { emptyTimeout } from "./limits";
import type { Owner } from "./openshift-cluster";
import { nodeSecurityGroup, nodeSecurityGroups } from "./releases";

export interface SharedFileSystemArgs extends FileSystemSettings {
  /** Known once the cluster, with its network, is there: everything here is looked up by it. */
  readonly infraId: pulumi.Input<string>;
  /** The installer's own worker MachineSet: it names the nodes' security groups. */
  readonly workerTemplate: pulumi.Input<WorkerTemplate>;
  /** Whose the file system is: nothing of it is deleted with credentials of another account. */
  readonly owner: Owner;
  /** Whether the engine refuses to delete the file system, and to replace it. */
  readonly protect: boolean;
}

/** NFS. */
const port = 2049;

/** EC2 takes no apostrophe there: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$* and 255 characters (API reference, CreateSecurityGroup and IpRange). */
const description = "NFS from the nodes of the cluster";

/**
 * A file system that all nodes mount: EFS, encrypted, with a mount target in every zone of the cluster.
 *
 * Everything is in the cluster's VPC, but only carries the program's own tags: the installer's destroyer deletes what is
 * tagged as owned by the cluster, and hangs on mount targets that are still there. Each resource therefore depends on the
 * cluster, and is deleted before it.
 */
export class SharedFileSystem extends pulumi.ComponentResource {
  /** Id of the file system; resolves when it can be mounted in all zones. */
  readonly fileSystemId: pulumi.Output<string>;

  constructor(name: string, args: SharedFileSystemArgs, opts?: pulumi.ComponentResourceOptions) {
    super("openshift-multiarch:infra:SharedFileSystem", name, { zones: args.zones, lifecycle: args.lifecycle, tags: args.tags }, opts);
    const parent = { parent: this };
    const tags = pulumi.output(args.infraId).apply((infraId) => ({ ...args.tags, Name: `${infraId}-${name}` }));

    const clusterTag = pulumi.interpolate`tag:kubernetes.io/cluster/${args.infraId}`;
    const vpc = ec2.getVpcOutput({ filters: [{ name: clusterTag, values: ["owned"] }] }, parent);

    const group = new ec2.SecurityGroup(`${name}-nfs`, { vpcId: vpc.id, description, tags }, parent);
    const ruleHooks = { beforeCreate: [ruleHook(name, args.owner)] };
    // A rule that names the nodes' group keeps the installer from deleting that group: it has to go before the cluster.
    const rules = nodeSecurityGroups(args.version).map((ending) => {
      const nodesName = pulumi.output(args.workerTemplate).apply((template) => nodeSecurityGroup(template, ending));
      const nodes = ec2.getSecurityGroupOutput({ vpcId: vpc.id, filters: [{ name: "tag:Name", values: [nodesName] }] }, parent);
      return new SecurityGroupIngressRule(
        `${name}-nfs${ending}`,
        {
          securityGroupId: group.id,
          referencedSecurityGroupId: nodes.id,
          ipProtocol: "tcp",
          fromPort: port,
          toPort: port,
          description,
          tags,
        },
        { ...parent, hooks: ruleHooks },
      );
    });

    const fileSystem = new efs.FileSystem(
      name,
      {
        encrypted: true,
        performanceMode: "generalPurpose",
        // A new file system has next to no throughput in the bursting mode: 50 KiB/s for each stored GiB.
        throughputMode: "elastic",
        lifecyclePolicies:
          args.lifecycle === "NEVER" ? [] : [{ transitionToIa: args.lifecycle }, { transitionToPrimaryStorageClass: "AFTER_1_ACCESS" }],
        tags,
      },
      // Deletion runs backwards: mount targets, policy, what is in no state, file system, rule, group, cluster.
      { ...parent, dependsOn: rules, protect: args.protect },
    );
    const emptied = new command.local.Command(
      `${name}-emptied`,
      {
        delete: "exec bash infra/stages/empty.sh",
        environment: { ...args.owner, FILE_SYSTEM_ID: fileSystem.id },
        addPreviousOutputInEnv: false,
        triggers: [fileSystem.id],
      },
      // Protected as the file system is: taken away by itself, it would take the volumes from running pods.
      { ...parent, protect: args.protect, customTimeouts: { delete: emptyTimeout } },
    );
    const policy = new efs.FileSystemPolicy(
      name,
      { fileSystemId: fileSystem.id, policy: fileSystem.arn.apply((arn) => JSON.stringify(accessPolicy(arn))) },
      { ...parent, dependsOn: emptied },
    );
    const hooks = { beforeCreate: [mountTargetHook(name, args.owner)] };
    const targets = args.zones.map((zone) => {
      // The key's value is empty on 4.15 and "1" since: only the key counts.
      const subnet = ec2.getSubnetOutput(
        {
          vpcId: vpc.id,
          filters: [
            { name: clusterTag, values: ["owned"] },
            { name: "availability-zone", values: [zone] },
            { name: "tag-key", values: ["kubernetes.io/role/internal-elb"] },
          ],
        },
        parent,
      );
      return new efs.MountTarget(
        `${name}-${zone}`,
        { fileSystemId: fileSystem.id, subnetId: subnet.id, securityGroups: [group.id] },
        { ...parent, dependsOn: policy, hooks },
      );
    });

    this.fileSystemId = pulumi.all([fileSystem.id, ...targets.map((target) => target.id)]).apply(([id]) => id ?? "");
    this.registerOutputs({ fileSystemId: this.fileSystemId });
  }
}

/**
 * Who may mount: any host that reaches a mount target, over TLS. A policy replaces the default access, so there is an Allow next to
 * the Deny; ClientRootAccess because the access points of the build volumes act as user 0.
 */
export function accessPolicy(fileSystemArn: string) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "MountTargetsOnly",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"],
        Resource: fileSystemArn,
        Condition: { Bool: { "elasticfilesystem:AccessedViaMountTarget": "true" } },
      },
      {
        Sid: "NoPlainText",
        Effect: "Deny",
        Principal: { AWS: "*" },
        Action: "*",
        Resource: fileSystemArn,
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  } as const;
}
