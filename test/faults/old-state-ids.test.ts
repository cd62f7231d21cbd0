import { expect, it } from "vitest";
import { type Exported, sameIds, withIds, withOutputOf } from "./old-state-ids";

const group = "urn:pulumi:rehearsal::p::c$aws:ec2/securityGroup:SecurityGroup::shared-nfs";
const rule = "urn:pulumi:rehearsal::p::c$aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule::shared";
const access = "urn:pulumi:rehearsal::p::openshift-multiarch:infra:OpenShiftCluster$command:local:Command::cluster-access";
const state = (vpc: string, sg: string, infra: string): Exported => ({
  deployment: {
    resources: [
      { urn: group, id: sg, inputs: { vpcId: vpc, tags: { Name: `${infra}-efs` }, description: "NFS" } },
      { urn: rule, id: `sgr-${sg.slice(3)}`, inputs: { securityGroupId: sg } },
      { urn: access, id: "cluster-access1", outputs: { stdout: `{"of":"${infra}"}`, triggers: [infra] } },
    ],
  },
});

it("ids of the same resources are put in the place of those of an old state, and nothing else is changed", () => {
  const [old, now] = [state("vpc-0a", "sg-0a", "multiarch-aaaaa"), state("vpc-0b", "sg-0b", "multiarch-bbbbb")];
  const ids = sameIds(old, now);
  expect(ids.get("vpc-0a")).toBe("vpc-0b");
  expect(ids.get("sgr-0a")).toBe("sgr-0b");
  expect(withIds(old, new Map([...ids, ["multiarch-aaaaa", "multiarch-bbbbb"]]))).toEqual(now);
});

it("a resource that only one of them has gives no ids", () => {
  const old = state("vpc-0a", "sg-0a", "multiarch-aaaaa");
  expect(sameIds(old, { deployment: { resources: [] } })).toEqual(new Map());
});

it("an id that would be two is an error", () => {
  const now = state("vpc-0b", "sg-0b", "multiarch-bbbbb");
  const [, second] = now.deployment.resources;
  if (second?.inputs) second.inputs.securityGroupId = "sg-0c";
  expect(() => sameIds(state("vpc-0a", "sg-0a", "multiarch-aaaaa"), now)).toThrow("sg-0a is sg-0b and sg-0c");
});

it("what a stage printed is that of the other state, for the stages that are named alone", () => {
  const [old, now] = [state("vpc-0a", "sg-0a", "multiarch-aaaaa"), state("vpc-0b", "sg-0b", "multiarch-bbbbb")];
  const outputs = ({ deployment }: Exported) => deployment.resources[2]?.outputs;
  expect(outputs(withOutputOf(["access"], old, now))).toEqual({ stdout: '{"of":"multiarch-bbbbb"}', triggers: ["multiarch-aaaaa"] });
  expect(outputs(withOutputOf(["install"], old, now))).toEqual(outputs(old));
});
