import { stopControlPlane } from "./control-plane";
import { removeHosts } from "./hosts";
import { stopMachineApi } from "./machine-api";
import { stopAllNodes } from "./node";

export { startControlPlane } from "./control-plane";
export { ensureHosts } from "./hosts";
export { startMachineApi } from "./machine-api";
export { ensureNetwork } from "./network";
export { startNode } from "./node";

/** Ends everything of the cluster, from whatever state: machine-api, nodes with their pods, control plane, names of the API. The bridge stays. */
export async function stopCluster(): Promise<void> {
  await stopMachineApi();
  await stopAllNodes();
  await stopControlPlane();
  removeHosts();
}
