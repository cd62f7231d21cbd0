import { describe, expect, it } from "vitest";
import type { BuildSource } from "../../tekton/build-source";
import { pipelineFor, runTemplate } from "../../tekton/runs";
import { defaultTaskImages } from "../../tekton/task-images";
import { tasks } from "../../tekton/tasks";
import { dollar, meant, verbatim } from "../../tekton/verbatim";

/** What Kubernetes makes of a container's argument: k8s.io/kubernetes, third_party/forked/golang/expansion, Expand. */
const expanded = (text: string, environment: Record<string, string>) =>
  text.replace(/\$(?:\$|\(([^)]*)\))/g, (all, name) => (name === undefined ? "$" : (environment[name] ?? all)));

/** Of each kind that Tekton fills in, and what shells and Kubernetes have. */
const texts = [
  "$(params.url)",
  "$(context.pipelineRun.name) $(context.taskRun.name)",
  "$(workspaces.shared.path)/$(workspaces['shared'].bound)",
  "$(tasks.clone.results.url) $(results.commit.path) $(steps.find.exitCode.path) $(credentials.path)",
  "$$(params.url) $$$(params.url) $(params.url",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
  'date=$(date) home=$HOME ${HOME} $(HOME) $((1 + 1)) $$ $ $1 "$@" $(DOLLAR) $(context.DOLLAR) cost: 5$',
  "none",
  "",
];

describe("a text of the user's", () => {
  it.each(texts)("%j has nothing in it that Tekton could fill in", (text) => {
    // What it fills in begins with $( and a small letter (tektoncd/pipeline, pkg/substitution).
    expect(verbatim(text)).not.toMatch(/\$\((?!context\.DOLLAR\))/);
  });

  it.each(texts)("%j is nothing that Tekton refuses a run for", (text) => {
    // tektoncd/pipeline 1.15, pkg/apis/pipeline/v1: resultref.go, variableSubstitutionFormat; pipeline_validation.go, validPrefixes.
    const variables = verbatim(text).match(/\$\([_a-zA-Z0-9.-]+(\.[_a-zA-Z0-9.-]+)*(\[([0-9]+|\*)\])?\)/g) ?? [];
    for (const variable of variables) expect(variable).toMatch(/^\$\((?:params|tasks|finally|context|workspaces|results)[.)]/);
  });

  it.each(texts)("%j is in the container as it was written", (text) => {
    expect(expanded(verbatim(text), { [dollar.name]: expanded(dollar.value, {}), HOME: "/home/build" })).toBe(text);
  });

  it.each(texts)("%j is told from what is in a run", (text) => expect(meant(verbatim(text))).toBe(text));
});

describe("the texts of a build", () => {
  const text = "a $(params.image) $(context.pipelineRun.name)";
  const source: BuildSource = {
    name: "app",
    pipeline: "containerfile",
    prepare: { image: "registry.example.com/go:1", script: text },
    repository: "https://git.example.com/app.git",
    revision: text,
    context: ".",
    containerfile: "Containerfile",
    buildArgs: { A: text },
    labels: { l: text },
    environment: { E: text },
    image: "registry.example.com/app:latest",
  };
  const all = tasks(defaultTaskImages);
  const environment = { namespace: "builds", tasks: all, secrets: { registryCredentials: "registry-credentials" } };

  it("are so in its run and in its Pipeline, all of them", () => {
    const { params } = pipelineFor(source, ["amd64"], environment).spec;
    const given = runTemplate(source, ["amd64"], environment, "efs").spec.params;
    for (const values of [params.map((param) => param.default), given.map(({ value }) => value)]) {
      const written = values.flat().filter((value): value is string => Boolean(value?.includes(" ")));
      expect(written.map(meant).sort()).toEqual([text, `A=${text}`, `E=${text}`, text, `l=${text}`].sort());
      expect(written.filter((value) => /\$\((?!context\.DOLLAR\))/.test(value))).toEqual([]);
    }
  });

  it("find the variable in each step that parameters reach, in front of what may name it", () => {
    for (const { spec } of all)
      for (const { name, env, args } of spec.steps) {
        const reached = /\$\(params\./.test(JSON.stringify([env, args]));
        expect([name, env.findIndex((one) => one.name === dollar.name)]).toEqual([name, reached ? 0 : -1]);
      }
  });
});
