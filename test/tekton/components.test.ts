import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import type { Architecture } from "../../config/settings";
import { BuildNamespace, type BuildNamespaceArgs } from "../../tekton/build-namespace";
import { MultiArchBuild } from "../../tekton/multi-arch-build";
import { defaultTaskImages } from "../../tekton/task-images";
import { graph, resolved as known } from "../graph";

const architectures: Architecture[] = ["amd64", "arm64"];
const digest = `sha256:${"d".repeat(64)}`;
const pushed = JSON.stringify({ run: "htop-abcde", image: `registry.example.com/htop@${digest}`, members: [], commit: "c0ffee" });

const environment = (more: Partial<BuildNamespaceArgs> = {}): BuildNamespaceArgs => ({
  name: "build-multiarch",
  registryCredentials: pulumi.secret('{"auths":{}}'),
  taskImages: defaultTaskImages,
  architectures,
  storageClass: pulumi.output("efs-csi"),
  ...more,
});
const htop = {
  name: "htop",
  pipeline: "containerfile" as const,
  repository: "https://example.com/examples.git",
  revision: "main",
  context: "htop",
  containerfile: "Containerfile",
  image: "registry.example.com/htop:latest",
};

/** The graph of a namespace with one build, as `up` sees it. */
async function program(build: Partial<typeof htop> = {}, namespaceArgs: Partial<BuildNamespaceArgs> = {}, kubeconfig = "{}") {
  let image: pulumi.Output<string> | undefined;
  const result = await graph(
    () => {
      const namespace = new BuildNamespace("builds", environment(namespaceArgs), {});
      image = new MultiArchBuild(
        "htop",
        { ...htop, ...build, namespace, architectures, kubeconfig: pulumi.secret(kubeconfig) },
        { dependsOn: [namespace] },
      ).image;
    },
    {
      outputs: (type) =>
        type === "random:index/randomString:RandomString"
          ? { result: "abcde" }
          : type === "command:local:Command"
            ? { stdout: pushed }
            : undefined,
    },
  );
  return { ...result, image: image && (await known(image)) };
}

describe("BuildNamespace", () => {
  it("enforces pod security level baseline", async () => {
    const { inputs } = (await program()).named("builds-namespace");
    expect(inputs.metadata.name).toBe("build-multiarch");
    expect(inputs.metadata.labels).toEqual({
      "pod-security.kubernetes.io/enforce": "baseline",
      "security.openshift.io/scc.podSecurityLabelSync": "false",
    });
  });

  it("has service accounts without API tokens, of which only buildah's may use pipelines-scc", async () => {
    const { resources, named } = await program();
    const accounts = resources.filter((resource) => resource.type === "kubernetes:core/v1:ServiceAccount");
    expect(accounts.map(({ inputs }) => inputs.metadata.name).sort()).toEqual(["image-build", "image-push", "image-sources"]);
    for (const { inputs } of accounts) expect(inputs.automountServiceAccountToken).toBe(false);
    const bindings = resources.filter((resource) => resource.type.includes("RoleBinding"));
    expect(bindings).toHaveLength(1);
    const { inputs } = named("builds-scc");
    expect(inputs.roleRef).toEqual({ apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "pipelines-scc-clusterrole" });
    expect(inputs.subjects.map((subject: { name: string }) => subject.name)).toEqual(["image-build", "image-push"]);
  });

  it("makes Secrets only for what is configured, all secret in the state", async () => {
    const secrets = async (more: Partial<BuildNamespaceArgs>) =>
      (await program({}, more)).resources.filter((resource) => resource.type === "kubernetes:core/v1:Secret");
    const [credentials, ...others] = await secrets({});
    expect(others).toEqual([]);
    expect(credentials.inputs).toMatchObject({
      type: "kubernetes.io/dockerconfigjson",
      stringData: { ".dockerconfigjson": '{"auths":{}}' },
    });
    const all = await secrets({ npmrc: "a=b", mavenSettings: "<settings/>" });
    expect(all.map(({ inputs }) => Object.keys(inputs.stringData)[0])).toEqual([".dockerconfigjson", ".npmrc", "settings.xml"]);
  });

  it("puts every object into the namespace, after it", async () => {
    const { resources } = await program();
    const objects = resources.filter((resource) => resource.type.startsWith("kubernetes:") && resource.name.startsWith("builds-"));
    for (const { name, inputs, options } of objects.filter((object) => object.name !== "builds-namespace")) {
      expect([name, inputs.metadata.namespace]).toEqual([name, "build-multiarch"]);
      expect([options.dependsOn].flat()).toContainEqual(expect.objectContaining({ __pulumiType: "kubernetes:core/v1:Namespace" }));
    }
    expect(objects.filter(({ type }) => type === "kubernetes:tekton.dev/v1:Task")).toHaveLength(5);
  });
});

describe("MultiArchBuild", () => {
  it("runs its Pipeline once, under a name with a suffix, and does not wait for it in the Kubernetes provider", async () => {
    const { named } = await program();
    expect(named("htop-pipeline").inputs).toMatchObject({ kind: "Pipeline", metadata: { name: "htop", namespace: "build-multiarch" } });
    const { inputs, options } = named("htop-run");
    expect(inputs.metadata).toMatchObject({ name: "htop-abcde", annotations: { "pulumi.com/skipAwait": "true" } });
    expect(inputs.spec.pipelineRef).toEqual({ name: "htop" });
    expect(options).toMatchObject({ replaceOnChanges: ["spec"], ignoreChanges: ["status", "metadata.finalizers"] });
  });

  it("follows the run with a command of the project's own, without paths of this machine, the kubeconfig secret", async () => {
    const { inputs, options } = (await program()).named("htop-follow");
    expect(inputs.create).toBe("exec node --require tsx/cjs tekton/follow.ts");
    expect(inputs.triggers).toEqual(["htop-abcde"]);
    expect(inputs.environment).toEqual({ FOLLOW_RUN: "htop-abcde", FOLLOW_NAMESPACE: "build-multiarch", FOLLOW_KUBECONFIG: "{}" });
    expect(inputs.dir).toBeUndefined();
    expect(options.customTimeouts).toEqual({ create: "90m" });
    expect(options.dependsOn).toHaveLength(1);
  });

  it("keeps what it printed when only its inputs change", async () => {
    expect((await program()).named("htop-follow").inputs.update).toBe('printf %s "$PULUMI_COMMAND_STDOUT"');
  });

  it("gives the image by the digest of its index", async () => {
    expect((await program()).image).toBe(`registry.example.com/htop@${digest}`);
  });

  it("runs again if and only if the content of the run changes", async () => {
    const content = async (...args: Parameters<typeof program>) => (await program(...args)).named("htop-suffix").inputs.keepers.content;
    const before = await content();
    expect(await content()).toBe(before);
    expect(await content({}, {}, '{"renewed":true}')).toBe(before);
    expect(await content({}, { registryCredentials: "renewed" })).toBe(before);
    // A task that this pipeline does not use.
    expect(await content({}, { taskImages: { ...defaultTaskImages, maven: "other" } })).toBe(before);
    expect(await content({ context: "other" })).not.toBe(before);
    expect(await content({ revision: "v2" })).not.toBe(before);
    expect(await content({}, { taskImages: { ...defaultTaskImages, buildah: "other" } })).not.toBe(before);
  });
});
