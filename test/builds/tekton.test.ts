import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { objects, pipelineNames, sampleRun, taskNames } from "../../builds/objects";
import { versionOf } from "../../tekton/fingerprint";
import { pipelineOf, shapes } from "../../tekton/pipelines";
import type { Pipeline, Task } from "../../tekton/resources";

const checkout = join(__dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-tekton-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function tekton(...words: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", join(checkout, "builds", "cli.ts"), "tekton", ...words],
    {
      cwd: checkout,
      encoding: "utf8",
      env: { PATH: `${folder}/bin:${dirname(process.execPath)}:/usr/bin:/bin`, HOME: folder },
    },
  );
  return { code: status, stdout, stderr };
}

const read = (text: string) => parseAllDocuments(text).map((document) => document.toJS());
const names = (text: string) => read(text).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
const both = ["amd64", "arm64"] as const;
const everything = objects({ architectures: both });

it("all tasks and pipelines are printed, tasks first, as the objects that they are", () => {
  const { code, stdout, stderr } = tekton();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(names(stdout)).toEqual([...taskNames().map((name) => `Task ${name}`), ...pipelineNames.map((name) => `Pipeline ${name}`)]);
  expect(read(stdout)).toEqual(JSON.parse(JSON.stringify(everything)));
});

it("nothing is lost in a pipe whose reader takes its time, and a reader that has seen enough is no error", () => {
  const piped = (reader: string) =>
    spawnSync("bash", ["-o", "pipefail", "-c", `node --import tsx builds/cli.ts tekton | ${reader}`], {
      cwd: checkout,
      encoding: "utf8",
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: folder },
    });
  expect(read(piped("(sleep 1; cat)").stdout)).toEqual(JSON.parse(JSON.stringify(everything)));
  expect(piped("head -n 1")).toMatchObject({ stdout: "apiVersion: tekton.dev/v1\n", stderr: "", status: 0 });
});

it("each has what catalogs expect: version, oldest Tekton, name to show, categories, tags and platforms", () => {
  const { version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8"));
  for (const { metadata } of everything) {
    expect(metadata).toEqual({
      name: metadata.name,
      labels: { "app.kubernetes.io/version": version },
      annotations: {
        "tekton.dev/pipelines.minVersion": expect.stringMatching(/^\d+\.\d+\.\d+$/),
        "tekton.dev/displayName": expect.stringMatching(/^.{4,60}$/),
        "tekton.dev/categories": expect.stringMatching(/^(?:Git|Build Tools|Image Build)$/),
        "tekton.dev/tags": expect.stringMatching(/^[a-z-]+(?:, [a-z-]+)*$/),
        "tekton.dev/platforms": "linux/amd64,linux/arm64",
      },
    });
  }
  expect(new Set(everything.map(({ metadata }) => JSON.stringify(metadata))).size).toBe(everything.length);
});

it("the help names the pipelines that there are", () => {
  const { code, stdout } = tekton("--help");
  expect(code).toBe(0);
  for (const name of pipelineNames) expect(stdout).toContain(name);
});

it("nothing in them is of one cluster: no namespace, account, storage class, node or secret", () => {
  const text = JSON.stringify(everything);
  expect(text).not.toMatch(/"(?:namespace|serviceAccountName|storageClassName|nodeSelector|secretName|imagePullSecrets)"/);
  expect(text).not.toContain("openshift-multiarch/");
});

it("each pipeline finds its tasks among those that are printed with it, which are no more than it uses", () => {
  for (const name of pipelineNames) {
    const found = objects({ architectures: both, pipeline: name });
    const pipeline = found.at(-1) as unknown as Pipeline;
    expect(pipeline.metadata.name).toBe(name);
    const used = new Set(pipeline.spec.tasks.map(({ taskRef }) => taskRef.name));
    expect(new Set(found.slice(0, -1).map(({ metadata }) => metadata.name))).toEqual(used);
  }
  expect(names(tekton("--pipeline", "quarkus").stdout)).toContain("Task maven-package");
  expect(names(tekton("--pipeline", "quarkus").stdout)).not.toContain("Task npm-build");
});

it("a task can be had alone", () => {
  expect(names(tekton("--task", "buildah-push").stdout)).toEqual(["Task buildah-push"]);
});

it("pipelines are for the architectures that are named, and for both without a name", () => {
  const tasksOf = (...words: string[]) =>
    read(tekton("--pipeline", "containerfile", ...words).stdout)
      .at(-1)
      .spec.tasks.map(({ name }: { name: string }) => name);
  expect(tasksOf()).toEqual(["clone", "build-amd64", "build-arm64", "push"]);
  expect(tasksOf("--architectures", "arm64")).toEqual(["clone", "build-arm64", "push"]);
  expect(tasksOf("--architectures", "arm64, amd64")).toEqual(["clone", "build-amd64", "build-arm64", "push"]);
});

it("a pipeline carries the version of its tasks, so that another script is another image; their metadata is not part of it", () => {
  const clone = (pipeline: Pipeline) => pipeline.spec.tasks[0].params.find(({ name }) => name === "identity")?.value[0];
  const all = everything.filter(({ kind }) => kind === "Task") as unknown as Task[];
  const nodejs = everything.find(({ metadata }) => metadata.name === "nodejs") as unknown as Pipeline;
  const plain = pipelineOf(shapes.nodejs, both);
  expect(clone(nodejs)).toBe(versionOf(plain, all));
  expect(clone(plain)).toBe("");
  const later = all.map((task) => ({ ...task, metadata: { ...task.metadata, labels: { "app.kubernetes.io/version": "9.9.9" } } }));
  expect(versionOf(plain, later)).toBe(versionOf(plain, all));
  const changed = (name: string) =>
    all.map((task) => (task.metadata.name === name ? { ...task, spec: { ...task.spec, description: "another" } } : task));
  expect(versionOf(plain, changed("npm-build"))).not.toBe(versionOf(plain, all));
  expect(versionOf(plain, changed("maven-package"))).toBe(versionOf(plain, all));
});

it("files lie as catalogs have them, each with one object, and their names are said", () => {
  const out = join(folder, "out");
  const { code, stdout, stderr } = tekton("--out", out);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  const files = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  expect(files.sort()).toEqual(
    everything.map(({ kind, metadata: { name } }) => `${kind === "Task" ? "tasks" : "pipelines"}/${name}/${name}.yaml`).sort(),
  );
  expect(stderr.trim().split("\n")).toHaveLength(files.length);
  expect(parse(readFileSync(join(out, "tasks/git-clone/git-clone.yaml"), "utf8")).metadata.name).toBe("git-clone");
});

it("a run is written into a file as it is printed", () => {
  const out = join(folder, "runs-out");
  const { code, stdout, stderr } = tekton("--run", "nodejs", "--out", out);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: `${join(out, "runs/nodejs.yaml")}\n` });
  expect(readFileSync(join(out, "runs/nodejs.yaml"), "utf8")).toBe(tekton("--run", "nodejs").stdout);
});

it("what would do nothing is refused: architectures of a task, a folder without a name", () => {
  expect(tekton("--task", "git-clone", "--architectures", "arm64")).toMatchObject({
    code: 2,
    stdout: "",
    stderr: "--task and --architectures exclude each other: a task is the same for all of them\n",
  });
  for (const words of [
    ["--out", ""],
    ["--run", "nodejs", "--out", " "],
  ])
    expect(tekton(...words)).toMatchObject({ code: 2, stdout: "", stderr: '--out is ""; expected a folder\n' });
});

it("a run gives each parameter that has no default, and the node of each task that is for one architecture", () => {
  for (const name of pipelineNames) {
    const { spec } = sampleRun(name, both) as unknown as { spec: { params: { name: string; value?: string }[]; taskRunSpecs: object[] } };
    const pipeline = everything.find(({ metadata }) => metadata.name === name) as unknown as Pipeline;
    expect(spec.params.map((param) => param.name)).toEqual(
      pipeline.spec.params.filter((param) => param.default === undefined).map((param) => param.name),
    );
    for (const { value } of spec.params) expect(value).toMatch(/./);
    expect(spec.taskRunSpecs).toEqual(
      pipeline.spec.tasks.flatMap((task) => {
        const architecture = /-(amd64|arm64)$/.exec(task.name)?.[1];
        return architecture ? [{ pipelineTaskName: task.name, podTemplate: { nodeSelector: { "kubernetes.io/arch": architecture } } }] : [];
      }),
    );
  }
  const { stdout } = tekton("--run", "nodejs", "--architectures", "arm64");
  expect(stdout).toMatch(/^# kubectl create/);
  expect(parse(stdout)).toEqual(sampleRun("nodejs", ["arm64"]));
});

const bundle = "registry.example.com/team/tasks:0.1.0";
const resolver = (kind: string, name: string) => ({
  resolver: "bundles",
  params: [
    { name: "bundle", value: bundle },
    { name: "name", value: name },
    { name: "kind", value: kind },
  ],
});

it("a bundle is pushed by tkn, and its pipelines find their tasks in it", () => {
  mkdirSync(join(folder, "bin"));
  const stub = join(folder, "bin", "tkn");
  writeFileSync(stub, `#!/bin/sh\necho "$@" > '${folder}/words'\ncat > '${folder}/input'\n[ ! -e '${folder}/refuse' ] || exit 1\n`);
  chmodSync(stub, 0o755);
  expect(tekton("--bundle", bundle)).toMatchObject({ code: 0, stderr: "" });
  expect(readFileSync(join(folder, "words"), "utf8")).toBe(`bundle push ${bundle} -f -\n`);
  const pushed = readFileSync(join(folder, "input"), "utf8");
  expect(names(pushed)).toEqual(everything.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  // docs/tekton-bundle-contracts.md of tektoncd/pipeline
  expect(read(pushed).length).toBeLessThanOrEqual(20);
  const quarkus = read(pushed).find(({ metadata }) => metadata.name === "quarkus");
  expect(quarkus.spec.tasks[0].taskRef).toEqual(resolver("task", "git-clone"));
  writeFileSync(join(folder, "refuse"), "");
  expect(tekton("--bundle", bundle)).toMatchObject({ code: 2, stderr: `tkn bundle push ${bundle} failed, see above\n` });
  rmSync(join(folder, "bin"), { recursive: true });
});

it("a run can take its pipeline from a bundle, and nothing is pushed for it", () => {
  rmSync(join(folder, "input"), { force: true });
  expect(parse(tekton("--run", "nodejs", "--bundle", bundle).stdout).spec.pipelineRef).toEqual(resolver("pipeline", "nodejs"));
  expect(existsSync(join(folder, "input"))).toBe(false);
});

it.each<[string[], RegExp]>([
  [["--bundle", bundle], /^tkn, which pushes bundles, is not on PATH: https:/],
  [["--task", "git-clonee"], /^--task is "git-clonee"; did you mean git-clone\?/],
  [["--pipeline", "go"], /^--pipeline is "go"; there are containerfile, prepared/],
  [["--run", "node"], /^--run is "node"; did you mean nodejs\?/],
  [["--task", "git-clone", "--run", "nodejs"], /^--task and --run exclude each other/],
  [["--out", "x", "--bundle", bundle], /^--out and --bundle exclude each other/],
  [["--architectures", "arm64,s390x"], /^--architectures is "arm64,s390x"; expected one or more of amd64,arm64, each once/],
  [["--architectures", "arm64,arm64"], /each once/],
  [["--out", "/dev/null/x", "--task", "git-clone"], /^"\/dev\/null\/x\/tasks\/git-clone\/git-clone.yaml" cannot be written: ENOTDIR/],
  [["git-clone"], /^tekton takes options alone/],
])("a mistake is named, with exit code 2: %j", (words, expected) => {
  const { code, stdout, stderr } = tekton(...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(expected);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
