import { createInterface } from "node:readline";
import { DescribeInstancesCommand, type Instance, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import {
  checkLaunch,
  ec2,
  InvalidConfiguration,
  instanceType,
  launchInput,
  ownerTag,
  type ProviderSpec,
  securityGroupIds,
  subnetId,
} from "./machine-launch";
import { listNodes, startNode, stopNode } from "./node";

/**
 * What the machine-api program asks: one line of JSON in, one line of JSON out, in the same order (toolchain/cluster/machine-api/hook.go).
 * An "instance" is one of the emulated account, and for its life there is a node of its architecture on this machine.
 */
interface Request {
  readonly action: "create" | "update" | "exists" | "delete" | "instance-type";
  /** Missing for `instance-type`. */
  readonly machine?: { readonly name: string; readonly cluster: string; readonly providerId?: string; readonly userData?: string };
  readonly providerSpec: ProviderSpec;
}

interface Response {
  readonly instance?: object;
  readonly instanceType?: object;
  readonly error?: { readonly reason: string; readonly message: string };
}

/** States of an instance that is still one, as machine-api-provider-aws sees it. */
const existing = ["pending", "running", "stopping", "stopped", "shutting-down"];

async function findInstances({ machine, providerSpec }: Request): Promise<Instance[]> {
  if (!machine) return [];
  const found = await ec2(providerSpec.placement.region).send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: "tag:Name", Values: [machine.name] },
        { Name: `tag:${ownerTag(machine.cluster)}`, Values: ["owned"] },
        { Name: "instance-state-name", Values: existing },
      ],
    }),
  );
  return (found.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
}

async function create(request: Request): Promise<Response> {
  const { machine, providerSpec: spec } = request;
  if (!machine) throw new InvalidConfiguration("no machine");
  const before = (await findInstances(request))[0];
  if (before) return { instance: describe(before, spec) };
  const { architecture } = await instanceType(spec);
  const rootDevice = await checkLaunch(spec, architecture);
  const [subnet, groups] = [await subnetId(spec), await securityGroupIds(spec)];
  const launched = await ec2(spec.placement.region).send(
    new RunInstancesCommand(launchInput(machine, spec, { subnet, groups, rootDevice })),
  );
  const instance = launched.Instances?.[0];
  if (!instance) throw new Error("RunInstances made no instance");
  return { instance: describe(instance, spec) };
}

/** An instance that runs has its node: started here, and started again if it was lost. */
async function update(request: Request): Promise<Response> {
  const instance = (await findInstances(request))[0];
  if (!instance) return {};
  const described = describe(instance, request.providerSpec);
  const name = described.privateDns;
  if (described.state === "running" && !listNodes().some((node) => node.name === name && node.running)) {
    const { architecture } = await instanceType(request.providerSpec);
    await startNode({ name, architecture, labels: nodeLabels(described), providerId: described.providerId });
  }
  return { instance: described };
}

/** Labels that a worker of OpenShift has from its kubelet and from the cloud controller manager. */
export function nodeLabels({
  type,
  region,
  zone,
}: {
  readonly type: string;
  readonly region: string;
  readonly zone: string;
}): Record<string, string> {
  return {
    "node-role.kubernetes.io/worker": "",
    "node.kubernetes.io/instance-type": type,
    "topology.kubernetes.io/region": region,
    "topology.kubernetes.io/zone": zone,
  };
}

async function remove(request: Request): Promise<Response> {
  for (const instance of await findInstances(request)) {
    if (instance.PrivateDnsName) await stopNode(instance.PrivateDnsName);
    await ec2(request.providerSpec.placement.region).send(new TerminateInstancesCommand({ InstanceIds: [instance.InstanceId ?? ""] }));
  }
  return {};
}

function describe(instance: Instance, { placement: { region } }: ProviderSpec) {
  const zone = instance.Placement?.AvailabilityZone ?? "";
  return {
    id: instance.InstanceId ?? "",
    state: instance.State?.Name ?? "pending",
    providerId: `aws:///${zone}/${instance.InstanceId}`,
    privateIp: instance.PrivateIpAddress ?? "",
    privateDns: instance.PrivateDnsName ?? "",
    publicIp: instance.PublicIpAddress,
    publicDns: instance.PublicDnsName || undefined,
    type: instance.InstanceType ?? "",
    region,
    zone,
  };
}

async function answer(request: Request): Promise<Response> {
  switch (request.action) {
    case "create":
      return create(request);
    case "update":
      return update(request);
    case "exists": {
      const instance = (await findInstances(request))[0];
      return instance ? { instance: describe(instance, request.providerSpec) } : {};
    }
    case "delete":
      return remove(request);
    case "instance-type":
      return { instanceType: await instanceType(request.providerSpec) };
    default:
      throw new Error(`unknown action ${JSON.stringify(request.action)}`);
  }
}

/**
 * What the controller makes of a failure, in the words of machine-api-provider-aws (pkg/actuators/machine/instances.go,
 * launchInstance): EC2's answers of the 400 kind are the configuration's fault and final, a quota among them; anything else is
 * tried again, and lacking capacity is EC2's own error (500).
 */
export function failure(error: unknown, action: Request["action"]): { reason: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
  if (error instanceof InvalidConfiguration) return { reason: "InvalidConfiguration", message };
  if (status >= 400 && status < 500)
    return { reason: "InvalidConfiguration", message: action === "create" ? `error launching instance: ${message}` : message };
  if (status >= 500 && action === "create") {
    return { reason: "CreateError", message: `error creating EC2 instance: ${(error as Error).name}: ${message}` };
  }
  return { reason: "CreateError", message };
}

async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "") continue;
    const request: Request = JSON.parse(line);
    const response = await answer(request).catch((error): Response => ({ error: failure(error, request.action) }));
    process.stdout.write(`${JSON.stringify(response)}\n`);
  }
}

if (require.main === module) void main();
