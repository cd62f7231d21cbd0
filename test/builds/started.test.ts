import { describe, expect, it } from "vitest";
import { type BuildPipeline, isOfStack, newestBuilt, revisionOf, startedRun, templateOf, unplacedTasks } from "../../builds/started";
import { claimsToFree, type Run, repeatOf } from "../../tekton/following";
import { pipelineFor, runTemplate } from "../../tekton/runs";

const source = {
  name: "app",
  pipeline: "containerfile" as const,
  repository: "https://git.example.com/app.git",
  revision: "v1",
  context: ".",
  containerfile: "Containerfile",
  image: "registry.example.com/app:latest",
  buildArgs: { LEVEL: "2" },
};
const environment = { namespace: "builds", tasks: [], secrets: { registryCredentials: "registry-credentials" } };
const made = pipelineFor(source, ["amd64", "arm64"], environment);
const pipeline = { ...made, metadata: { ...made.metadata, uid: "uid-app" } } as unknown as BuildPipeline;
const own: Run = {
  metadata: {
    name: "app-1",
    namespace: "builds",
    uid: "uid-1",
    creationTimestamp: "2024-01-01T00:00:00Z",
    labels: { "openshift-multiarch/build": "app" },
  },
  spec: runTemplate(source, ["amd64", "arm64"], environment, "efs").spec as unknown as Record<string, unknown>,
};
const named = (name: string, created: string, more: Partial<Run> = {}): Run => ({
  ...own,
  ...more,
  metadata: { ...own.metadata, name, uid: `uid-${name}`, creationTimestamp: created },
});

describe("a run that is started by hand", () => {
  it("has the spec of the stack's run, all of it, when no revision is named", () => {
    expect(startedRun(pipeline, own).spec).toEqual(own.spec);
  });

  it("differs in nothing but the parameter revision when one is named", () => {
    const { params, ...rest } = startedRun(pipeline, own, { revision: "main" }).spec;
    const { params: before, ...restBefore } = own.spec as { params: { name: string; value: unknown }[] };
    expect(rest).toEqual(restBefore);
    expect(params).toEqual(before.map((param) => (param.name === "revision" ? { name: "revision", value: "main" } : param)));
  });

  it("differs in nothing but the parameter rebuild when the image is to be built anew", () => {
    const { params, ...rest } = startedRun(pipeline, own, { rebuild: "now" }).spec;
    const { params: before, ...restBefore } = own.spec as { params: { name: string; value: unknown }[] };
    expect(rest).toEqual(restBefore);
    expect(before).toContainEqual({ name: "rebuild", value: "" });
    expect(params).toEqual(before.map((param) => (param.name === "rebuild" ? { name: "rebuild", value: "now" } : param)));
  });

  it("builds whatever commit is named, though it is made like the run of a push, which holds to a branch", () => {
    const { params } = own.spec as { params: { name: string; value: unknown }[] };
    const of = (value: string) => params.map((param) => (param.name === "on-branch" ? { name: "on-branch", value } : param));
    expect(startedRun(pipeline, { ...own, spec: { ...own.spec, params: of("main") } }).spec.params).toEqual(of(""));
  });

  it("is told a revision as it is named, and says that of the stack as it was written", () => {
    const odd = "topic/$(params.url)-$1";
    const { params } = startedRun(pipeline, own, { revision: odd }).spec;
    expect(params.find(({ name }) => name === "revision")?.value).toBe("topic/$(context.DOLLAR)(params.url)-$$1");
    const { metadata, ...other } = pipelineFor({ ...source, revision: odd }, ["amd64"], environment);
    expect(revisionOf({ ...other, metadata: { ...metadata, uid: "" } } as unknown as BuildPipeline)).toBe(odd);
  });

  it("neither takes nor leaves downloads of the stack's revision when it is of another one, whose programs could change them", () => {
    const keeping = { ...environment, downloads: "downloads" };
    const { spec } = runTemplate({ ...source, pipeline: "nodejs", downloads: true }, ["amd64", "arm64"], keeping, "efs");
    const run = { ...own, spec: spec as unknown as Record<string, unknown> };
    const names = (revision?: string) => startedRun(pipeline, run, { revision }).spec.workspaces?.map(({ name }) => name) ?? [];
    expect(names()).toContain("downloads");
    expect(names(source.revision)).toEqual(names());
    expect(names("other")).toEqual(names().filter((name) => name !== "downloads"));
  });

  it("takes parameters from the Pipeline, not from a run that was of another revision or is older than a setting", () => {
    const old = startedRun(pipeline, own, { revision: "other" });
    expect(startedRun(pipeline, { ...own, spec: old.spec }).spec.params).toEqual(own.spec.params);
    const without = { ...own, spec: { ...own.spec, params: [{ name: "gone", value: "x" }] } };
    expect(startedRun(pipeline, without).spec.params).toEqual(own.spec.params);
  });

  it("takes the value of a parameter that has no default from the other run", () => {
    const bare = { ...pipeline, spec: { ...pipeline.spec, params: [{ name: "url", description: "" }] } };
    expect(startedRun(bare, own).spec.params).toEqual([{ name: "url", value: source.repository }]);
  });

  it("does not take over that the other run was cancelled", () => {
    expect(startedRun(pipeline, { ...own, spec: { ...own.spec, status: "Cancelled" } }).spec).not.toHaveProperty("status");
  });

  it("belongs to the Pipeline and to no run, and has the build's label alone", () => {
    expect(startedRun(pipeline, own).metadata).toEqual({
      generateName: "app-",
      namespace: "builds",
      labels: { "openshift-multiarch/build": "app" },
      ownerReferences: [{ apiVersion: "tekton.dev/v1", kind: "Pipeline", name: "app", uid: "uid-app" }],
    });
  });

  it("is none that an update of the stack takes for a repeat of its own run", () => {
    const started = { ...own, metadata: { ...own.metadata, ...startedRun(pipeline, own).metadata, name: "app-2", uid: "uid-2" } };
    expect(isOfStack(started, "uid-1")).toBe(false);
    expect(isOfStack(own, "uid-1")).toBe(true);
    const repeat = repeatOf(own);
    expect(isOfStack({ ...repeat, metadata: { ...repeat.metadata, name: "app-1-a" } } as unknown as Run, "uid-1")).toBe(true);
    // The repeats are asked for by this label, which the started run has not.
    expect(Object.keys(repeat.metadata.labels).filter((label) => !(label in startedRun(pipeline, own).metadata.labels))).toEqual([
      "openshift-multiarch/repeats",
    ]);
  });

  it("has a volume that is found by the build's label, as its owner is the run", () => {
    const [shared] = (startedRun(pipeline, own).spec as unknown as { workspaces: { volumeClaimTemplate: { metadata: object } }[] })
      .workspaces;
    expect(shared.volumeClaimTemplate.metadata).toEqual({ labels: { "openshift-multiarch/build": "app" } });
    const claim = { metadata: { name: "c", namespace: "builds", ownerReferences: [{ uid: "uid-app-2" }] } };
    const over = named("app-2", "2024-01-02T00:00:00Z", { status: { conditions: [{ type: "Succeeded", status: "True" }] } });
    expect(claimsToFree([claim], [own])).toEqual([]);
    expect(claimsToFree([claim], [own, over])).toEqual([claim]);
  });
});

describe("the run that another one is made like", () => {
  const runs = [
    named("older", "2024-01-01T00:00:01Z"),
    own,
    named("newer", "2024-01-03T00:00:00Z"),
    named("middle", "2024-01-02T00:00:00Z"),
  ];
  it("is the stack's own while there is one", () => {
    expect(templateOf(pipeline, runs, "uid-1")?.metadata.name).toBe("app-1");
  });
  it("else is the newest", () => {
    expect(templateOf(pipeline, runs, "pruned")?.metadata.name).toBe("newer");
    expect(templateOf(pipeline, runs, undefined)?.metadata.name).toBe("newer");
    expect(templateOf(pipeline, [{ ...own, metadata: { name: "x", namespace: "builds" } }], undefined)?.metadata.name).toBe("x");
    expect(templateOf(pipeline, [], "uid-1")).toBeUndefined();
  });
  it("is none of another revision, which binds no downloads, as long as there is any other", () => {
    const foreign = named("foreign", "2024-01-09T00:00:00Z", { spec: startedRun(pipeline, own, { revision: "other" }).spec });
    const pushed = named("pushed", "2024-01-08T00:00:00Z", { spec: foreign.spec });
    pushed.metadata.labels = { ...pushed.metadata.labels, "openshift-multiarch/started-by": "push" };
    expect(templateOf(pipeline, [...runs, foreign], "pruned")?.metadata.name).toBe("newer");
    expect(templateOf(pipeline, [...runs, foreign, pushed], "pruned")?.metadata.name).toBe("pushed");
    expect(templateOf(pipeline, [foreign], "pruned")?.metadata.name).toBe("foreign");
  });
  it("fits when it says of each task of the Pipeline where it runs", () => {
    expect(unplacedTasks(pipeline, own)).toEqual([]);
    const { taskRunSpecs } = own.spec as { taskRunSpecs: { pipelineTaskName: string }[] };
    const fewer = {
      ...own,
      spec: { ...own.spec, taskRunSpecs: taskRunSpecs.filter(({ pipelineTaskName }) => pipelineTaskName !== "build-arm64") },
    };
    expect(unplacedTasks(pipeline, fewer)).toEqual(["build-arm64"]);
    expect(unplacedTasks(pipeline, { ...own, spec: {} })).toContain("push");
  });
});

it("the revision that is named without an option is the stack's", () => {
  expect(revisionOf(pipeline)).toBe("v1");
});

it("the newest image is that of the run that ended last, not that began last, of those that ended well", () => {
  const ended = (name: string, status: string, completionTime: string): Run =>
    named(name, "2024-01-01T00:00:00Z", {
      status: {
        conditions: [{ type: "Succeeded", status }],
        completionTime,
        results: [
          { name: "image", value: `r.example.com/app@sha256:${"a".repeat(64)}` },
          { name: "members", value: "r.example.com/app@sha256:b" },
          { name: "CHAINS-GIT_COMMIT", value: `commit of ${name}` },
        ],
      },
    });
  const runs = [
    ended("first", "True", "2024-01-01T10:00:00Z"),
    ended("slow", "True", "2024-01-01T12:00:00Z"),
    ended("quick", "True", "2024-01-01T11:00:00Z"),
    ended("broken", "False", "2024-01-01T13:00:00Z"),
    own,
  ];
  expect(newestBuilt(runs)).toMatchObject({ run: "slow", commit: "commit of slow", ended: "2024-01-01T12:00:00Z" });
  expect(newestBuilt([own])).toBeUndefined();
});
