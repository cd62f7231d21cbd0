import { chmodSync, existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownMounts } from "../machine/leftovers";
import { places } from "../machine/places";
import { recordedPrograms, runningPid, start, stop } from "../machine/process";
import { connects, listNodes, type NodeRecord, nodeFolder, nodePlugin } from "./node";
import { removeIfEmpty, unmountBelow } from "./node-remains";

const folder = join(places.run, "efs");
/** What stands first on PATH for the driver. */
const programs = join(folder, "bin");
/** Contents of the file systems, a folder each. */
const volumes = join(places.run, "volumes");
/** How long each operation on a file takes; read at each mount. */
const delays = join(folder, "delays");

const controller = "efs-csi-controller";
const provisioner = "efs-csi-provisioner";
const controllerSocket = join(folder, "controller", "csi.sock");

/** Milliseconds that EFS takes to read and to write (docs.aws.amazon.com/efs/latest/ug/performance.html, Regional). */
export const efsDelays = { read: 1, write: 2.7 } as const;

/** Makes mounts from now on as slow as given, in milliseconds, or as fast as can be; those that are there stay as they are. */
export function setDelays(wanted?: { readonly read: number; readonly write: number }): void {
  rmSync(delays, { force: true });
  if (!wanted) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(delays, `${wanted.read}ms ${wanted.write}ms\n`);
}

/**
 * What the driver's image holds beside it: `mount` with mount.efs, and efs-utils' watchdog, which looks after TLS tunnels and
 * has nothing to do here.
 */
function preparePrograms(): void {
  mkdirSync(programs, { recursive: true });
  const mount = join(programs, "mount");
  const target = join(places.bin, "mount.efs");
  if (!existsSync(mount) || readlinkSync(mount) !== target) {
    rmSync(mount, { force: true });
    symlinkSync(target, mount);
  }
  const watchdog = join(programs, "amazon-efs-mount-watchdog");
  writeFileSync(watchdog, "#!/bin/sh\nexec sleep infinity\n");
  chmodSync(watchdog, 0o755);
}

/** Environment of a driver on a node: the instance that the node is, and where mount.efs finds the contents. */
function environment(node: NodeRecord): Record<string, string | undefined> {
  return {
    PATH: `${programs}:/usr/sbin:/usr/bin:/sbin:/bin`,
    KUBECONFIG: places.adminKubeconfig,
    CSI_NODE_NAME: node.name,
    AWS_REGION: node.labels["topology.kubernetes.io/region"],
    // The SDK would want to change the transport of requests for it.
    AWS_CA_BUNDLE: undefined,
    EFS_INSTANCE: node.providerId?.split("/").at(-1),
    EFS_VOLUMES: volumes,
    EFS_DELAYS: delays,
  };
}

/** The driver's DaemonSet: its plugin on every node that runs and has none. */
function startNodePlugins(): void {
  for (const node of listNodes()) {
    if (!node.running) continue;
    const kubelet = join(nodeFolder(node.index), "kubelet");
    const options = [
      `--socket=${join(kubelet, "plugins", "efs.csi.aws.com", "csi.sock")}`,
      `--registry=${join(kubelet, "plugins_registry")}`,
      `--work=${join(nodeFolder(node.index), "efs-utils")}`,
    ];
    start({ name: nodePlugin(node.index), command: [join(places.bin, "efs-csi-driver"), ...options], environment: environment(node) });
  }
}

/** The driver's Deployment, on the control-plane node as OpenShift's, with the arguments that its operator gives. */
async function startController(tags: string): Promise<void> {
  // A pod's mounts go with it. Here the driver would mount over what its killed forerunner left, unmount once, and remove the rest.
  if (runningPid(controller) === undefined) await removeMountPoints();
  const node = listNodes().find(({ labels }) => "node-role.kubernetes.io/control-plane" in labels);
  if (!node) throw new Error("the EFS CSI driver's controller needs a control-plane node, and none was started");
  const driver = [`--socket=${controllerSocket}`, `--work=${join(folder, "controller", "efs-utils")}`, `--tags=${tags}`];
  start({ name: controller, command: [join(places.bin, "efs-csi-driver"), ...driver], environment: environment(node) });
  const options = [`--csi-address=${controllerSocket}`, `--kubeconfig=${places.adminKubeconfig}`];
  // csi-operator, assets/overlays/aws-efs/generated/standalone/controller.yaml
  const chosen = ["--extra-create-metadata=true", "--worker-threads=1", "--timeout=5m"];
  start({ name: provisioner, command: [join(places.bin, "csi-provisioner"), ...options, ...chosen] });
}

/**
 * Starts what of the driver does not run.
 *
 * @param tags of access points, as the driver's own option has them: `key:value`, separated by spaces.
 * @returns whether the controller answers.
 */
export async function ensureEfsDriver(tags: string): Promise<boolean> {
  preparePrograms();
  startNodePlugins();
  await startController(tags);
  return connects(controllerSocket);
}

/** Ends the driver on all nodes. Mounts stay, and their servers with them. */
export async function stopEfsDriver(): Promise<void> {
  const plugins = recordedPrograms().filter((name) => name.startsWith(nodePlugin("")));
  for (const name of [provisioner, controller, ...plugins]) await stop(name);
  rmSync(dirname(controllerSocket), { recursive: true, force: true });
  await removeMountPoints();
}

/**
 * The controller mounts a file system in a fixed place to remove a folder of it (pkg/driver/controller.go, TempMountPathPrefix); one
 * that ends meanwhile leaves the mount.
 */
async function removeMountPoints(): Promise<void> {
  const points = "/var/lib/csi/pv";
  for (const point of ownMounts()) if (point.startsWith(`${points}/`)) await unmountBelow(point);
  for (const name of existsSync(points) ? readdirSync(points) : []) if (name.startsWith("fsap-")) removeIfEmpty(join(points, name));
  removeIfEmpty(points, dirname(points));
}
