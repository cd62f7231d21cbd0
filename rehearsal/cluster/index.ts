import { removeHosts } from "../machine/hosts";
import { stopApiAlone } from "./api-alone";
import { stopControlPlane } from "./control-plane";
import { stopEfsDriver } from "./efs-driver";
import { stopMachineApi } from "./machine-api";
import { stopAllNodes } from "./node";
import { stopOperators } from "./operators";

export { startApiAlone } from "./api-alone";
export { startControlPlane } from "./control-plane";
export { startMachineApi } from "./machine-api";
export { startNode } from "./node";
export { startOperators } from "./operators";

/** Ends everything of the cluster, from whatever state: machine-api, nodes with their pods, control plane, names of the API. The bridge stays. */
export async function stopCluster(): Promise<void> {
  // Those that would start again what is stopped behind their backs come first.
  await stopOperators();
  await stopMachineApi();
  await stopEfsDriver();
  await stopAllNodes();
  await Promise.all([stopControlPlane(), stopApiAlone()]);
  removeHosts();
}
