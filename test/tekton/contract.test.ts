import { afterEach, describe, expect, it, vi } from "vitest";
import { defaults } from "../../config/defaults";
import type { Architecture } from "../../config/settings";
import { type BuildSource, duration, type PipelineKind, pipelines } from "../../tekton/pipelines";
import { runTemplate, serviceAccounts } from "../../tekton/runs";
import { defaultTaskImages } from "../../tekton/task-images";
import { tasks } from "../../tekton/tasks";
import { environmentRead } from "./environment";

const all = tasks(defaultTaskImages);
const both: Architecture[] = ["amd64", "arm64"];
const kinds = Object.keys(pipelines) as PipelineKind[];
const named = <T extends { name?: string }>(list: T[]) => list.map(({ name }) => name ?? "");
const unique = (names: string[]) => new Set(names).size === names.length;

/** RFC 1123, which Kubernetes asks of containers, volumes and service accounts, and Tekton of steps and tasks (IsDNS1123Label). */
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** tektoncd/pipeline, pkg/apis/pipeline/v1: stringAndArrayVariableNameFormat and ResultNameFormat. */
const paramName = /^[_a-zA-Z][_a-zA-Z0-9.-]*$/;
const resultName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
/** At least two words, so that somebody learns something. */
const words = /^\S+ .*\S$/;

/** Names that a text refers to as `$(<what>.<name>...)`. */
const references = (what: string, value: unknown) =>
  [...JSON.stringify(value).matchAll(new RegExp(`\\$\\(${what}\\.([^.()[]+)`, "g"))].map(([, name]) => name);

it("reads a script's environment as bash does: what it sets itself, or has a value for, is none of it, nor what functions read that it does not call", () => {
  const script = `: "\${A:?}" "$B" "\${C:-}" "\${D:-5}" \${#E}; F=1; export G=$F; for h in "$@"; do echo "$h $I" "$IFS"; done
    used() { echo "$J" | deeper; }
    deeper() { : "$K" "$F"; }
    unused() { : "$L"; }
    [[ -n $I ]] || used`;
  expect(environmentRead(script)).toEqual(["A", "B", "C", "E", "I", "J", "K"]);
});

describe.each(all.map((task) => [task.metadata.name, task.spec] as const))("the task %s", (name, spec) => {
  const [step] = spec.steps;

  it("gives its script the environment that the script reads, no more and no less", () => {
    expect(named(step.env).sort()).toEqual(environmentRead(step.script));
    // The log shows what a variable was meant for: each name once, and each set.
    for (const { value } of step.env) expect(value).not.toBe("");
  });

  it("gives each variable what the task declares under that name", () => {
    const variable = (text: string) => text.toUpperCase().replaceAll("-", "_");
    const expected = [
      ...spec.params.filter(({ type }) => type !== "array").map((param) => [variable(param.name), `$(params.${param.name})`]),
      ...spec.workspaces.map((workspace) => [variable(workspace.name), `$(workspaces.${workspace.name}.path)`]),
      ...(spec.results ?? []).map((result) => [`RESULT_${variable(result.name)}`, `$(results.${result.name}.path)`]),
      ["HOME", step.volumeMounts.find((mount) => mount.name === "home")?.mountPath],
    ];
    expect(Object.fromEntries(step.env.map((variable) => [variable.name, variable.value]))).toEqual(Object.fromEntries(expected));
  });

  it("hands over lists as arguments, which its script takes as such", () => {
    const lists = named(spec.params.filter(({ type }) => type === "array"));
    expect(step.args ?? []).toEqual(lists.map((list) => `$(params.${list}[*])`));
    expect(step.script.includes('[[ $# -gt 0 ]] || fail "no ')).toBe(lists.length > 0);
  });

  it("has names that Kubernetes and Tekton take, each once", () => {
    for (const names of [[name], named(spec.steps), named(spec.workspaces), named(spec.volumes)]) {
      for (const one of names) expect(one).toMatch(label);
      expect(unique(names)).toBe(true);
    }
    for (const one of named(spec.params)) expect(one).toMatch(paramName);
    for (const one of named(spec.results ?? [])) expect(one).toMatch(resultName);
    expect(unique([...named(spec.params)])).toBe(true);
    expect(unique([...named(spec.results ?? [])])).toBe(true);
  });

  it("is an object of Tekton's API that says what it is for, and so does each part of it", () => {
    const task = all.find(({ metadata }) => metadata.name === name);
    expect([task?.apiVersion, task?.kind]).toEqual(["tekton.dev/v1", "Task"]);
    for (const { description } of [spec, ...spec.params, ...spec.workspaces, ...(spec.results ?? [])]) expect(description).toMatch(words);
  });

  it("leaves out of its demands what its script can do without", () => {
    // `${NAME:?}` ends the script; a parameter with an empty default must not be asked for like that.
    for (const param of spec.params.filter((candidate) => candidate.default === ""))
      expect(step.script).not.toContain(`\${${param.name.toUpperCase()}:?}`);
    for (const workspace of spec.workspaces.filter(({ optional }) => optional))
      expect(step.script).toContain(`\${${workspace.name.toUpperCase().replaceAll("-", "_")}:-}`);
  });
});

describe.each(kinds)("the %s pipeline", (kind) => {
  const pipeline = pipelines[kind](both);
  const { spec } = pipeline;
  const taskOf = (reference: string) => all.find((task) => task.metadata.name === reference)?.spec;

  it("declares the parameters that it uses, and uses those that it declares", () => {
    expect(new Set(references("params", spec.tasks))).toEqual(new Set(named(spec.params)));
    expect(unique(named(spec.params))).toBe(true);
  });

  it("declares the workspaces that its tasks mount, optional if all of them can do without", () => {
    const mounts = spec.tasks.flatMap(({ taskRef, workspaces }) =>
      workspaces.map(({ name, workspace }) => ({
        workspace,
        optional: taskOf(taskRef.name)?.workspaces.find((one) => one.name === name)?.optional,
      })),
    );
    expect(new Set(mounts.map(({ workspace }) => workspace))).toEqual(new Set(named(spec.workspaces)));
    for (const { name, optional = false } of spec.workspaces) {
      const wanted = mounts.filter(({ workspace }) => workspace === name).every((mount) => mount.optional === true);
      expect([name, optional]).toEqual([name, wanted]);
    }
  });

  it("gives no task an empty parameter, but for those that the task itself lets be empty", () => {
    for (const task of spec.tasks) {
      for (const { name, value } of task.params) {
        const canBeEmpty = taskOf(task.taskRef.name)?.params.find((param) => param.name === name)?.default === "";
        for (const text of [value].flat()) expect([task.name, name, canBeEmpty || text !== ""]).toEqual([task.name, name, true]);
        if (Array.isArray(value)) expect(value.length).toBeGreaterThan(0);
      }
    }
  });

  it("gives each parameter of a task what the pipeline or the clone has under that name, if they have one", () => {
    const clone = named(taskOf("git-clone")?.results ?? []);
    for (const task of spec.tasks) {
      for (const { name, value } of task.params) {
        // What was fetched, not what was asked for: a URL may be redirected, a branch moves.
        if (task.name !== "clone" && clone.includes(name)) expect(value).toBe(`$(tasks.clone.results.${name})`);
        else if (named(spec.params).includes(name)) expect(value).toBe(`$(params.${name})`);
      }
    }
  });

  it("uses every result of its tasks", () => {
    const used = [...JSON.stringify(spec).matchAll(/\$\(tasks\.([^.]+)\.results\.([^)]+)\)/g)].map(
      ([, task, result]) => `${task} ${result}`,
    );
    for (const task of spec.tasks) {
      for (const result of named(taskOf(task.taskRef.name)?.results ?? [])) expect(used).toContain(`${task.name} ${result}`);
    }
  });

  it("runs its tasks in an order: each after tasks that stand before it, all after the clone", () => {
    const before = new Set<string>();
    for (const { name, runAfter = [] } of spec.tasks) {
      expect([name, runAfter.length > 0]).toEqual([name, before.size > 0]);
      for (const other of runAfter) expect(before).toContain(other);
      before.add(name);
    }
  });

  it("has the results in which Tekton Chains finds the image and its origin", () => {
    // https://tekton.dev/docs/chains/slsa-provenance/: IMAGE_URL with IMAGE_DIGEST, IMAGES, CHAINS-GIT_URL with CHAINS-GIT_COMMIT.
    expect(Object.fromEntries(spec.results.map(({ name, value }) => [name, value]))).toEqual({
      IMAGE_URL: "$(tasks.push.results.IMAGE_URL)",
      IMAGE_DIGEST: "$(tasks.push.results.IMAGE_DIGEST)",
      IMAGES: "$(tasks.push.results.IMAGES)",
      "CHAINS-GIT_URL": "$(tasks.clone.results.url)",
      "CHAINS-GIT_COMMIT": "$(tasks.clone.results.commit)",
    });
    const task = (name: string) => spec.tasks.find((candidate) => candidate.name === name)?.taskRef.name;
    expect([task("push"), task("clone")]).toEqual(["buildah-push", "git-clone"]);
  });

  it("has names that Kubernetes and Tekton take, each once", () => {
    for (const names of [named(spec.tasks), named(spec.workspaces)]) {
      for (const one of names) expect(one).toMatch(label);
      expect(unique(names)).toBe(true);
    }
    for (const one of named(spec.params)) expect(one).toMatch(paramName);
    for (const one of named(spec.results)) expect(one).toMatch(resultName);
    expect(pipeline).toMatchObject({ apiVersion: "tekton.dev/v1", kind: "Pipeline", metadata: { name: kind } });
  });

  it("says what it is for, and so does each part of it, each task in words of its own", () => {
    for (const { description } of [spec, ...spec.params, ...spec.workspaces, ...spec.results]) expect(description).toMatch(words);
    for (const { displayName } of spec.tasks) expect(displayName).toMatch(words);
    expect(unique(spec.tasks.map(({ displayName }) => displayName))).toBe(true);
    for (const { name, displayName } of spec.tasks) {
      const architecture = both.find((one) => name.endsWith(`-${one}`));
      if (architecture) expect(displayName).toContain(architecture);
    }
  });

  it("started by hand takes the same for granted as a build in the settings", () => {
    const taken = Object.fromEntries(
      spec.params.filter((param) => param.default !== undefined).map((param) => [param.name, param.default]),
    );
    expect(taken).toEqual({ context: defaults.build.context, containerfile: defaults.build.containerfile });
  });
});

describe.each(kinds)("a run of the %s pipeline", (kind) => {
  const source: BuildSource = {
    name: "the-name",
    pipeline: kind,
    repository: "the-repository",
    revision: "the-revision",
    context: "the-context",
    containerfile: "the-containerfile",
    image: "the-image",
  };
  const secrets = { registryCredentials: "secret-of-registries", npmrc: "secret-of-npm", mavenSettings: "secret-of-maven" };
  const environment = { namespace: "the-namespace", storageClass: "the-class", secrets };
  const { spec, ...object } = runTemplate(source, both, environment);

  it("is a PipelineRun in its namespace, of the Pipeline that is called as the build is", () => {
    expect(object).toEqual({ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata: { namespace: "the-namespace" } });
    expect(spec.pipelineRef).toEqual({ name: "the-name" });
  });

  it("gives each parameter that the pipeline declares the build's own text", () => {
    expect(named(spec.params)).toEqual(named(pipelines[kind](both).spec.params));
    expect(Object.fromEntries(spec.params.map(({ name, value }) => [name, value]))).toEqual({
      url: "the-repository",
      revision: "the-revision",
      context: "the-context",
      containerfile: "the-containerfile",
      image: "the-image",
    });
  });

  it("binds each workspace that the pipeline declares: a volume for all, a Secret for what is read", () => {
    const bound = Object.fromEntries(spec.workspaces.map(({ name, secret }) => [name, secret?.secretName]));
    expect(bound).toEqual({
      shared: undefined,
      dockerconfig: "secret-of-registries",
      ...(kind === "nodejs" && { npmrc: "secret-of-npm" }),
      ...(kind === "quarkus" && { "maven-settings": "secret-of-maven" }),
    });
    expect(new Set(named(spec.workspaces))).toEqual(new Set(named(pipelines[kind](both).spec.workspaces)));
    expect(spec.workspaces.every(({ secret, volumeClaimTemplate }) => (secret === undefined) !== (volumeClaimTemplate === undefined))).toBe(
      true,
    );
  });

  it("leaves unbound, without Secrets, only what the pipeline can do without", () => {
    const bare = runTemplate(source, both, { ...environment, secrets: { registryCredentials: "r" } }).spec;
    const unbound = pipelines[kind](both).spec.workspaces.filter(({ name }) => !named(bare.workspaces).includes(name));
    for (const { name, optional } of unbound) expect([name, optional]).toEqual([name, true]);
  });

  it("asks for a volume by a size that the API takes", () => {
    const claim = spec.workspaces.find(({ name }) => name === "shared")?.volumeClaimTemplate?.spec;
    expect(claim?.resources.requests.storage).toMatch(/^[1-9]\d*Gi$/);
  });

  it("gives each task the account of its kind, and none the run's own unless it pushes", () => {
    expect(spec.taskRunTemplate).toEqual({ serviceAccountName: serviceAccounts.push });
    const ofPipeline = pipelines[kind](both).spec.tasks.map(({ name }) => name);
    expect(spec.taskRunSpecs.map(({ pipelineTaskName }) => pipelineTaskName)).toEqual(ofPipeline);
    const accounts = { clone: "image-sources", npm: "image-sources", package: "image-sources", build: "image-build", push: "image-push" };
    for (const { pipelineTaskName, serviceAccountName } of spec.taskRunSpecs)
      expect(serviceAccountName).toBe(accounts[pipelineTaskName.split("-")[0] as keyof typeof accounts] ?? "image-sources");
  });
});

describe("time-outs", () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    [1, "1m0s"],
    [59, "59m0s"],
    [60, "1h0m0s"],
    [61, "1h1m0s"],
    [119, "1h59m0s"],
    [120, "2h0m0s"],
    [750, "12h30m0s"],
  ])("of %i minutes are written as Go's time.Duration prints them, or every preview would show a change: %s", (minutes, text) => {
    expect(duration(minutes)).toBe(text);
  });

  it("of tasks that may take hours add up, attempts included, along the chain that takes longest", () => {
    const pipeline = pipelines.containerfile(["amd64", "arm64"]);
    const timeouts: Record<string, string> = { clone: "5m0s", "build-amd64": "10h30m0s", "build-arm64": "59m0s", push: "1h1m0s" };
    for (const task of pipeline.spec.tasks) task.timeout = timeouts[task.name];
    vi.spyOn(pipelines, "containerfile").mockReturnValue(pipeline);
    const source = {
      name: "n",
      pipeline: "containerfile",
      repository: "r",
      revision: "v",
      context: ".",
      containerfile: "C",
      image: "i",
    } as const;
    const run = runTemplate(source, ["amd64", "arm64"], { namespace: "n", storageClass: "s", secrets: { registryCredentials: "r" } });
    // 5 min, 10 h 30 min, and the push twice.
    expect(run.spec.timeouts).toEqual({ pipeline: "12h37m0s" });
  });
});
