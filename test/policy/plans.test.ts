import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rules } from "../../policy/rules";
import { leaks } from "../leaks";
import { stacksOf } from "../planned";
import { program, secrets } from "../program";
import { nameOf, type Pack, planOf, type Resource, servePack, untried, violations } from "./pack";

const root = join(__dirname, "..", "..");
/** A workflow runs this file: whoever names a stack otherwise has its plan tried as well. */
const stacks = stacksOf(root);
let pack: Pack;
/** Whole plans of the committed stacks: `rehearsal first`, `rehearsal running`, and so on. */
const plans: Record<string, Resource[]> = {};
let plan: Resource[];

beforeAll(async () => {
  pack = await servePack();
  for (const stack of stacks)
    for (const when of ["first", "running"] as const) plans[`${stack} ${when}`] = planOf(await program(stack, when));
  plan = plans["rehearsal running"];
});

afterAll(() => pack.close());

describe.each(stacks)("the plan of the committed stack %s", (stack) => {
  it("keeps every rule, and every rule can be tried, once the stack is there", async () => {
    const said = await pack.judge(plans[`${stack} running`]);
    expect(violations(said)).toEqual([]);
    expect(untried(said)).toEqual([]);
    // Advice, where a stack does not pin these images itself.
    expect(said.filter(({ rule }) => rule !== "default-images-by-digest")).toEqual([]);
  });

  it("keeps every rule before anything is there, and names what cannot be known until then", async () => {
    const said = await pack.judge(plans[`${stack} first`]);
    expect(violations(said)).toEqual([]);
    expect(untried(said).map(({ rule, urn }) => `${rule} ${nameOf(urn)}`)).toEqual([
      "required-tags shared-nfs",
      "required-tags shared-nfs-node",
      "required-tags shared",
      "tls-to-file-systems shared",
      "private-file-systems shared",
      "explicit-kubernetes-provider cluster",
    ]);
  });

  it("gives away no secret", async () => {
    // The secrets are there to be given away.
    const inputs = plans[`${stack} running`].map((resource) => resource.inputs);
    expect(leaks(inputs, secrets).length).toBeGreaterThan(0);
    expect(leaks(await pack.judge(plans[`${stack} running`]), secrets)).toEqual([]);
  });
});

describe("a plan as a whole", () => {
  it("breaks file-system-policies when the file system has no policy, or the policy is another's", async () => {
    const isPolicy = ({ type }: Resource) => type === "aws:efs/fileSystemPolicy:FileSystemPolicy";
    const system = plan.find(({ type }) => type === "aws:efs/fileSystem:FileSystem");
    const group = plan.find(({ name }) => name === "shared-nfs");
    const broken = [
      plan.filter((resource) => !isPolicy(resource)),
      plan.map((resource) => (isPolicy(resource) ? { ...resource, propertyDependencies: { fileSystemId: [group?.urn ?? ""] } } : resource)),
    ];
    for (const resources of broken) {
      const said = (await pack.judge(resources)).filter(({ mandatory }) => mandatory);
      expect(said.map(({ rule, urn }) => [rule, urn])).toEqual([["file-system-policies", system?.urn]]);
    }
  });

  it("breaks explicit-kubernetes-provider twice when an object names no provider: the object, and the default provider itself", async () => {
    const namespace = plan.find((resource) => resource.name === "builds-namespace") as Resource;
    const urn = namespace.provider?.urn.replace(/[^:]+$/, "default_4_25_0") ?? "";
    const provider = { ...(namespace.provider as Resource), name: "default_4_25_0", urn, inputs: { version: "4.25.0" } };
    const said = await pack.judge([...plan.filter(({ urn }) => urn !== namespace.urn), provider, { ...namespace, provider }]);
    expect(violations(said).map(({ message }) => message)).toEqual([
      "the default provider is in use: some object or look-up names none",
      "made by the default provider, not by cluster: its options, or its parent's, name none",
    ]);
  });
});

describe("the configuration of the pack", () => {
  afterAll(() => pack.configure());
  const said = async (...given: Parameters<Pack["configure"]>) => {
    await pack.configure(...given);
    return pack.judge(plan);
  };

  it("gives advice on the default images, once for a plan", async () => {
    expect((await pack.judge(plan)).map(({ rule, urn, mandatory }) => [rule, urn, mandatory])).toEqual([
      ["default-images-by-digest", "", false],
    ]);
  });

  it("makes the default images a matter of course or of no interest", async () => {
    const mandatory = await said({ "default-images-by-digest": { enforcementLevel: "mandatory" } });
    expect(violations(mandatory).map(({ rule }) => rule)).toEqual(["default-images-by-digest"]);
    expect(await said({ "default-images-by-digest": { enforcementLevel: "disabled" } })).toEqual([]);
  });

  it("names the tags that resources must have, and how many", async () => {
    const taggable = ["shared-nfs", "shared-nfs-node", "shared"];
    const missing = (await said({ "required-tags": { keys: ["Name", "owner"] } })).filter(({ mandatory }) => mandatory);
    expect(missing.map(({ urn, message }) => [nameOf(urn), message.split("\n")[1]])).toEqual(
      taggable.map((one) => [one, "tags: no owner"]),
    );
    expect(violations(await said({ "required-tags": { keys: ["project"], atLeast: 1 } }))).toEqual([]);
    expect(violations(await said({ "required-tags": { atLeast: 3 } }))).toHaveLength(3);
  });

  it("names the capabilities, the images with tags and the provider", async () => {
    expect(violations(await said({ "no-privileged-pods": { capabilities: [] } })).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^spec\.steps\[0\]\.securityContext\.capabilities\.add\[0\]: /),
    ]);
    expect(violations(await said({ "images-by-digest": { tags: [] } }))).toHaveLength(15);
    const objects = plan.filter(({ type }) => type.startsWith("kubernetes:"));
    expect(violations(await said({ "explicit-kubernetes-provider": { provider: "another" } }))).toHaveLength(objects.length);
  });
});

describe("the page of the rules", () => {
  it("names each, and whether it must be kept", () => {
    const page = readFileSync(join(root, "docs", "policies.md"), "utf8");
    for (const { name, enforcementLevel } of rules) expect(page).toMatch(new RegExp(`\\| \`${name}\` +\\| ${enforcementLevel} `));
  });
});
