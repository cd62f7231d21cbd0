import { KubernetesApi, labelled } from "./kubernetes-api";
import { machineSetLabel } from "./machine-sets";
import { isFailed, type Machine, type MachinesState, machinesVerdict } from "./machine-state";
import { tellOnStderr, waitUntil } from "./patience";
import { required, runProgram } from "./program";

/**
 * Waits until a MachineSet has the nodes that it asks for; progress on stderr, their number on stdout. Machines that had failed before
 * are deleted at the start, so that the MachineSet makes others: quota and capacity come back, a failed Machine never does.
 */
async function main(): Promise<void> {
  const api = new KubernetesApi(required("KUBECONFIG_CONTENT"));
  const namespace = required("NAMESPACE");
  const name = required("MACHINE_SET");
  const replicas = Number(required("REPLICAS"));
  const machineApi = `/apis/machine.openshift.io/v1beta1/namespaces/${namespace}`;
  const ofSet = labelled(`${machineApi}/machines`, `${machineSetLabel}=${name}`);
  const machines = async () => (await api.get<{ items: Machine[] }>(ofSet)).items;
  let cleared = false;
  const look = async () => {
    for (const { metadata, status } of cleared ? [] : (await machines()).filter(isFailed)) {
      tellOnStderr(`deleting the machine ${metadata.name}, which had failed before: ${status?.errorMessage ?? ""}`);
      await api.delete(`${machineApi}/machines/${metadata.name}`);
    }
    cleared = true;
    const set = await api.get<Pick<MachinesState, "metadata" | "status">>(`${machineApi}/machinesets/${name}`);
    return machinesVerdict(replicas, { ...set, machines: await machines() });
  };
  const ready = await waitUntil(look, { subject: `MachineSet ${name}`, seconds: Number(required("SECONDS")) }).catch(
    ({ message }: Error) => {
      throw new Error(
        `${message}\nThe next \`pulumi up\` deletes machines that have failed and tries again; see \`oc -n ${namespace} get machines\`.`,
      );
    },
  );
  process.stdout.write(`${ready}\n`);
}

if (require.main === module) runProgram(main);
