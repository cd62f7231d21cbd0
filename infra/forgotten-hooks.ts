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
export const mountTargetHook = (fileSystem: string, owner: Owner): pulumi.ResourceHook =>
  forgottenHook(`${fileSystem}-mount-target`, owner, "empty", ({ fileSystemId, subnetId }) => ({
    FILE_SYSTEM_ID: fileSystemId,
    SUBNET_ID: subnetId,
  }));

/**
 * The same of the rule by which the nodes reach it: a security group takes no second one of the same source and port (EC2 API reference,
 * AuthorizeSecurityGroupIngress, InvalidPermission.Duplicate).
 */
export const ruleHook = (fileSystem: string, owner: Owner): pulumi.ResourceHook =>
  forgottenHook(`${fileSystem}-rule`, owner, "rule", ({ securityGroupId, referencedSecurityGroupId, fromPort }) => ({
    GROUP_ID: securityGroupId,
    SOURCE_GROUP_ID: referencedSecurityGroupId,
    PORT: String(fromPort),
  }));

/** @param about what the stage is told of the resource that is about to be made. */
function forgottenHook(
  name: string,
  owner: Owner,
  stage: string,
  about: (inputs: Readonly<Record<string, string>>) => Readonly<Record<string, string | undefined>>,
): pulumi.ResourceHook {
  const known = new Promise<Record<string, string>>((resolve) => {
    pulumi.output(owner).apply(resolve);
  });
  return new pulumi.ResourceHook(name, async ({ newInputs = {} }) => {
    const said = await run(stage, { ...(await known), ...about(newInputs) });
    if (said !== "") await pulumi.log.info(said);
  });
}

/** Runs a stage; what it says. A command of Pulumi's has no part in it: it would be in the state, and not run again. */
function run(stage: string, environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  const child = spawn("bash", [`infra/stages/${stage}.sh`], {
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
