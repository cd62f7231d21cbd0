import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { BuildNamespace } from "../../tekton/build-namespace";
import { BuildSchedules } from "../../tekton/build-schedules";
import { BuildTriggers } from "../../tekton/build-triggers";
import { defaultTaskImages } from "../../tekton/task-images";
import { type Graph, graph } from "../graph";

const build = {
  name: "htop",
  pipeline: "containerfile" as const,
  repository: "https://example.com/examples.git",
  revision: "main",
  context: "htop",
  containerfile: "Containerfile",
  image: "registry.example.com/htop:latest",
  architectures: ["amd64", "arm64"] as const,
};

async function program({ namespaceName = "build-multiarch", listens = true, channel = "latest" } = {}) {
  let triggers: BuildTriggers | undefined;
  const made = await graph(
    () => {
      const namespace = new BuildNamespace(
        "builds",
        {
          name: namespaceName,
          registryCredentials: pulumi.secret('{"auths":{}}'),
          taskImages: defaultTaskImages,
          storageClass: "efs-csi",
          listens,
        },
        {},
      );
      const builds = [
        { ...build, trigger: "github" as const },
        { ...build, name: "other", trigger: "gitlab" as const },
      ];
      triggers = new BuildTriggers(
        "triggers",
        { namespace, builds, domain: "apps.multiarch.example.com", channel },
        { dependsOn: namespace },
      );
      const scheduled = [{ ...build, rebuild: "weekly" as const }];
      new BuildSchedules("schedules", { namespace, builds: scheduled, image: "registry.example.com/node:22" }, { dependsOn: namespace });
    },
    {
      preview: true,
      outputs: (type) => (type === "random:index/randomPassword:RandomPassword" ? { result: "the-token" } : undefined),
    },
  );
  return { ...made, triggers };
}

describe("BuildTriggers", () => {
  let made: Graph;
  let triggers: BuildTriggers | undefined;
  beforeAll(async () => {
    ({ triggers, ...made } = await program());
  });

  it("lets the router in to the listener's pods, at its port, and nobody else to anything", () => {
    const policies = made.resources.filter(({ type }) => type === "kubernetes:networking.k8s.io/v1:NetworkPolicy");
    expect(policies.map(({ inputs }) => inputs.spec)).toEqual([
      { podSelector: {}, policyTypes: ["Ingress"] },
      {
        podSelector: { matchLabels: { eventlistener: made.named("triggers-listener").inputs.metadata.name } },
        policyTypes: ["Ingress"],
        ingress: [
          {
            from: [{ namespaceSelector: { matchLabels: { "policy-group.network.openshift.io/ingress": "" } } }],
            ports: [{ port: 8080 }],
          },
        ],
      },
    ]);
  });

  it("publishes the listener's service by TLS alone, at an address that is known before the cluster", () => {
    const host = "webhooks-build-multiarch.apps.multiarch.example.com";
    expect(triggers?.url).toBe(`https://${host}`);
    expect(made.named("triggers-route").inputs.spec).toEqual({
      host,
      to: { kind: "Service", name: "el-builds", weight: 100 },
      port: { targetPort: "http-listener" },
      tls: { termination: "edge", insecureEdgeTerminationPolicy: "None" },
      wildcardPolicy: "None",
    });
  });

  it("makes no label of more than 63 characters of the namespace's name", async () => {
    const { triggers: one } = await program({ namespaceName: `${"n".repeat(53)}-${"n".repeat(9)}` });
    expect(one?.url).toBe(`https://webhooks-${"n".repeat(53)}.apps.multiarch.example.com`);
  });

  it.each([
    ["pipelines-1.14", false],
    ["pipelines-1.18", false],
    ["pipelines-1.19", true],
    ["pipelines-1.20", true],
    ["latest", true],
  ])("says what the listener's container may do only where the webhook of %s takes it: %s", async (channel, says) => {
    const { inputs } = (await program({ channel })).named("triggers-listener");
    const [container] = inputs.spec.resources.kubernetesResource.spec.template.spec.containers;
    expect(Object.keys(container)).toEqual(says ? ["resources", "securityContext"] : ["resources"]);
  });

  it("gives the listener a secret that is secret everywhere", async () => {
    const { inputs, secrets } = made.named("triggers-secret");
    expect(inputs).toMatchObject({ metadata: { name: "webhook" }, stringData: { token: "the-token" } });
    expect(secrets).toEqual(["stringData"]);
    expect(await pulumi.isSecret(triggers?.secret as pulumi.Output<string>)).toBe(true);
    expect(made.named("triggers-token").inputs).toMatchObject({ length: 40, special: false });
  });

  it("binds the listener's account, and no other, to rules of its own", () => {
    const account = [{ kind: "ServiceAccount", name: "build-trigger", namespace: "build-multiarch" }];
    expect(made.named("triggers-role-binding").inputs).toMatchObject({
      roleRef: { kind: "Role", name: "build-trigger" },
      subjects: account,
    });
    expect(made.named("triggers-cluster-role-binding").inputs).toMatchObject({
      roleRef: { kind: "ClusterRole", name: "build-multiarch-build-trigger" },
      subjects: account,
    });
    expect(made.named("triggers-cluster-role").inputs.metadata.name).toBe("build-multiarch-build-trigger");
  });

  it("listens when secret, rights and templates are there, and is done when the listener is ready", () => {
    const listener = made.named("triggers-listener");
    expect(listener.inputs.metadata.annotations).toEqual({ "pulumi.com/waitFor": "condition=Available" });
    expect([...made.waitsFor(listener)]).toEqual(
      expect.arrayContaining(["triggers-secret", "triggers-role", "triggers-cluster-role-binding", "triggers-htop", "triggers-other"]),
    );
    expect([...made.waitsFor(made.named("triggers-route"))]).toContain("triggers-listener");
  });
});

describe("BuildNamespace", () => {
  it.each([
    [false, { services: "0" }],
    [true, { services: "1", "services.loadbalancers": "0", "services.nodeports": "0" }],
  ])("has a service for webhooks only where they are received (%s)", async (listens, services) => {
    const { hard } = (await program({ listens })).named("builds-limits").inputs.spec;
    const { pods: _, persistentvolumeclaims: __, ...rest } = hard;
    expect(rest).toEqual(services);
  });
});

describe("BuildSchedules", () => {
  it("has a CronJob for each build, whose account has its rights before it", async () => {
    const made = await program();
    const job = made.named("schedules-htop");
    expect(job.type).toBe("kubernetes:batch/v1:CronJob");
    expect(job.inputs.metadata).toMatchObject({ name: "htop-rebuild", namespace: "build-multiarch" });
    expect(job.inputs.spec.jobTemplate.spec.template.spec.containers[0].image).toBe("registry.example.com/node:22");
    expect([...made.waitsFor(job)]).toEqual(expect.arrayContaining(["schedules-account", "schedules-role-binding"]));
    expect(made.named("schedules-account").inputs.automountServiceAccountToken).toBe(false);
  });
});
