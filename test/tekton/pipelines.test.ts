import { describe, expect, it } from "vitest";
import type { Architecture } from "../../config/settings";
import { type BuildSource, homeArchitecture, type PipelineKind, pipelines, runTemplate, serviceAccounts } from "../../tekton/pipelines";
import type { Pipeline, PipelineTask } from "../../tekton/resources";
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
  const specs = runTemplate(source(kind), both, environment).spec.taskRunSpecs;

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

  it("retries and limits the time of every task within the time of the run", () => {
    for (const task of pipeline.spec.tasks) {
      expect(task.retries).toBeGreaterThan(0);
      expect(Number.parseInt(task.timeout, 10)).toBeLessThan(60);
    }
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
