import { describe, expect, it } from "vitest";
import type { Architecture } from "../../config/settings";
import { type BuildSource, type PipelineKind, pipelines } from "../../tekton/pipelines";
import type { Pipeline, PipelineTask } from "../../tekton/resources";
import { homeArchitecture, runTemplate, serviceAccounts } from "../../tekton/runs";
import { defaultTaskImages } from "../../tekton/task-images";
import { tasks } from "../../tekton/tasks";

const both: Architecture[] = ["amd64", "arm64"];
const kinds = Object.keys(pipelines) as PipelineKind[];
const source = (pipeline: PipelineKind): BuildSource => ({
  name: "hello",
  pipeline,
  repository: "https://example.com/hello.git",
  revision: "main",
  context: "app",
  containerfile: "Containerfile",
  image: "registry.example.com/hello:latest",
});
const environment = {
  namespace: "builds",
  storageClass: "efs-csi",
  secrets: { registryCredentials: "registry-credentials", npmrc: "npmrc", mavenSettings: "maven-settings" },
};
const value = (task: PipelineTask, name: string) => task.params.find((param) => param.name === name)?.value;
const byTask = (pipeline: Pipeline, task: string) => pipeline.spec.tasks.filter((candidate) => candidate.taskRef.name === task);

describe.each(kinds)("the %s pipeline", (kind) => {
  const pipeline = pipelines[kind](both);
  const run = runTemplate(source(kind), both, environment);
  const specs = run.spec.taskRunSpecs;

  it("clones once, and every build works on that commit", () => {
    expect(byTask(pipeline, "git-clone")).toHaveLength(1);
    for (const build of byTask(pipeline, "buildah-build")) expect(value(build, "commit")).toBe("$(tasks.clone.results.commit)");
  });

  it("reads only source folders that the clone has laid", () => {
    const folders = value(byTask(pipeline, "git-clone")[0], "folders");
    for (const task of pipeline.spec.tasks.filter((candidate) => value(candidate, "source"))) {
      expect(folders).toContain(value(task, "source"));
    }
  });

  it("gives every architecture a layout of its own", () => {
    const layouts = byTask(pipeline, "buildah-build").map((task) => value(task, "layout"));
    expect(layouts).toEqual(["layouts/amd64", "layouts/arm64"]);
  });

  it("pushes once, after all builds, exactly the architectures that were built", () => {
    const [push, ...others] = byTask(pipeline, "buildah-push");
    expect(others).toEqual([]);
    expect(push.runAfter).toEqual(byTask(pipeline, "buildah-build").map((task) => task.name));
    expect(value(push, "architectures")).toEqual(byTask(pipeline, "buildah-build").map((task) => value(task, "architecture")));
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
      const buildah = pipeline.spec.tasks[index].taskRef.name.startsWith("buildah-");
      expect(spec.serviceAccountName === serviceAccounts.sources).toBe(!buildah);
      expect(spec.podTemplate.automountServiceAccountToken).toBe(false);
    }
  });

  it("mounts registry credentials only where images are pulled or pushed", () => {
    for (const task of pipeline.spec.tasks) {
      const mounts = task.workspaces.some((workspace) => workspace.name === "dockerconfig");
      expect(mounts).toBe(task.taskRef.name.startsWith("buildah-"));
    }
  });

  it("passes to each task the parameters and workspaces that the task declares", () => {
    const known = new Map(tasks(defaultTaskImages).map((task) => [task.metadata.name, task.spec]));
    for (const task of pipeline.spec.tasks) {
      const spec = known.get(task.taskRef.name);
      expect(task.params.map((param) => param.name).sort()).toEqual(spec?.params.map((param) => param.name).sort());
      for (const param of spec?.params ?? []) expect(Array.isArray(value(task, param.name))).toBe(param.type === "array");
      expect(task.workspaces.map((workspace) => workspace.name)).toEqual(spec?.workspaces.map((workspace) => workspace.name));
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
    expect(pipelines[kind](["arm64", "amd64"])).toEqual(pipeline);
    expect(runTemplate(source(kind), ["arm64", "amd64"], environment)).toEqual(run);
  });

  it("has the clone look for what the builds need", () => {
    const [clone] = byTask(pipeline, "git-clone");
    for (const name of ["context", "containerfile"]) {
      for (const task of [clone, ...byTask(pipeline, "buildah-build")]) expect(value(task, name)).toBe(`$(params.${name})`);
    }
  });

  it("tells the build which folder an earlier task has made", () => {
    const generated = { containerfile: "", nodejs: "node_modules", quarkus: "target" }[kind];
    for (const build of byTask(pipeline, "buildah-build")) expect(value(build, "generated")).toBe(generated);
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
    const perArchitecture = kind === "nodejs" ? 2 : 1;
    expect(pipeline.spec.tasks.length - pipelines[kind](["amd64"]).spec.tasks.length).toBe(perArchitecture);
  });
});

it("gives each architecture of a Node.js application its own source folder and dependencies", () => {
  const pipeline = pipelines.nodejs(both);
  for (const architecture of both) {
    const npm = pipeline.spec.tasks.find((task) => task.name === `npm-${architecture}`);
    const build = pipeline.spec.tasks.find((task) => task.name === `build-${architecture}`);
    expect(npm && value(npm, "source")).toBe(`source/${architecture}`);
    expect(build && value(build, "source")).toBe(`source/${architecture}`);
    expect(build?.runAfter).toEqual([`npm-${architecture}`]);
  }
});

it("compiles a Quarkus application once", () => {
  expect(byTask(pipelines.quarkus(both), "maven-package")).toHaveLength(1);
});

it("runs tasks without an architecture on amd64 if there is one, else on the first", () => {
  expect(homeArchitecture(["arm64", "amd64"])).toBe("amd64");
  expect(homeArchitecture(["arm64"])).toBe("arm64");
});

describe("a run", () => {
  it("has one volume of its own that all nodes can mount", () => {
    const volumes = runTemplate(source("nodejs"), both, environment).spec.workspaces.filter((workspace) => workspace.volumeClaimTemplate);
    expect(volumes).toHaveLength(1);
    expect(volumes[0].volumeClaimTemplate?.metadata.labels).toEqual({ "openshift-multiarch/build": "hello" });
    expect(volumes[0].volumeClaimTemplate?.spec).toMatchObject({ accessModes: ["ReadWriteMany"], storageClassName: "efs-csi" });
  });

  it("binds only the Secrets that its pipeline uses and the namespace has", () => {
    const bound = (kind: PipelineKind, secrets = environment.secrets) =>
      runTemplate(source(kind), both, { ...environment, secrets }).spec.workspaces.map((workspace) => workspace.name);
    expect(bound("containerfile")).toEqual(["shared", "dockerconfig"]);
    expect(bound("nodejs")).toEqual(["shared", "dockerconfig", "npmrc"]);
    expect(bound("quarkus")).toEqual(["shared", "dockerconfig", "maven-settings"]);
    expect(bound("quarkus", { registryCredentials: "r" } as typeof environment.secrets)).toEqual(["shared", "dockerconfig"]);
  });
});
