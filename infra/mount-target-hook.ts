import { spawn } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import { emptyMinutes } from "./limits";
import type { Owner } from "./openshift-cluster";

/**
 * A hook of the mount targets of a file system, which the engine calls before it makes one. An update that is killed meanwhile, which takes more
 * than a minute, leaves one that is in no state; and a zone takes no second one (EFS API reference, CreateMountTarget, MountTargetConflict), so every
 * further update would fail. What is in the subnet is deleted, with credentials of the cluster's account alone. Says what it deletes.
 *
 * @param fileSystem the component's name
 * @throws what the stage says, when one is there and cannot be deleted
 */
export function mountTargetHook(fileSystem: string, owner: Owner): pulumi.ResourceHook {
  const known = new Promise<Record<string, string>>((resolve) => {
    pulumi.output(owner).apply(resolve);
  });
  return new pulumi.ResourceHook(`${fileSystem}-mount-target`, async ({ newInputs = {} }) => {
    const { fileSystemId, subnetId } = newInputs as { readonly fileSystemId: string; readonly subnetId: string };
    const said = await empty({ ...(await known), FILE_SYSTEM_ID: fileSystemId, SUBNET_ID: subnetId });
    if (said !== "") await pulumi.log.info(said);
  });
}

/** Runs the stage; what it says. A command of Pulumi's has no part in it: it would be in the state, and not run again. */
function empty(environment: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn("bash", ["infra/stages/empty.sh"], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: (emptyMinutes + 5) * 60_000,
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(said.trim()) : reject(new Error(said.trim()))));
  });
}
