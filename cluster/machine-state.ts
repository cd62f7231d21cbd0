import type { Look } from "./patience";
import type { ObjectMeta } from "./resources";

/** A `machine.openshift.io/v1beta1` Machine, as far as it is read here (openshift/api, machine/v1beta1/types_machine.go). */
export interface Machine {
  metadata: ObjectMeta & { name: string; uid?: string; deletionTimestamp?: string };
  status?: {
    phase?: string;
    errorMessage?: string;
    nodeRef?: { name: string };
    providerStatus?: { conditions?: { type: string; status: string; message?: string }[] };
  };
}

/** What the controllers say about one MachineSet at one moment. */
export interface MachinesState {
  readonly metadata: { readonly generation?: number };
  readonly status?: { readonly observedGeneration?: number; readonly availableReplicas?: number };
  /** All Machines of the set, those that are being deleted included. */
  readonly machines: readonly Machine[];
}

/**
 * Whether a MachineSet has as many nodes as it should, and no machine beside them. `Failed` is final: the controller never looks at such
 * a machine again (machine-api-operator, pkg/controller/machine/controller.go, "It won't reconcile"). On AWS that is what every refusal of
 * RunInstances with a status of 4xx leads to: quota, AMI, instance type, rights (machine-api-provider-aws, launchInstance). A 5xx, which
 * is what EC2 says when it has no capacity (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html), is tried
 * again, and the last answer stands in the provider's status.
 */
export function machinesVerdict(replicas: number, { metadata, status, machines }: MachinesState): Look<number> {
  const waiting = (why: string) => ({ kind: "waiting" as const, why });
  if (!status?.observedGeneration || status.observedGeneration < (metadata.generation ?? 0)) {
    return waiting("the machine-api controller has not seen it yet");
  }
  const alive = machines.filter((machine) => !machine.metadata.deletionTimestamp);
  const failed = alive.filter(isFailed);
  if (failed.length > 0) return { kind: "failed", why: failed.map(failureOf).join("; ") };
  const leaving = machines.length - alive.length;
  if (alive.length !== replicas) return waiting(`${alive.length} machines, ${replicas} are wanted`);
  if (leaving > 0) return waiting(`${leaving} ${leaving === 1 ? "machine is" : "machines are"} being deleted`);
  const available = status.availableReplicas ?? 0;
  if (available === replicas) return { kind: "ready", value: replicas };
  return waiting(`${available} of ${replicas} nodes are available: ${alive.map(progressOf).filter(Boolean).join("; ")}`);
}

/** Whether the controller has given a machine up. */
export const isFailed = ({ status }: Machine): boolean => status?.phase === "Failed";

const failureOf = ({ metadata, status }: Machine): string =>
  `the machine ${metadata.name} has failed: ${status?.errorMessage || "no reason given"}`;

function progressOf({ metadata, status }: Machine): string {
  const problem = status?.providerStatus?.conditions?.find(({ type, status }) => type === "MachineCreation" && status === "False")?.message;
  const phase = status?.phase ?? "new";
  if (status?.nodeRef) return `${metadata.name} is ${phase}, its node is ${status.nodeRef.name}`;
  return `${metadata.name} is ${phase}${problem && phase !== "Provisioned" ? `: ${problem}` : ", without a node"}`;
}
