import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rules } from "../../policy/rules";
import { program } from "../program";
import { type Change, changed, secret, set, unknown } from "./changes";
import { clusterChanges } from "./cluster-changes";
import { fileSystemChanges } from "./file-system-changes";
import { type Pack, planOf, type Resource, servePack, untried, violations } from "./pack";
import { podChanges } from "./pod-changes";
import { securityGroupChanges } from "./security-group-changes";

const changes: Readonly<Record<string, readonly Change[]>> = {
  ...podChanges,
  ...clusterChanges,
  ...securityGroupChanges,
  ...fileSystemChanges,
};
const all = Object.entries(changes).flatMap(([rule, list]) => list.map((change) => ({ rule, change, what: change.what })));

let pack: Pack;
let plan: Resource[];

beforeAll(async () => {
  pack = await servePack();
  plan = planOf(await program("dev", "running"));
});

afterAll(() => pack.close());

/** Without what is said of a stack as a whole: here, a file system whose policy is not looked at is nothing wrong. */
const judgeOne = async (resource: Resource) => (await pack.judge([resource])).filter(({ rule }) => !overStacks.includes(rule));
const overStacks = ["file-system-policies", "default-images-by-digest"];

describe("a change of one resource", () => {
  it.each(all.filter(({ change }) => change.says !== undefined))("breaks $rule: $what", async ({ rule, change }) => {
    expect(violations(await judgeOne(changed(plan, change)))).toEqual([
      { rule, message: expect.stringContaining(change.says ?? "") },
      // What has no name has not enough of them either.
      ...(change.says === "tags: no Name" && change.what.endsWith("without tags") ? [{ rule, message: expect.any(String) }] : []),
    ]);
  });

  it.each(all.filter(({ change }) => change.says === undefined))("does not break $rule: $what", async ({ change }) => {
    expect(violations(await judgeOne(changed(plan, change)))).toEqual([]);
  });

  it.each(all.filter(({ change }) => change.says !== undefined))(
    "breaks $rule in a secret as well, of which nothing is repeated: $what",
    async ({ rule, change }) => {
      const resource = changed(plan, change);
      const hidden = {
        ...resource,
        inputs: Object.fromEntries(Object.entries(resource.inputs).map(([key, value]) => [key, secret(value)])),
      };
      const told = violations(await judgeOne(hidden));
      expect(told).toEqual(violations(await judgeOne(resource)));
      expect(told.map((one) => one.rule)).toContain(rule);
      const values = texts(resource.inputs).filter((text) => told.some(({ message }) => message.includes(text)));
      expect(values.filter((text) => !harmless.includes(text))).toEqual([]);
    },
  );
});

/** Words of the rules themselves, which inputs have as well. */
const harmless = ["SETFCAP", "privileged", "name", "tags", "policy", "shared", "build", "push", "source", "image", "cluster", "container"];

function texts(value: unknown): string[] {
  if (typeof value === "string") return value.length > 3 ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

describe("what is not known yet", () => {
  const inTask = { rule: "no-privileged-pods", of: "builds-buildah-build" };
  const inPolicy = { of: "shared", type: "aws:efs/fileSystemPolicy:FileSystemPolicy", change: set("policy", unknown) };
  const service = (spec: object) => ({
    rule: "nothing-published",
    of: "builds-git-clone",
    change: () => ({ apiVersion: "v1", kind: "Service", spec }),
  });
  const cases: readonly (Change & { rule: string })[] = [
    { what: "all of a Task", ...inTask, change: set("spec", unknown) },
    { what: "a step's context", ...inTask, change: set("spec.steps.0.securityContext", unknown) },
    { what: "whether a step is privileged", ...inTask, change: set("spec.steps.0.securityContext.privileged", unknown) },
    { what: "the capabilities of a step", ...inTask, change: set("spec.steps.0.securityContext.capabilities", unknown) },
    { what: "those that it adds", ...inTask, change: set("spec.steps.0.securityContext.capabilities.add", unknown) },
    { what: "one of those", ...inTask, change: set("spec.steps.0.securityContext.capabilities.add.1", unknown) },
    { what: "a volume", ...inTask, change: set("spec.volumes.2", unknown) },
    { what: "a seccomp profile", ...inTask, change: set("spec.steps.0.securityContext.seccompProfile", unknown) },
    { what: "the role of a binding", rule: "no-privileged-pods", of: "builds-scc", change: set("roleRef.name", unknown) },
    { what: "a namespace's labels", rule: "no-privileged-pods", of: "builds-namespace", change: set("metadata.labels", unknown) },
    { what: "an image", rule: "images-by-digest", of: "builds-buildah-build", change: set("spec.steps.0.image", unknown) },
    {
      what: "a kubeconfig",
      rule: "explicit-kubernetes-provider",
      of: "cluster",
      type: "pulumi:providers:kubernetes",
      change: set("kubeconfig", unknown),
    },
    { what: "the type of a Service", ...service({ type: unknown }) },
    { what: "its addresses", ...service({ externalIPs: unknown }) },
    { what: "a range", rule: "closed-security-groups", of: "shared-nfs-node", change: set("cidrIpv4", unknown) },
    { what: "all that comes in", rule: "closed-security-groups", of: "shared-nfs", change: set("ingress", unknown) },
    { what: "a part of it", rule: "closed-security-groups", of: "shared-nfs", change: (g) => ({ ...g, ingress: [unknown] }) },
    {
      what: "one range of it",
      rule: "closed-security-groups",
      of: "shared-nfs",
      change: (g) => ({ ...g, ingress: [{ cidrBlocks: [unknown] }] }),
    },
    {
      what: "encryption",
      rule: "encrypted-file-systems",
      of: "shared",
      type: "aws:efs/fileSystem:FileSystem",
      change: set("encrypted", unknown),
    },
    { what: "a policy", rule: "tls-to-file-systems", ...inPolicy },
    { what: "a policy", rule: "private-file-systems", ...inPolicy },
    { what: "tags", rule: "required-tags", of: "shared-nfs", change: set("tags", unknown) },
  ];

  it.each(cases)("is no violation of $rule, and is said to be untried: $what", async ({ rule, ...change }) => {
    const said = await judgeOne(changed(plan, change));
    expect(violations(said)).toEqual([]);
    expect(untried(said).map((one) => one.rule)).toContain(rule);
  });

  it("does not hide what is wrong beside it, before or after", async () => {
    const both = (inputs: Parameters<Change["change"]>[0]) => {
      inputs.spec.steps[0].securityContext.capabilities = { add: [unknown, "SYS_ADMIN"] };
      inputs.spec.sidecars = [{ image: unknown, securityContext: unknown }, { securityContext: { privileged: true } }];
    };
    const said = await judgeOne(changed(plan, { what: "", of: "builds-buildah-build", change: both }));
    expect(violations(said).map(({ message }) => message.split(": ")[0])).toEqual([
      "spec.sidecars[1].securityContext.privileged",
      "spec.steps[0].securityContext.capabilities.add[1]",
    ]);
    expect(untried(said).map(({ rule }) => rule)).toEqual(["no-privileged-pods", "images-by-digest"]);
  });

  it("matters only where it decides: a tag's value, a machine's template and a run's name may be unknown", async () => {
    const unknowns: Pick<Change, "of" | "change">[] = [
      { of: "shared-nfs", change: set("tags.Name", unknown) },
      { of: "workers-amd64-eu-west-3a", change: set("spec.template", unknown) },
      { of: "htop-run", change: set("metadata.name", unknown) },
      { of: "efs-class", change: set("parameters.fileSystemId", unknown) },
    ];
    for (const one of unknowns) expect(await judgeOne(changed(plan, { what: "", ...one }))).toEqual([]);
  });
});

describe("the rules", () => {
  it("have each a change that breaks it, and one that does not", () => {
    const tried = Object.entries(changes).filter(
      ([, list]) => list.some(({ says }) => says !== undefined) && list.some(({ says }) => says === undefined),
    );
    expect([...tried.map(([rule]) => rule), ...overStacks].sort()).toEqual(rules.map(({ name }) => name).sort());
  });
});
