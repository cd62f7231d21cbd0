import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { graph } from "./graph";

/** The configuration of the rehearsal, with secrets. */
function configure(): void {
  const { config } = parse(readFileSync(join(__dirname, "..", "Pulumi.rehearsal.yaml"), "utf8")) as { config: Record<string, unknown> };
  const secrets = {
    "openshift-multiarch:pullSecret": '{"auths":{"quay.io":{"auth":"dXNlcjpodW50ZXIy"}}}',
    "openshift-multiarch:registryCredentials": '{"auths":{"10.213.0.1:5000":{"auth":"dXNlcjpodW50ZXIy"}}}',
  };
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const values = Object.entries({ ...config, ...secrets }).map(([key, value]) => [key, text(value)]);
  pulumi.runtime.setAllConfig(Object.fromEntries(values), Object.keys(secrets));
}

describe("the first preview", () => {
  let preview: Awaited<ReturnType<typeof graph>>;

  // Nothing exists yet, so nothing that the cluster would tell is known.
  beforeAll(async () => {
    const program = () => {
      configure();
      return import("../index");
    };
    const functions = (token: string) => (token.includes("getCallerIdentity") ? { accountId: "123456789012" } : {});
    preview = await graph(program, { preview: true, functions });
  }, 60_000);

  it("shows every resource although there is no cluster yet", () => {
    const { resources } = preview;
    const count = (type: string) => resources.filter((resource) => resource.type === type).length;
    expect(count("openshift-multiarch:cluster:MachinePool")).toBe(2);
    expect(resources.filter(({ inputs }) => inputs?.kind === "MachineSet")).toHaveLength(6);
    expect(count("aws:efs/mountTarget:MountTarget")).toBe(3);
    expect(count("openshift-multiarch:tekton:MultiArchBuild")).toBe(3);
    expect(resources.filter(({ inputs }) => inputs?.kind === "PipelineRun")).toHaveLength(3);
    expect(count("kubernetes:tekton.dev/v1:Task")).toBe(5);
  });

  it("knows the replicas and architectures that a reviewer looks for", () => {
    const { named } = preview;
    expect(named("workers-arm64-eu-west-3b").inputs.spec.replicas).toBe(1);
    expect(named("htop-pipeline").inputs.spec.tasks.map(({ name }: { name: string }) => name)).toEqual([
      "clone",
      "build-amd64",
      "build-arm64",
      "push",
    ]);
  });

  it("gives the Kubernetes provider an identity that is known before the cluster", () => {
    const { resources } = preview;
    const [provider] = resources.filter(({ type }) => type === "pulumi:providers:kubernetes");
    expect(provider.inputs.clusterIdentifier).toBe("multiarch.rehearsal.test");
  });
});
