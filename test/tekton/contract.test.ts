import { describe, expect, it } from "vitest";
import { defaults } from "../../config/defaults";
import type { Architecture } from "../../config/settings";
import type { BuildSource } from "../../tekton/build-source";
import { duration } from "../../tekton/pipeline-tasks";
import { type PipelineName, pipelineOf, type Shape, shapes, versionedPipeline } from "../../tekton/pipelines";
import { serviceAccounts } from "../../tekton/placement";
import { pipelineFor, runTemplate } from "../../tekton/runs";
import { defaultTaskImages } from "../../tekton/task-images";
import { tasks } from "../../tekton/tasks";
import { dollar } from "../../tekton/verbatim";
import { environmentRead } from "./environment";

const all = tasks(defaultTaskImages);
const both: Architecture[] = ["amd64", "arm64"];
const kinds = Object.keys(shapes) as PipelineName[];
const bash = "#!/usr/bin/env bash\n";
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

const variable = (text: string) => text.toUpperCase().replaceAll("-", "_");

describe.each(all.map((task) => [task.metadata.name, task.spec] as const))("the task %s", (name, spec) => {
  const lists = spec.params.filter(({ type }) => type === "array").map((list) => list.name);

  it("gives each script the environment that the script reads, no more and no less", () => {
    for (const { name: step, env, script = "" } of spec.steps) {
      // Texts are written with it (tekton/verbatim.ts).
      const given = named(env).filter((one) => one !== dollar.name);
      if (script.startsWith(bash)) expect([step, given.sort()]).toEqual([step, environmentRead(script)]);
      // The log shows what a variable was meant for: each name once, and each set.
      expect([step, unique(named(env))]).toEqual([step, true]);
      for (const { value } of env) expect(value).not.toBe("");
    }
  });

  it("gives each variable what the task declares under that name", () => {
    const declared = new Map([
      [dollar.name, dollar.value],
      ...spec.params.map((param): [string, string] => [variable(param.name), `$(params.${param.name})`]),
      ...spec.workspaces.map((workspace): [string, string] => [variable(workspace.name), `$(workspaces.${workspace.name}.path)`]),
      ...(spec.results ?? []).map((result): [string, string] => [`RESULT_${variable(result.name)}`, `$(results.${result.name}.path)`]),
    ]);
    for (const { env, volumeMounts } of spec.steps.filter(({ script }) => script !== undefined)) {
      for (const { name: key, value } of env) {
        const mount = volumeMounts.find(({ mountPath }) => mountPath === value);
        expect([key, value]).toEqual([key, mount && ["HOME", "SOURCES"].includes(key) ? mount.mountPath : declared.get(key)]);
      }
    }
    const given = new Set(spec.steps.flatMap(({ env }) => named(env)));
    // A step's image may be a parameter as well, and a command is written with some.
    const written = new Set(
      references(
        "params",
        spec.steps.map(({ image, command, args }) => [image, command && args]),
      ).map(variable),
    );
    for (const key of declared.keys()) if (!lists.map(variable).includes(key) && !written.has(key)) expect(given).toContain(key);
  });

  it("hands over lists as arguments, led by their names where there are several, which its script takes as such", () => {
    const handed = new Set<string>();
    for (const { args = [], script } of spec.steps.filter(({ command }) => !command)) {
      const own = args.flatMap((arg) => /^\$\(params\.(.+)\[\*\]\)$/.exec(arg)?.[1] ?? []);
      for (const list of own) handed.add(list);
      expect(args).toEqual(
        own.length > 1 ? own.flatMap((list) => [`--${list}`, `$(params.${list}[*])`]) : own.map((list) => `$(params.${list}[*])`),
      );
      if (own.length > 1) for (const list of own) expect(script).toContain(`--${list}`);
    }
    expect([...handed].sort()).toEqual([...lists].sort());
  });

  it("mounts each workspace in the steps that read it, and in no other", () => {
    const alone = spec.steps.length === 1;
    for (const { name: step, env, args = [], workspaces } of spec.steps) {
      const read = spec.workspaces.filter(
        ({ name: workspace }) => named(env).includes(variable(workspace)) || references("workspaces", args).includes(workspace),
      );
      expect([step, alone ? undefined : named(read).sort()]).toEqual([step, workspaces && named(workspaces).sort()]);
    }
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

  it("leaves out of its demands what its scripts can do without", () => {
    const scripts = spec.steps.flatMap(({ script }) => script ?? []);
    // `${NAME:?}` ends the script; a parameter with an empty default must not be asked for like that.
    for (const param of spec.params.filter((candidate) => candidate.default === ""))
      for (const script of scripts) expect(script).not.toContain(`\${${variable(param.name)}:?}`);
    for (const workspace of spec.workspaces.filter(({ optional }) => optional))
      expect(scripts.some((script) => script.includes(`\${${variable(workspace.name)}:-}`))).toBe(true);
  });
});

describe.each(kinds)("the %s pipeline", (kind) => {
  const pipeline = pipelineOf({ ...shapes[kind], version: "of-the-tasks" }, both);
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
        // A task for one image takes its name from the pipeline, where there are several.
        else if (task.taskRef.name.startsWith("prepare") && ["image", "script"].includes(name))
          expect(value).toBe(`$(params.prepare-${name})`);
        // A step of the user's own may write the Containerfile.
        else if (task.name === "clone" && name === "containerfile" && kind.startsWith("prepared")) expect(value).toBe("");
        else if (named(spec.params).includes(name))
          expect(value).toEqual(Array.isArray(value) ? [`$(params.${name}[*])`] : `$(params.${name})`);
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
      image: "$(tasks.push.results.image)",
      members: "$(tasks.push.results.members)",
      IMAGE_URL: "$(tasks.push.results.IMAGE_URL)",
      IMAGE_DIGEST: "$(tasks.push.results.IMAGE_DIGEST)",
      IMAGES: "$(tasks.push.results.IMAGES)",
      found: "$(tasks.clone.results.found)",
      "found-members": "$(tasks.clone.results.found-members)",
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
    const taken = Object.fromEntries(spec.params.map((param) => [param.name, param.default]));
    const { revision, context, containerfile } = defaults.build;
    expect(taken).toMatchObject({ url: undefined, image: undefined, revision, context, containerfile, target: "", cache: "" });
    for (const param of spec.params) if (param.type === "array") expect(param.default).toEqual([]);
  });

  it("has one pod alone where the clone has found the image", () => {
    const unlessFound = [{ input: "$(tasks.clone.results.found)", operator: "in", values: [""] }];
    for (const { name, when } of spec.tasks) expect([name, when]).toEqual([name, name === "clone" ? undefined : unlessFound]);
  });

  const identity = (more: Partial<Shape>) =>
    pipelineOf({ ...shapes[kind], version: "v", ...more }, both).spec.tasks[0].params.find(({ name }) => name === "identity")?.value;

  it("takes an image built with a subscription of RHEL for another one", () => {
    expect(identity({ entitlement: true })).not.toEqual(identity({ entitlement: false }));
  });

  it("takes an image built with secrets that it may see for another one than without", () => {
    const own = { nodejs: "npmrc", quarkus: "maven-settings" }[kind as string];
    for (const secret of ["npmrc", "maven-settings", "build-secrets"]) {
      const seen = secret === "build-secrets" || secret === own;
      expect([secret, identity({ secrets: [secret] })?.[0]]).toEqual([secret, seen ? `v ${secret}` : "v"]);
    }
  });

  it("tells the clone which image of the user's a step runs in, whose tag may name another one by then", () => {
    const images = spec.tasks[0].params.find(({ name }) => name === "images")?.value;
    expect(images).toEqual(kind.startsWith("prepared") ? ["$(params.prepare-image)"] : undefined);
  });

  it("tells the clone all that decides what the image becomes: the tasks themselves and every parameter of theirs, each led by its name", () => {
    const [clone, ...others] = spec.tasks;
    const identity = clone.params.find(({ name }) => name === "identity")?.value ?? [];
    expect(identity[0]).toBe("of-the-tasks");
    const deciding = new Set(
      references(
        "params",
        others.filter(({ name }) => name !== "push"),
      ),
    );
    // What of the repository becomes the sources, only the clone is told.
    for (const name of ["submodules", "lfs", "git-folder"]) deciding.add(name);
    // Neither where the image goes or layers are kept, nor how a registry is spoken to, nor that it is built once more.
    for (const name of ["image", "cache", "rebuild", "insecure-registries"]) deciding.delete(name);
    const told = identity.slice(1);
    expect(new Set(references("params", told))).toEqual(deciding);
    for (let i = 0; i < told.length; i += 2) expect(told[i + 1]).toBe(`$(${told[i]})`);
  });
});

describe.each(kinds)("a run of the %s pipeline", (kind) => {
  const source: BuildSource = {
    name: "the-name",
    pipeline: shapes[kind].pipeline,
    ...(shapes[kind].prepare && { prepare: { image: "the-prepare-image", script: "the-script", ...shapes[kind].prepare } }),
    repository: "the-repository",
    revision: "the-revision",
    submodules: false,
    lfs: false,
    gitFolder: true,
    context: "the-context",
    containerfile: "the-containerfile",
    target: "the-target",
    buildArgs: { B: "2", A: "1 and more" },
    labels: { "the.label": "its=text" },
    environment: { VARIABLE: "-x" },
    image: "the-image",
    tags: ["the-tag"],
    cache: "the-cache",
    downloads: true,
    entitlement: true,
  };
  const secrets = {
    registryCredentials: "secret-of-registries",
    gitCredentials: "secret-of-git",
    npmrc: "secret-of-npm",
    mavenSettings: "secret-of-maven",
    rhelEntitlement: "secret-of-rhel",
    buildSecrets: { "the-name": "secret-of-the-build", another: "secret-of-another" },
  };
  const environment = {
    namespace: "the-namespace",
    tasks: all,
    secrets,
    downloads: "the-claim",
    trust: "the-certificates",
    insecureRegistries: ["the-registry"],
  };
  const pipeline = pipelineFor(source, both, environment);
  const { spec, ...object } = runTemplate(source, both, environment, "the-class");

  it("is a PipelineRun in its namespace, of the Pipeline that is called as the build is", () => {
    expect(object).toEqual({ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata: { namespace: "the-namespace" } });
    expect(spec.pipelineRef).toEqual({ name: "the-name" });
    expect(pipeline.metadata).toEqual({ name: "the-name", namespace: "the-namespace" });
  });

  it("gives each parameter that the pipeline declares the build's own text, which the Pipeline itself takes for granted too", () => {
    expect(named(spec.params)).toEqual(named(pipelineOf(source, both).spec.params));
    const given = Object.fromEntries(spec.params.map(({ name, value }) => [name, value]));
    expect(given).toEqual({
      url: "the-repository",
      revision: "the-revision",
      submodules: "false",
      lfs: "false",
      insecure: "false",
      "git-folder": "true",
      context: "the-context",
      containerfile: "the-containerfile",
      target: "the-target",
      "build-args": ["A=1 and more", "B=2"],
      labels: ["the.label=its=text"],
      ...(kind !== "containerfile" && { environment: ["VARIABLE=-x"] }),
      ...(source.prepare && { "prepare-image": "the-prepare-image", "prepare-script": "the-script" }),
      image: "the-image",
      tags: ["the-tag"],
      cache: "the-cache",
      "on-branch": "",
      rebuild: "",
      "insecure-registries": ["the-registry"],
    });
    expect(Object.fromEntries(pipeline.spec.params.map((param) => [param.name, param.default]))).toEqual(given);
  });

  it("binds each workspace that the pipeline declares: a volume for all, a Secret or a ConfigMap for what is read, and what is kept", () => {
    const bound = Object.fromEntries(
      spec.workspaces.map(({ name, secret, configMap, persistentVolumeClaim }) => [
        name,
        secret?.secretName ?? configMap?.name ?? persistentVolumeClaim?.claimName,
      ]),
    );
    expect(bound).toEqual({
      shared: undefined,
      ...(kind !== "containerfile" && { downloads: "the-claim" }),
      "git-credentials": "secret-of-git",
      dockerconfig: "secret-of-registries",
      "build-secrets": "secret-of-the-build",
      "rhel-entitlement": "secret-of-rhel",
      trust: "the-certificates",
      ...(kind === "nodejs" && { npmrc: "secret-of-npm" }),
      ...(kind === "quarkus" && { "maven-settings": "secret-of-maven" }),
    });
    expect(new Set(named(spec.workspaces))).toEqual(new Set(named(pipeline.spec.workspaces)));
    const volumes = spec.workspaces.filter(({ volumeClaimTemplate }) => volumeClaimTemplate !== undefined);
    expect(named(volumes)).toEqual(["shared"]);
  });

  it("leaves unbound, without Secrets, only what the pipeline can do without", () => {
    const bare = runTemplate(source, both, { namespace: "n", tasks: all, secrets: { registryCredentials: "r" } }, "c").spec;
    expect(named(bare.workspaces)).toEqual(["shared", "dockerconfig"]);
    const unbound = pipeline.spec.workspaces.filter(({ name }) => !named(bare.workspaces).includes(name));
    for (const { name, optional } of unbound) expect([name, optional]).toEqual([name, true]);
  });

  it("gives a subscription of RHEL to no build that does not ask for it, and no build the secrets of another", () => {
    const bound = named(runTemplate({ ...source, name: "third", entitlement: false }, both, environment, "c").spec.workspaces);
    expect(bound).not.toContain("rhel-entitlement");
    expect(bound).not.toContain("build-secrets");
  });

  it("binds a build's own Git credentials in the place of the stack's, and those of no other build", () => {
    const own = { ...environment, secrets: { ...secrets, buildGitCredentials: { "the-name": "own-of-git", another: "of-another" } } };
    const bound = (name: string) =>
      runTemplate({ ...source, name }, both, own, "c").spec.workspaces.find((workspace) => workspace.name === "git-credentials")?.secret;
    expect([bound("the-name"), bound("third")]).toEqual([{ secretName: "own-of-git" }, { secretName: "secret-of-git" }]);
  });

  it("keeps downloads in a folder of the build's own, unless the build or the namespace keeps none", () => {
    const folderOf = (more: Partial<BuildSource>, given = environment) =>
      runTemplate({ ...source, ...more }, both, given, "c").spec.workspaces.find(({ name }) => name === "downloads")?.subPath;
    const kept = kind === "containerfile" ? undefined : "the-name";
    expect([folderOf({}), folderOf({ cache: undefined })]).toEqual([kept, kept]);
    expect([folderOf({ downloads: false }), folderOf({ downloads: undefined })]).toEqual([undefined, undefined]);
    expect(folderOf({}, { ...environment, downloads: undefined as never })).toBe(undefined);
  });

  it("asks for a volume by a size that the API takes", () => {
    const claim = spec.workspaces.find(({ name }) => name === "shared")?.volumeClaimTemplate?.spec;
    expect(claim?.resources.requests.storage).toMatch(/^[1-9]\d*Gi$/);
  });

  it("gives each task the account of its kind, and none the run's own unless it pushes", () => {
    expect(spec.taskRunTemplate).toEqual({ serviceAccountName: serviceAccounts.push });
    expect(spec.taskRunSpecs.map(({ pipelineTaskName }) => pipelineTaskName)).toEqual(named(pipeline.spec.tasks));
    const accounts = {
      clone: "image-clone",
      npm: "image-sources",
      prepare: "image-sources",
      package: "image-sources",
      build: "image-build",
      push: "image-push",
    };
    for (const { pipelineTaskName, serviceAccountName } of spec.taskRunSpecs)
      expect(serviceAccountName).toBe(accounts[pipelineTaskName.split("-")[0] as keyof typeof accounts] ?? "image-sources");
  });

  it("lets the steps that compile and build have what the build asks for, and what lists the image no less than it has anyway", () => {
    expect(spec.taskRunSpecs.some((one) => one.stepSpecs)).toBe(false);
    const own = runTemplate({ ...source, resources: { cpu: 4, memory: 32, storage: 120 } }, both, environment, "c").spec;
    const limits = { cpu: "4", memory: "32Gi", "ephemeral-storage": "120Gi" };
    const sbom = { name: "sbom", computeResources: { limits: { memory: "32Gi", "ephemeral-storage": "120Gi" } } };
    const steps: Record<string, string> = { build: "build", npm: "npm", package: "maven", prepare: "prepare" };
    for (const { pipelineTaskName, stepSpecs } of own.taskRunSpecs) {
      const name = steps[pipelineTaskName.split("-")[0]];
      const wanted = name && [{ name, computeResources: { limits } }, ...(name === "build" ? [sbom] : [])];
      expect([pipelineTaskName, stepSpecs]).toEqual([pipelineTaskName, wanted]);
    }
    const memory = runTemplate({ ...source, resources: { memory: 2 } }, both, environment, "c").spec.taskRunSpecs;
    for (const { stepSpecs = [] } of memory)
      for (const { computeResources } of stepSpecs) expect(computeResources).toEqual({ limits: { memory: "2Gi" } });
  });
});

describe("time-outs", () => {
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

  it("of a build's own add up, attempts included, along the chain that takes longest", () => {
    const source: BuildSource = {
      name: "n",
      pipeline: "quarkus",
      repository: "r",
      revision: "v",
      context: ".",
      containerfile: "C",
      image: "i",
      minutes: { clone: 5, prepare: 59, build: 630, push: 61 },
    };
    const run = runTemplate(source, ["amd64", "arm64"], { namespace: "n", tasks: all, secrets: { registryCredentials: "r" } }, "s");
    // 5 min, 59 min, 10 h 30 min, and the push twice.
    expect(run.spec.timeouts).toEqual({ pipeline: "13h36m0s" });
    const timeouts = pipelineOf(source, ["amd64"]).spec.tasks.map(({ timeout }) => timeout);
    expect(timeouts).toEqual(["5m0s", "59m0s", "10h30m0s", "1h1m0s"]);
  });
});

it("takes what a step has made once for all architectures for something else than what it has made on each", () => {
  const [once, each] = [true, false].map((value) => {
    const shape = { pipeline: "containerfile" as const, prepare: { once: value } };
    const [clone] = versionedPipeline(shape, ["amd64", "arm64"], tasks(defaultTaskImages)).spec.tasks;
    return clone.params.find(({ name }) => name === "identity")?.value[0];
  });
  expect(once).not.toBe(each);
});

it("takes an image that may take another time to build for the same", () => {
  const [first, second] = [10, 20].map((build) => {
    const shape = { pipeline: "containerfile" as const, minutes: { build } };
    return versionedPipeline(shape, ["amd64"], tasks(defaultTaskImages)).spec.tasks[0].params;
  });
  expect(first).toEqual(second);
});
