import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseDocument } from "yaml";
import { CommandError, run } from "../../rehearsal/machine/exec";
import { checkout, places } from "../../rehearsal/machine/places";
import { configFile, pulumiEnvironment, stack } from "../../rehearsal/stack/environment";
import { onStack } from "./preview";

const pack = join(checkout, "rehearsal", "stack", "policy-pack.sh");

/** What a preview with the pack says, and how it ends. */
async function judged(file: string, ...options: string[]): Promise<{ code: number | undefined; output: string }> {
  const command = [join(places.path, "pulumi"), "preview", ...onStack(file), "--policy-pack", pack, ...options];
  try {
    return { code: 0, output: await run(command, { cwd: checkout, env: pulumiEnvironment() }) };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { code: error.code, output: error.stdout };
  }
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "rehearsal-policy-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each violation of a rule that must be kept, as `rule (type: name)`. */
const violations = (output: string) => [...output.matchAll(/\[mandatory\] \[severity: \w+\] {2}(.+)$/gm)].map(([, what]) => what).sort();

/** Of the running stack, by the real engine; nothing is changed. */
export function policySteps(): void {
  it("passes all rules of the policy pack, each of which could be tried", async () => {
    const { code, output } = await judged(configFile);
    expect({ code, violations: violations(output) }).toEqual({ code: 0, violations: [] });
    expect(output).toMatch(/openshift-multiarch@v\d/);
    expect(output).not.toContain("can't run policy");
  });

  it("is refused by the policy pack when a task image is a tag of somebody's choice", () =>
    inFolder(async (folder) => {
      const document = parseDocument(readFileSync(configFile, "utf8"));
      document.setIn(["config", "openshift-multiarch:namespace", "taskImages", "maven"], "registry.access.redhat.com/ubi9/openjdk-21:1.23");
      const file = join(folder, `Pulumi.${stack}.yaml`);
      writeFileSync(file, document.toString({ lineWidth: 0 }), { mode: 0o600 });
      const { code, output } = await judged(file);
      // Of each step: unpack, Maven, pack.
      expect(violations(output)).toEqual(Array(3).fill("images-by-digest  (kubernetes:tekton.dev/v1:Task: builds-maven-package)"));
      expect(output).toContain("spec.steps[0].image: the image has no digest");
      expect(code).not.toBe(0);
    }));

  it("is refused by the policy pack when the account's owner wants a tag that is not there", () =>
    inFolder(async (folder) => {
      const file = join(folder, "policies.json");
      writeFileSync(file, JSON.stringify({ "required-tags": { keys: ["Name", "owner"] } }));
      const { code, output } = await judged(configFile, "--policy-pack-config", file);
      expect(violations(output)).toEqual([
        "required-tags  (aws:ec2:SecurityGroup: shared-nfs)",
        "required-tags  (aws:efs:FileSystem: shared)",
        "required-tags  (aws:vpc:SecurityGroupIngressRule: shared-nfs-node)",
      ]);
      expect(output).toContain("tags: no owner");
      expect(code).not.toBe(0);
    }));
}
