import { describe, expect, it } from "vitest";
import { pipelinesAsCode } from "../../tekton/pipelines-as-code";
import { pipelineFor, runTemplate } from "../../tekton/runs";
import { eventListener, listenerRules, sameRepository, type TriggeredBuild, templateSpec, wantedPush } from "../../tekton/triggers";
import { architectures, environment, source } from "./started";

const htop: TriggeredBuild = { ...source, trigger: "github" };

/** RE2 takes its flags in front of the expression, JavaScript behind it; all else in these expressions is the same in both. */
const matches = (expression: string, text: string) => new RegExp(expression.replace(/^\(\?i\)/, ""), "i").test(text);

describe("the repository of an event", () => {
  const same = [
    "https://git.example.com/team/app.git",
    "https://git.example.com/team/app",
    "https://git.example.com/team/app/",
    "https://GIT.example.com:8443/Team/App.git",
    "http://someone@git.example.com/team/app.git",
    "git@git.example.com:team/app.git",
    "git.example.com:/team/app",
    "ssh://git@git.example.com:2222/team/app.git",
  ];
  const addresses = [...same, "git://git.example.com/team/app"];

  it.each(addresses)("is that of a build which names it %s, however the server writes its address", (address) => {
    expect(same.filter((url) => !matches(sameRepository(address), url))).toEqual([]);
  });

  it.each([
    "https://git.example.com/team/app2.git",
    "https://git.example.com/team/app.git.git",
    "https://git.example.com/other/team/app.git",
    "https://git.example.com/team",
    "https://gitxexample.com/team/app.git",
    "https://git.example.com.evil.example/team/app.git",
    "https://evil.example/git.example.com/team/app.git",
    "https://evil.example/#@git.example.com/team/app.git",
    "evil https://git.example.com/team/app.git",
    "https://git.example.com/team/app.git\n",
    "git@git.example.com:team/app2.git",
    "git@evil.example:git.example.com/team/app.git",
    "git@git.example.com.evil.example:team/app.git",
    "evil git@git.example.com:team/app.git",
    "git@git.example.com:8443:team/app.git",
  ])("is another one at %j", (url) => {
    expect(addresses.filter((address) => matches(sameRepository(address), url))).toEqual([]);
  });

  it("may have characters in its path that mean something in an expression", () => {
    const expression = sameRepository("https://git.example.com/c++/a.b");
    expect(matches(expression, "https://git.example.com/c++/a.b.git")).toBe(true);
    expect(matches(expression, "https://git.example.com/c++/axb.git")).toBe(false);
    expect(matches(expression, "https://git.example.com/ccc/a.b.git")).toBe(false);
  });

  it("may be on a host that is an address of IPv6, in each form", () => {
    const forms = ["ssh://git@[fd00::1]:2222/team/app", "git@[fd00::1]:team/app.git", "https://[fd00::1]/team/app.git"];
    for (const address of forms) {
      expect(forms.filter((url) => !matches(sameRepository(address), url))).toEqual([]);
      expect(matches(sameRepository(address), "https://[fd00::2]/team/app.git")).toBe(false);
    }
  });

  it.each([
    ["ssh://git@ssh.github.com:443/team/app.git", "https://github.com/team/app.git"],
    ["ssh://git@altssh.gitlab.com:443/team/app.git", "https://gitlab.com/team/app.git"],
  ])("is known by the host's usual name where %s is another for ssh on the port of https", (address, url) => {
    expect(matches(sameRepository(address), url)).toBe(true);
  });
});

describe("the listener", () => {
  it.each([
    ["github", "push", "body.repository.clone_url", "body.repository.ssh_url"],
    ["gitlab", "Push Hook", "body.project.git_http_url", "body.project.git_ssh_url"],
  ] as const)("asks a push of %s for the proof of its sender first, then for branch and repository", (trigger, event, ...fields) => {
    const [{ interceptors, ...one }] = eventListener([{ ...htop, trigger }], "build-multiarch", "latest").spec.triggers;
    expect(interceptors.map(({ ref }) => ref)).toEqual([
      { name: trigger, kind: "ClusterInterceptor" },
      { name: "cel", kind: "ClusterInterceptor" },
    ]);
    expect(interceptors[0].params).toEqual([
      { name: "secretRef", value: { secretName: "webhook", secretKey: "token" } },
      { name: "eventTypes", value: [event] },
    ]);
    const [{ value: filter }] = interceptors[1].params;
    const expression = JSON.stringify(sameRepository(htop.repository));
    expect(filter).toContain(` && (${fields.map((field) => `${field}.matches(${expression})`).join(" || ")}) && `);
    expect(filter).toContain('body.ref == "refs/heads/main"');
    expect(one).toEqual({ name: "htop", bindings: [{ ref: "pushed", kind: "TriggerBinding" }], template: { ref: "htop" } });
  });

  it.each([
    ["fix/#1", "refs/heads/fix/#1"],
    ["refs/heads/main", "refs/heads/main"],
    ['a"b\\c', 'refs/heads/a\\"b\\\\c'],
  ])("compares the branch %s as a text", (revision, ref) => {
    expect(wantedPush({ ...htop, revision })).toContain(`body.ref == "${ref}"`);
  });

  it("may read no Secret, act as no other account, and make nothing but runs and events", () => {
    const rules = [...listenerRules.inNamespace, ...listenerRules.inCluster];
    const changing = rules.filter(({ verbs }) => verbs.some((verb) => !["get", "list", "watch"].includes(verb)));
    expect(changing.map(({ resources, verbs }) => [...resources, ...verbs])).toEqual([
      ["pipelineruns", "create"],
      ["events", "create", "patch"],
    ]);
    expect(rules.flatMap(({ resources }) => resources)).not.toContain("secrets");
    expect(JSON.stringify(rules)).not.toContain("*");
  });
});

describe("the run of a push", () => {
  const runOf = (build: TriggeredBuild) => {
    const spec = templateSpec(build, environment, "efs");
    expect(spec.params.map(({ name }) => name)).toEqual(["commit"]);
    expect(spec.resourcetemplates).toHaveLength(1);
    return spec.resourcetemplates[0];
  };

  it("is the stack's, but for the commit, its name, and a label that says who started it", () => {
    const { metadata, spec, ...rest } = runOf(htop);
    const stack = runTemplate(htop, architectures, environment, "efs");
    expect(rest).toEqual({ apiVersion: stack.apiVersion, kind: stack.kind });
    expect(metadata).toEqual({
      namespace: "build-multiarch",
      generateName: "htop-push-",
      labels: { "openshift-multiarch/build": "htop", "openshift-multiarch/started-by": "push" },
    });
    expect(spec).toEqual({
      ...stack.spec,
      params: [
        { name: "revision", value: "$(tt.params.commit)" },
        { name: "on-branch", value: "main" },
      ],
    });
  });

  it.each([
    ["fix/#123", "fix-123-latest"],
    ["refs/heads/main", "main-latest"],
    [".a--", "a-latest"],
  ])("has the branch %s in its tags, which a commit alone does not tell", (revision, tag) => {
    const { spec } = runOf({ ...htop, revision, tags: ["{branch}-latest", "{commit}"] });
    expect(spec.params).toContainEqual({ name: "tags", value: [tag, "{commit}"] });
  });
});

describe("the branch that a pushed commit has to be on", () => {
  it.each([
    ["github", "refs/heads/main", "main"],
    ["gitlab", "fix/#1", "fix/#1"],
    ["github", "a$(params.url)", "a$(context.DOLLAR)(params.url)"],
  ] as const)("is that of the build, for pushes of %s to %s", (trigger, revision, value) => {
    const [{ spec }] = templateSpec({ ...htop, trigger, revision }, environment, "efs").resourcetemplates;
    expect(spec.params).toContainEqual({ name: "on-branch", value });
  });

  it("decides nothing of what an image is made of", () => {
    const [{ params }] = pipelineFor(htop, architectures, environment).spec.tasks;
    const identity = params.find(({ name }) => name === "identity")?.value;
    expect(JSON.stringify(identity)).not.toContain("on-branch");
    expect(params).toContainEqual({ name: "on-branch", value: "$(params.on-branch)" });
  });
});

describe("what Pipelines as Code gets", () => {
  const spec = runTemplate(htop, architectures, environment, "efs").spec as unknown as Record<string, unknown>;
  const ofHtop = (change: Partial<TriggeredBuild> = {}) =>
    pipelinesAsCode({ ...htop, ...change, namespace: environment.namespace, keep: 20 }, spec);
  const { file, repository } = ofHtop({ tags: ["{branch}"] });

  it("is a run for pushes to the branch, as the stack's, of the Pipeline in the namespace, with the pushed commit", () => {
    const stack = runTemplate(htop, architectures, environment, "efs");
    expect(file.metadata).toEqual({
      generateName: "htop-push-",
      labels: { "openshift-multiarch/build": "htop", "openshift-multiarch/started-by": "push" },
      annotations: {
        "pipelinesascode.tekton.dev/on-event": "[push]",
        "pipelinesascode.tekton.dev/on-target-branch": "[refs/heads/main]",
        "pipelinesascode.tekton.dev/max-keep-runs": "20",
      },
    });
    expect(file.spec).toEqual({
      ...stack.spec,
      pipelineRef: {
        resolver: "cluster",
        params: [
          { name: "kind", value: "pipeline" },
          { name: "name", value: "htop" },
          { name: "namespace", value: "build-multiarch" },
        ],
      },
      params: [
        { name: "revision", value: "{{ revision }}" },
        { name: "on-branch", value: "main" },
        { name: "tags", value: ["main"] },
      ],
    });
  });

  it("names the branch as a pattern of Pipelines as Code that fits nothing else", () => {
    const { file: odd } = ofHtop({ revision: "a,{b}" });
    expect(odd.metadata.annotations["pipelinesascode.tekton.dev/on-target-branch"]).toBe("[refs/heads/a&#44;\\{b\\}]");
  });

  it("is a Repository of the address that the server itself gives, which takes files of the default branch alone", () => {
    expect(repository).toEqual({
      apiVersion: "pipelinesascode.tekton.dev/v1alpha1",
      kind: "Repository",
      metadata: { name: expect.stringMatching(/^team-app-[0-9a-f]{6}$/), namespace: "build-multiarch" },
      spec: { url: "https://git.example.com/team/app", settings: { pipelinerun_provenance: "default_branch" } },
    });
  });

  it("is one Repository for all builds of a repository, however each names it, and another one for each other repository", () => {
    const nameFor = (address: string, name = "htop") => ofHtop({ repository: address, name }).repository.metadata.name;
    const one = nameFor("https://git.example.com/team/app.git");
    expect([nameFor("git@git.example.com:team/app.git", "other"), nameFor("https://git.example.com/team/app/")]).toEqual([one, one]);
    const others = ["https://other.example.com/team/app", "https://git.example.com/team-app", "https://git.example.com/team/a.pp"];
    expect(new Set([one, ...others.map((address) => nameFor(address))]).size).toBe(4);
    const long = nameFor(`https://git.example.com/${"group/".repeat(20)}_app_`);
    expect(long).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
  });

  it.each([
    ["git@git.example.com:team/app.git", "https://git.example.com/team/app"],
    ["ssh://git@git.example.com:2222/team/app.git", "https://git.example.com/team/app"],
    ["ssh://git@ssh.github.com:443/team/app.git", "https://github.com/team/app"],
    ["git@[fd00::1]:team/app", "https://[fd00::1]/team/app"],
    ["http://git.example.com:3000/team/app/", "http://git.example.com:3000/team/app"],
  ])("is one of the page of the repository that is read as %s", (address, url) => {
    const { repository: other } = ofHtop({ repository: address });
    expect(other.spec.url).toBe(url);
  });
});
