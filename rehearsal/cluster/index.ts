import { removeHosts } from "../machine/hosts";
import { stopControlPlane } from "./control-plane";
import { stopEfsDriver } from "./efs-driver";
import { stopEfsOperator } from "./efs-operator-process";
import { stopMachineApi } from "./machine-api";
import { stopAllNodes } from "./node";

export { startControlPlane } from "./control-plane";
export { startEfsOperator } from "./efs-operator-process";
export { startMachineApi } from "./machine-api";
export { startNode } from "./node";

/** Ends everything of the cluster, from whatever state: machine-api, nodes with their pods, control plane, names of the API. The bridge stays. */
export async function stopCluster(): Promise<void> {
  // Those that would start again what is stopped behind their backs come first.
  await stopEfsOperator();
  await stopMachineApi();
  await stopEfsDriver();
  await stopAllNodes();
  await stopControlPlane();
  removeHosts();
}
