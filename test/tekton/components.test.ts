import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Architecture } from "../../config/settings";
import { BuildNamespace, type BuildNamespaceArgs } from "../../tekton/build-namespace";
import type { PipelineKind } from "../../tekton/build-source";
import { MultiArchBuild } from "../../tekton/multi-arch-build";
import { defaultTaskImages } from "../../tekton/task-images";
import { graph, resolved as known } from "../graph";
import { ApiServer, type KubeObject } from "./api-server";

const architectures: Architecture[] = ["amd64", "arm64"];
const digest = `sha256:${"d".repeat(64)}`;

const environment = (more: Partial<BuildNamespaceArgs> = {}): BuildNamespaceArgs => ({
  name: "build-multiarch",
  registryCredentials: pulumi.secret('{"auths":{}}'),
  taskImages: defaultTaskImages,
  storageClass: pulumi.output("efs-csi"),
  ...more,
});
const htop = {
  name: "htop",
  pipeline: "containerfile" as PipelineKind,
  repository: "https://example.com/examples.git",
  revision: "main",
  context: "htop",
  containerfile: "Containerfile",
  image: "registry.example.com/htop:latest",
};

/** What a build was by the last update, as its stack has it among its outputs. */
const built = (name: string, uid: string, members = architectures) => ({
  run: `${name}-abcde`,
  image: `registry.example.com/${name}@${digest}`,
  members: members.map(() => `registry.example.com/${name}@${digest}`),
  architectures: members,
  commit: "c0ffee",
  uid,
});

interface Program {
  build?: Partial<typeof htop> & { downloads?: boolean };
  namespaceArgs?: Partial<BuildNamespaceArgs>;
  kubeconfig?: string;
  names?: string[];
  architectures?: Architecture[];
  lastResults?: Record<string, unknown>;
  preview?: boolean;
}

/** The graph of a namespace with builds, whose runs the API server calls `uid-<name>`. All are known to have been built, unless said otherwise. */
async function program({ names = ["htop"], lastResults, preview, kubeconfig = "{}", ...more }: Program = {}) {
  const before = lastResults ?? Object.fromEntries(names.map((name) => [name, built(name, `uid-${name}`)]));
  const made: MultiArchBuild[] = [];
  const result = await graph(
    () => {
      const namespace = new BuildNamespace("builds", environment(more.namespaceArgs), {});
      for (const name of names) {
        const content = { ...htop, name, image: `registry.example.com/${name}:latest`, ...more.build };
        const access = { kubeconfig: pulumi.secret(kubeconfig), lastResults: before };
        const opts = { dependsOn: [namespace] };
        made.push(new MultiArchBuild(name, { ...content, namespace, architectures: more.architectures ?? architectures, ...access }, opts));
      }
    },
    {
      preview,
      outputs: (type, name, inputs) =>
        type === "random:index/randomString:RandomString"
          ? { result: "abcde" }
          : inputs.kind === "PipelineRun"
            ? { metadata: { ...(inputs.metadata as object), uid: `uid-${name.replace(/-run$/, "")}` } }
            : undefined,
    },
  );
  const results = Object.fromEntries(await Promise.all(made.map(async (build) => [build.name, await known(build.result)])));
  const images = Object.fromEntries(await Promise.all(made.map(async (build) => [build.name, await known(build.image)])));
  const secret = (await Promise.all(made.flatMap(({ result: output, image }) => [pulumi.isSecret(output), pulumi.isSecret(image)]))).some(
    Boolean,
  );
  return { ...result, results, images, secret };
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

  it("has service accounts without API tokens, of which only buildah's may use pipelines-scc, and only the one that pushes has the credentials", async () => {
    const { resources, named } = await program();
    const accounts = resources.filter((resource) => resource.type === "kubernetes:core/v1:ServiceAccount");
    expect(accounts.map(({ inputs }) => inputs.metadata.name).sort()).toEqual([
      "image-build",
      "image-clone",
      "image-push",
      "image-sources",
    ]);
    for (const { inputs } of accounts) expect(inputs.automountServiceAccountToken).toBe(false);
    // Tekton puts a Secret of an account into the home directory of all its pods, and Chains pushes with those of the run's account.
    expect(accounts.filter(({ inputs }) => inputs.secrets).map(({ inputs }) => [inputs.metadata.name, inputs.secrets])).toEqual([
      ["image-push", [{ name: "registry-credentials" }]],
    ]);
    const bindings = resources.filter((resource) => resource.type.includes("RoleBinding"));
    expect(bindings).toHaveLength(1);
    const { inputs } = named("builds-scc");
    expect(inputs.roleRef).toEqual({ apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "pipelines-scc-clusterrole" });
    const subject = (name: string) => ({ kind: "ServiceAccount", name, namespace: "build-multiarch" });
    expect(inputs.subjects).toEqual([subject("image-clone"), subject("image-build"), subject("image-push")]);
  });

  it("makes Secrets only for what is configured, all secret in the state", async () => {
    const secrets = async (more: Partial<BuildNamespaceArgs>) =>
      (await program({ namespaceArgs: more })).resources.filter((resource) => resource.type === "kubernetes:core/v1:Secret");
    const [credentials, ...others] = await secrets({});
    expect(others).toEqual([]);
    expect(credentials.inputs).toMatchObject({
      type: "kubernetes.io/dockerconfigjson",
      stringData: { ".dockerconfigjson": '{"auths":{}}' },
    });
    const ofGit = await secrets({ gitCredentials: { known_hosts: "a" }, buildGitCredentials: { htop: { "ssh-privatekey": "b" } } });
    expect(ofGit.slice(1).map(({ inputs }) => [inputs.metadata.name, inputs.stringData])).toEqual([
      ["git-credentials", { known_hosts: "a" }],
      ["htop-git-credentials", { "ssh-privatekey": "b" }],
    ]);
    const all = await secrets({ npmrc: "a=b", mavenSettings: "<settings/>" });
    expect(all.map(({ inputs }) => Object.keys(inputs.stringData)[0])).toEqual([".dockerconfigjson", ".npmrc", "settings.xml"]);
  });

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("has each Secret that a run binds, with the file that its script reads (npm: %s, Maven: %s)", async (npm, maven) => {
    const namespaceArgs = { ...(npm && { npmrc: "a=b" }), ...(maven && { mavenSettings: "<settings/>" }) };
    // In reading order of the workspaces' names: where the script looks for the file, and which kind of Secret has it.
    const wanted: Record<string, [string, string]> = {
      dockerconfig: [".dockerconfigjson", "kubernetes.io/dockerconfigjson"],
      npmrc: [".npmrc", "Opaque"],
      "maven-settings": ["settings.xml", "Opaque"],
    };
    const bound = new Set<string>();
    const made = new Set<string>();
    for (const pipeline of ["nodejs", "quarkus"] as const) {
      const { resources, named } = await program({ namespaceArgs, build: { pipeline } });
      const secrets = resources.filter(({ type }) => type === "kubernetes:core/v1:Secret").map(({ inputs }) => inputs);
      for (const { metadata } of secrets) made.add(metadata.name);
      for (const { name, secret } of named("htop-run").inputs.spec.workspaces) {
        if (!secret) continue;
        bound.add(secret.secretName);
        const found = secrets.find(({ metadata }) => metadata.name === secret.secretName);
        expect([name, Object.keys(found?.stringData ?? {}), found?.type]).toEqual([name, [wanted[name][0]], wanted[name][1]]);
      }
    }
    expect(bound).toEqual(made);
    expect(bound.size).toBe(1 + Number(npm) + Number(maven));
  });

  it("has the Git credentials that a build has of its own, which its run binds in the place of the stack's", async () => {
    const own = { gitCredentials: { known_hosts: "a" }, buildGitCredentials: { htop: { "ssh-privatekey": "b" } } };
    const bound = async (namespaceArgs: Partial<BuildNamespaceArgs>) =>
      (await program({ namespaceArgs }))
        .named("htop-run")
        .inputs.spec.workspaces.find(({ name }: { name: string }) => name === "git-credentials")?.secret;
    expect(await bound(own)).toEqual({ secretName: "htop-git-credentials" });
    expect(await bound({ gitCredentials: own.gitCredentials })).toEqual({ secretName: "git-credentials" });
  });

  it("lets nobody talk to a build: a policy for all pods that allows nothing in", async () => {
    const { type, inputs } = (await program()).named("builds-no-ingress");
    expect(type).toBe("kubernetes:networking.k8s.io/v1:NetworkPolicy");
    // An empty selector means every pod of the namespace, a policy of type Ingress without a rule none of what comes in
    // (https://kubernetes.io/docs/concepts/services-networking/network-policies/, "Default deny all ingress traffic").
    expect(inputs.spec).toEqual({ podSelector: {}, policyTypes: ["Ingress"] });
  });

  it("has an account for each that a run names", async () => {
    const { resources, named } = await program();
    const accounts = resources.filter(({ type }) => type === "kubernetes:core/v1:ServiceAccount").map(({ inputs }) => inputs.metadata.name);
    const { taskRunTemplate, taskRunSpecs } = named("htop-run").inputs.spec;
    for (const { serviceAccountName } of [taskRunTemplate, ...taskRunSpecs]) expect(accounts).toContain(serviceAccountName);
  });

  it("bounds what all builds together can get: pods and volumes, and no service at all", async () => {
    const { inputs } = (await program()).named("builds-limits");
    expect(inputs.spec).toEqual({ hard: { pods: "500", persistentvolumeclaims: "1000", services: "0" } });
    // A quota of processors or memory would refuse Tekton's own init containers, which ask for none.
    expect(inputs.metadata.namespace).toBe("build-multiarch");
  });

  it("keeps downloads in one volume that all nodes mount, for whose moments nobody waits, whatever the builds are", async () => {
    // Finished pods hold a claim that is deleted, and the next runs could not start: so no setting of a build takes it away.
    const { resources } = await program();
    const [{ name, inputs }, ...others] = resources.filter(({ type }) => type === "kubernetes:core/v1:PersistentVolumeClaim");
    expect([name, others]).toEqual(["builds-downloads", []]);
    // The label of a build would have it freed with the volumes of its runs.
    expect(inputs.metadata).toEqual({
      name: "downloads",
      namespace: "build-multiarch",
      annotations: { "pulumi.com/skipAwait": "true" },
    });
    expect(inputs.spec).toEqual({
      accessModes: ["ReadWriteMany"],
      storageClassName: "efs-csi",
      resources: { requests: { storage: "10Gi" } },
    });
  });

  it("has the claim that a run binds", async () => {
    const { named } = await program({ build: { pipeline: "nodejs", downloads: true } });
    const bound = named("htop-run").inputs.spec.workspaces.find(({ name }: { name: string }) => name === "downloads");
    expect(bound).toEqual({ name: "downloads", persistentVolumeClaim: { claimName: "downloads" }, subPath: "htop" });
  });

  it("puts every object into the namespace, after it", async () => {
    const { resources } = await program();
    const objects = resources.filter((resource) => resource.type.startsWith("kubernetes:") && resource.name.startsWith("builds-"));
    for (const { name, inputs, options } of objects.filter((object) => object.name !== "builds-namespace")) {
      expect([name, inputs.metadata.namespace]).toEqual([name, "build-multiarch"]);
      expect([options.dependsOn].flat()).toContainEqual(expect.objectContaining({ __pulumiType: "kubernetes:core/v1:Namespace" }));
    }
    expect(objects.filter(({ type }) => type === "kubernetes:tekton.dev/v1:Task")).toHaveLength(6);
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

  it("writes Tekton's v1 objects, which the build's label connects: Pipeline, run and the run's volume", async () => {
    const { named } = await program();
    const [pipeline, run] = [named("htop-pipeline"), named("htop-run")];
    expect([pipeline.type, run.type]).toEqual(["kubernetes:tekton.dev/v1:Pipeline", "kubernetes:tekton.dev/v1:PipelineRun"]);
    const volume = run.inputs.spec.workspaces.find(({ name }: { name: string }) => name === "shared").volumeClaimTemplate;
    // By these labels a build's runs and volumes are found again, so their text must stay.
    for (const { labels } of [pipeline.inputs.metadata, run.inputs.metadata, volume.metadata])
      expect(labels).toEqual({ "openshift-multiarch/build": "htop" });
  });

  it("makes the run once the namespace and the Pipeline are there", async () => {
    const result = await program();
    const before = result.waitsFor(result.named("htop-run"));
    expect([...before]).toEqual(expect.arrayContaining(["htop-pipeline", "builds-namespace", "builds-git-clone", "builds-scc"]));
  });

  it("names all objects after their component, which is their parent, in a way that Kubernetes takes", async () => {
    const { resources } = await program({ namespaceArgs: { npmrc: "a=b", mavenSettings: "<settings/>" } });
    const objects = resources.filter(({ type }) => type.startsWith("kubernetes:") || type.startsWith("random:"));
    const of = (component: string) => objects.filter(({ name }) => name.startsWith(`${component}-`));
    expect(objects).toHaveLength(of("builds").length + of("htop").length);
    expect(new Set(objects.map(({ name }) => name)).size).toBe(objects.length);
    for (const { name, urn } of of("builds"))
      expect([name, urn]).toEqual([name, expect.stringContaining("::openshift-multiarch:tekton:BuildNamespace$")]);
    for (const { name, urn } of of("htop"))
      expect([name, urn]).toEqual([name, expect.stringContaining("::openshift-multiarch:tekton:MultiArchBuild$")]);
    // RFC 1123's labels, which all kinds take.
    for (const { name, inputs } of objects.filter(({ inputs }) => inputs.metadata))
      expect([name, inputs.metadata.name]).toEqual([name, expect.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)]);
  });

  it("gives a run a suffix that fits into a name: five letters or digits, new for each content", async () => {
    const { named } = await program();
    const { type, inputs } = named("htop-suffix");
    expect(type).toBe("random:index/randomString:RandomString");
    expect(inputs).toEqual({ length: 5, upper: false, special: false, keepers: { content: expect.stringMatching(/^[0-9a-f]{16}$/) } });
  });

  it("shows what the components give as their outputs in the state, none of it secret", async () => {
    const { outputs } = await program();
    const of = (name: string) => outputs.filter((output) => output.name === name).map(({ plain, secrets }) => [plain, secrets]);
    expect(of("builds")).toEqual([[{ name: "build-multiarch", storageClass: "efs-csi" }, []]]);
    expect(of("htop")).toEqual([[{ image: image("htop") }, []]]);
  });

  it("runs again if and only if the content of the run changes", async () => {
    const content = async (arguments_?: Program) => (await program(arguments_)).named("htop-suffix").inputs.keepers.content;
    const images = (more: Partial<typeof defaultTaskImages>) => ({ namespaceArgs: { taskImages: { ...defaultTaskImages, ...more } } });
    const before = await content();
    expect(await content()).toBe(before);
    expect(await content({ kubeconfig: '{"renewed":true}' })).toBe(before);
    expect(await content({ namespaceArgs: { registryCredentials: "renewed" } })).toBe(before);
    expect(await content({ architectures: ["arm64", "amd64"] })).toBe(before);
    // A task that this pipeline does not use.
    expect(await content(images({ maven: "other" }))).toBe(before);
    expect(await content({ build: { context: "other" } })).not.toBe(before);
    expect(await content({ build: { revision: "v2" } })).not.toBe(before);
    expect(await content({ architectures: ["amd64"] })).not.toBe(before);
    expect(await content(images({ buildah: "other" }))).not.toBe(before);
    expect(await content(images({ syft: "other" }))).not.toBe(before);
    expect(await content({ namespaceArgs: { sbom: false } })).not.toBe(before);
  });

  it("lists what is in an image if that is wanted: a step of the task that builds, which the task that pushes expects", async () => {
    const of = async (sbom?: boolean) => {
      const { named } = await program({ namespaceArgs: { sbom } });
      const [build, push] = ["build", "push"].map((name) => named(`builds-buildah-${name}`).inputs.spec);
      return [
        build.steps.map((step: { name: string }) => step.name),
        push.params.find((param: { name: string }) => param.name === "sbom").default,
      ];
    };
    expect(await of()).toEqual([["build", "push", "sbom"], "true"]);
    expect(await of(false)).toEqual([["build", "push"], "false"]);
  });
});

const runs = "/apis/tekton.dev/v1/namespaces/build-multiarch/pipelineruns";
const taskRuns = "/apis/tekton.dev/v1/namespaces/build-multiarch/taskruns";
const run = (name: string, status: "True" | "False", uid = `uid-${name}`): KubeObject => ({
  metadata: { name: `${name}-abcde`, namespace: "build-multiarch", uid, labels: { "openshift-multiarch/build": name } },
  spec: { pipelineRef: { name } },
  status: {
    conditions: [{ type: "Succeeded", status, reason: "Failed", message: "Tasks Completed: 1" }],
    results: Object.entries({
      image: `registry.example.com/${name}@${digest}`,
      members: `registry.example.com/${name}@sha256:a,registry.example.com/${name}@sha256:b`,
      "CHAINS-GIT_COMMIT": "c0ffee",
    }).map(([result, value]) => ({ name: result, value })),
  },
});
const image = (name: string) => `registry.example.com/${name}@${digest}`;

describe("what became of the builds", () => {
  let server: ApiServer;
  const told = { info: [] as string[], warn: [] as string[], error: [] as string[] };

  beforeEach(async () => {
    server = await new ApiServer().start();
    for (const level of ["info", "warn", "error"] as const) {
      told[level].length = 0;
      vi.spyOn(pulumi.log, level).mockImplementation(async (message, resource) => {
        told[level].push(`${(resource as MultiArchBuild).name}| ${message}`);
      });
    }
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
    await server.stop();
  });

  it("is asked of the cluster by up, told by name, and no secret although the kubeconfig is", async () => {
    server.put(runs, run("htop", "True"));
    const { results, images, secret } = await program({ kubeconfig: server.kubeconfig, lastResults: {} });
    expect(results.htop).toEqual({
      run: "htop-abcde",
      uid: "uid-htop",
      image: image("htop"),
      members: ["registry.example.com/htop@sha256:a", "registry.example.com/htop@sha256:b"],
      architectures: ["amd64", "arm64"],
      commit: "c0ffee",
    });
    expect(images).toEqual({ htop: image("htop") });
    expect(secret).toBe(false);
    expect(process.exitCode).toBeUndefined();
  });

  it.each([true, false])("is not asked again for a run that the last update has seen succeed (preview: %s)", async (preview) => {
    const { results } = await program({ kubeconfig: server.kubeconfig, preview });
    expect(results.htop).toEqual(built("htop", "uid-htop"));
    expect(server.calls).toEqual([]);
  });

  it("is asked for a run that was made again under the same name: by its uid", async () => {
    server.put(runs, run("htop", "True"));
    const last = { ...built("htop", "uid-of-a-pruned-run"), image: "old" };
    const { images } = await program({ kubeconfig: server.kubeconfig, lastResults: { htop: last } });
    expect(images.htop).toBe(image("htop"));
    expect(server.calls).not.toEqual([]);
  });

  it("is unknown in a preview of a run that has not succeeded yet, without asking", async () => {
    for (const lastResults of [{}, { htop: { uid: "uid-htop", failure: "no" } }, { htop: built("htop", "another") }]) {
      const { results, images } = await program({ kubeconfig: server.kubeconfig, lastResults, preview: true });
      expect([results.htop, images.htop]).toEqual([undefined, undefined]);
    }
    expect(server.calls).toEqual([]);
  });

  it("is told of all twelve builds, ten that succeed and two that fail", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `build-${index}`);
    const bad = ["build-3", "build-7"];
    for (const name of names) server.put(runs, run(name, "True"));
    for (const name of bad) {
      // One fails at once, the other while it is followed; both had not failed before.
      let looks = 0;
      server.plan(`GET ${runs}/${name}-abcde`, () => {
        const over = ++looks > (name === "build-3" ? 1 : 2);
        return { body: { ...run(name, "False"), ...(!over && { status: {} }) } };
      });
      server.put(taskRuns, {
        metadata: { name: `${name}-t`, labels: { "tekton.dev/pipelineRun": `${name}-abcde`, "tekton.dev/pipelineTask": "clone" } },
        status: { conditions: [{ type: "Succeeded", status: "False", message: `${name} has no branch` }] },
      });
    }
    const lastResults = { "build-3": built("build-3", "an-older-run") };
    const { results, images } = await program({ names, kubeconfig: server.kubeconfig, lastResults });
    const good = names.filter((name) => !bad.includes(name));
    expect(images).toEqual(Object.fromEntries(names.map((name) => [name, bad.includes(name) ? undefined : image(name)])));
    for (const name of good) expect(results[name]).toMatchObject({ run: `${name}-abcde`, uid: `uid-${name}` });
    expect(results["build-3"]).toEqual({
      uid: "uid-build-3",
      failure: "build-3-abcde: task clone failed: build-3 has no branch",
      last: built("build-3", "an-older-run"),
    });
    expect(results["build-7"]).toEqual({ uid: "uid-build-7", failure: "build-7-abcde: task clone failed: build-7 has no branch" });
    expect(told.error.sort()).toEqual(bad.map((name) => `${name}| ${name}-abcde: task clone failed: ${name} has no branch`));
    // The code that makes `pulumi up` fail without a further message; a logged error alone does not.
    expect(process.exitCode).toBe(32);
  });

  it("is a failure of the build, and of no other, that its run is gone", async () => {
    server.put(runs, run("other", "True"));
    const { images, results } = await program({ names: ["htop", "other"], kubeconfig: server.kubeconfig, lastResults: {} });
    expect(images).toEqual({ htop: undefined, other: image("other") });
    expect(results.htop).toMatchObject({ failure: expect.stringContaining("`pulumi up --refresh` makes it again") });
  });

  it("is warned of in the preview when the next index will hold fewer architectures", async () => {
    const sentence =
      "htop| registry.example.com/htop:latest will lose arm64: its next index holds amd64 alone, as neither `pools` nor the build's own `architectures` have more.";
    for (const lastResults of [{ htop: built("htop", "u") }, { htop: { uid: "v", failure: "no", last: built("htop", "u") } }]) {
      told.warn.length = 0;
      await program({ architectures: ["amd64"], lastResults, preview: true });
      expect(told.warn).toEqual([sentence]);
    }
    told.warn.length = 0;
    await program({ lastResults: { htop: built("htop", "u", ["amd64"]) }, preview: true });
    await program({ lastResults: {}, preview: true });
    expect(told.warn).toEqual([]);
  });
});
