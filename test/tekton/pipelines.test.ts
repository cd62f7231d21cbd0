import { describe, expect, it } from "vitest";
import type { Architecture } from "../../config/settings";
import type { BuildSource } from "../../tekton/build-source";
import { type PipelineName, pipelineOf, shapes } from "../../tekton/pipelines";
import { homeArchitecture, serviceAccounts } from "../../tekton/placement";
import type { Pipeline, PipelineTask } from "../../tekton/resources";
import { runTemplate } from "../../tekton/runs";
import { defaultTaskImages } from "../../tekton/task-images";
import { tasks } from "../../tekton/tasks";

const both: Architecture[] = ["amd64", "arm64"];
const kinds = Object.keys(shapes) as PipelineName[];
const source = (kind: PipelineName): BuildSource => ({
  name: "hello",
  pipeline: shapes[kind].pipeline,
  ...(shapes[kind].prepare && { prepare: { image: "registry.example.com/go:1", script: "make", ...shapes[kind].prepare } }),
  repository: "https://example.com/hello.git",
  revision: "main",
  context: "app",
  containerfile: "Containerfile",
  image: "registry.example.com/hello:latest",
});
const environment = {
  namespace: "builds",
  tasks: tasks(defaultTaskImages),
  secrets: { registryCredentials: "registry-credentials", npmrc: "npmrc", mavenSettings: "maven-settings" },
};
const value = (task: PipelineTask, name: string) => task.params.find((param) => param.name === name)?.value;
const byTask = (pipeline: Pipeline, task: string) => pipeline.spec.tasks.filter((candidate) => candidate.taskRef.name === task);
const builds = (pipeline: Pipeline) => pipeline.spec.tasks.filter((task) => task.name.startsWith("build-"));

describe.each(kinds)("the %s pipeline", (kind) => {
  const pipeline = pipelineOf(shapes[kind], both);
  const run = runTemplate(source(kind), both, environment, "efs-csi");
  const specs = run.spec.taskRunSpecs;

  it("clones once, and every build works on that commit", () => {
    expect(byTask(pipeline, "git-clone")).toHaveLength(1);
    for (const build of builds(pipeline)) expect(value(build, "commit")).toBe("$(tasks.clone.results.commit)");
  });

  it("hands the sources on as one archive, which a task before has written", () => {
    const written = new Map<string, string>();
    for (const task of pipeline.spec.tasks) {
      const [reads, writes] = task.name === "clone" ? [undefined, value(task, "archive")] : [value(task, "archive"), value(task, "packed")];
      if (reads) expect(task.runAfter).toEqual([written.get(String(reads))]);
      if (writes) written.set(String(writes), task.name);
    }
    for (const build of builds(pipeline)) expect(written.has(String(value(build, "archive")))).toBe(true);
  });

  it("has each architecture noted under a name of its own, in the folder that the push reads", () => {
    expect(builds(pipeline).map((task) => value(task, "member"))).toEqual(["members/amd64", "members/arm64"]);
    expect(value(byTask(pipeline, "buildah-push")[0], "members")).toBe("members");
  });

  it("pushes once, after all builds, exactly the architectures that were built", () => {
    const [push, ...others] = byTask(pipeline, "buildah-push");
    expect(others).toEqual([]);
    expect(push.runAfter).toEqual(builds(pipeline).map((task) => task.name));
    expect(value(push, "architectures")).toEqual(builds(pipeline).map((task) => value(task, "architecture")));
  });

  it("pins every task to an architecture, those of one architecture to their own", () => {
    expect(specs.map((spec) => spec.pipelineTaskName)).toEqual(pipeline.spec.tasks.map((task) => task.name));
    for (const spec of specs) {
      const own = both.find((architecture) => spec.pipelineTaskName.endsWith(`-${architecture}`));
      expect(spec.podTemplate.nodeSelector).toEqual({ "kubernetes.io/arch": own ?? "amd64" });
    }
  });

  it("lets only buildah's tasks run under accounts that may use pipelines-scc, and gives no pod an API token", () => {
    for (const [index, spec] of specs.entries()) {
      const buildah = /^(clone$|build-|push$)/.test(pipeline.spec.tasks[index].name);
      expect(spec.serviceAccountName === serviceAccounts.sources).toBe(!buildah);
      expect(spec.podTemplate.automountServiceAccountToken).toBe(false);
    }
  });

  it("mounts registry credentials only where images are looked for, pulled or pushed", () => {
    for (const task of pipeline.spec.tasks) {
      const mounts = task.workspaces.some((workspace) => workspace.name === "dockerconfig");
      expect([task.name, mounts]).toEqual([task.name, /^(clone$|build-|push$)/.test(task.name)]);
    }
  });

  it("mounts the credentials of Git servers in the clone alone", () => {
    const mounts = pipeline.spec.tasks.filter(({ workspaces }) => workspaces.some(({ name }) => name === "git-credentials"));
    expect(mounts.map(({ name }) => name)).toEqual(["clone"]);
  });

  it("passes to each task the parameters and workspaces that the task declares", () => {
    const known = new Map(tasks(defaultTaskImages).map((task) => [task.metadata.name, task.spec]));
    const names = (params?: { name: string }[]) => params?.map(({ name }) => name).sort();
    // Only where a step of the user's own runs is there an image to ask for.
    const asks = names(pipeline.spec.params)?.includes("prepare-image");
    for (const task of pipeline.spec.tasks) {
      const spec = known.get(task.taskRef.name);
      // The tasks of a namespace decide themselves whether they make SBOMs.
      const declared = spec?.params.filter(({ name }) => name !== "sbom" && (asks || name !== "images"));
      expect(names(task.params)).toEqual(names(declared));
      for (const param of declared ?? []) expect(Array.isArray(value(task, param.name))).toBe(param.type === "array");
      expect(task.workspaces.map((workspace) => workspace.name).sort()).toEqual(spec?.workspaces.map((workspace) => workspace.name).sort());
      for (const workspace of task.workspaces) {
        expect(pipeline.spec.workspaces.map((declared) => declared.name)).toContain(workspace.workspace);
      }
    }
  });

  it("refers only to results that the tasks have", () => {
    const results = new Map(
      tasks(defaultTaskImages).map((task) => [task.metadata.name, task.spec.results?.map((result) => result.name) ?? []]),
    );
    const references = [...JSON.stringify(pipeline).matchAll(/\$\(tasks\.([^.]+)\.results\.([^)]+)\)/g)];
    expect(references.length).toBeGreaterThan(5);
    for (const [, name, result] of references) {
      const task = pipeline.spec.tasks.find((candidate) => candidate.name === name);
      expect(results.get(task?.taskRef.name ?? "")).toContain(result);
    }
  });

  it("tries the push alone again", () => {
    expect(pipeline.spec.tasks.filter(({ retries }) => retries !== undefined).map(({ name }) => name)).toEqual(["push"]);
  });

  it("gives the run the time that its tasks may take one after the other, with all attempts", () => {
    const minutes = (text: string) => {
      const [, hours = "0", rest] = /^(?:(\d+)h)?([0-5]?\d)m0s$/.exec(text) ?? [];
      return Number(hours) * 60 + Number(rest);
    };
    // By brute force: every chain of tasks, each after one that it waits for.
    const chain = (task: PipelineTask): number =>
      minutes(task.timeout) * (1 + (task.retries ?? 0)) +
      Math.max(0, ...(task.runAfter ?? []).map((name) => chain(pipeline.spec.tasks.find((other) => other.name === name) as PipelineTask)));
    expect(minutes(run.spec.timeouts.pipeline)).toBe(Math.max(...pipeline.spec.tasks.map(chain)));
    expect(minutes(run.spec.timeouts.pipeline)).toBeGreaterThan(70);
  });

  it("does not depend on the order in which the architectures are given", () => {
    expect(pipelineOf(shapes[kind], ["arm64", "amd64"])).toEqual(pipeline);
    expect(runTemplate(source(kind), ["arm64", "amd64"], environment, "efs-csi")).toEqual(run);
  });

  it("has the clone look for what the builds need", () => {
    const [clone] = byTask(pipeline, "git-clone");
    for (const name of kind.startsWith("prepared") ? ["context"] : ["context", "containerfile"]) {
      for (const task of [clone, ...builds(pipeline)]) expect(value(task, name)).toBe(`$(params.${name})`);
    }
  });

  it("tells the build which folder an earlier task has made", () => {
    const generated = { containerfile: "", prepared: "", "prepared-once": "", nodejs: "node_modules", quarkus: "target" }[kind];
    for (const build of builds(pipeline)) expect(value(build, "generated")).toBe(generated);
  });

  it("keeps builds off the control plane where there are other nodes of the architecture", () => {
    for (const { podTemplate } of specs) {
      expect(podTemplate.affinity.nodeAffinity).toEqual({
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            preference: {
              matchExpressions: [
                { key: "node-role.kubernetes.io/master", operator: "DoesNotExist" },
                { key: "node-role.kubernetes.io/control-plane", operator: "DoesNotExist" },
              ],
            },
          },
        ],
      });
    }
  });

  it("gives the kubelet the credentials for private task images", () => {
    for (const { podTemplate } of specs) expect(podTemplate.imagePullSecrets).toEqual([{ name: "registry-credentials" }]);
  });

  it("grows with the list of architectures alone", () => {
    const perArchitecture = ["nodejs", "prepared"].includes(kind) ? 2 : 1;
    expect(pipeline.spec.tasks.length - pipelineOf(shapes[kind], ["amd64"]).spec.tasks.length).toBe(perArchitecture);
  });
});

it("compiles a Quarkus application once, and what its maker says is the same for all architectures", () => {
  expect(byTask(pipelineOf(shapes.quarkus, both), "maven-package")).toHaveLength(1);
  expect(byTask(pipelineOf(shapes["prepared-once"], both), "prepare")).toHaveLength(1);
});

it("installs and prepares natively on each architecture what may differ", () => {
  for (const kind of ["nodejs", "prepared"] as const)
    expect(pipelineOf(shapes[kind], both).spec.tasks.filter(({ name }) => /^(npm|prepare)-(amd64|arm64)$/.test(name))).toHaveLength(2);
});

it("runs tasks without an architecture on amd64 if there is one, else on the first", () => {
  expect(homeArchitecture(["arm64", "amd64"])).toBe("amd64");
  expect(homeArchitecture(["arm64"])).toBe("arm64");
});

describe("a run", () => {
  it("has one volume of its own that all nodes can mount", () => {
    const volumes = runTemplate(source("nodejs"), both, environment, "efs-csi").spec.workspaces.filter(
      (workspace) => workspace.volumeClaimTemplate,
    );
    expect(volumes).toHaveLength(1);
    expect(volumes[0].volumeClaimTemplate?.metadata.labels).toEqual({ "openshift-multiarch/build": "hello" });
    expect(volumes[0].volumeClaimTemplate?.spec).toMatchObject({ accessModes: ["ReadWriteMany"], storageClassName: "efs-csi" });
  });

  it("binds only the Secrets that its pipeline uses and the namespace has", () => {
    const bound = (kind: PipelineName, secrets = environment.secrets) =>
      runTemplate(source(kind), both, { ...environment, secrets }, "efs-csi").spec.workspaces.map((workspace) => workspace.name);
    expect(bound("containerfile")).toEqual(["shared", "dockerconfig"]);
    expect(bound("nodejs")).toEqual(["shared", "dockerconfig", "npmrc"]);
    expect(bound("quarkus")).toEqual(["shared", "dockerconfig", "maven-settings"]);
    expect(bound("quarkus", { registryCredentials: "r" } as typeof environment.secrets)).toEqual(["shared", "dockerconfig"]);
  });
});
