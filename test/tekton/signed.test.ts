import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { signatureProblem, signatures } from "../../tekton/signed";
import { ApiServer, type KubeObject } from "./api-server";

const said = (word?: string): KubeObject => ({
  metadata: {
    name: "hello-1",
    namespace: "builds",
    uid: "u",
    annotations: { other: "true", ...(word && { "chains.tekton.dev/signed": word }) },
  },
});

describe("what Chains says of a run", () => {
  it.each([
    [said(), undefined],
    [{ metadata: {} }, undefined],
    [said("true"), "signed"],
    [said("failed"), "failed"],
  ])("%j is %s", (run, state) => expect(signatures(run)).toBe(state));
});

describe("the wait for signatures", () => {
  let server: ApiServer;
  beforeEach(async () => {
    server = new ApiServer();
    await server.start();
  });
  afterEach(() => server.stop());
  const path = "/apis/tekton.dev/v1/namespaces/builds/pipelineruns";
  const tasks = "/apis/tekton.dev/v1/namespaces/builds/taskruns";
  const problem = (seconds?: number) => signatureProblem(server.api(), { namespace: "builds", run: "hello-1" }, seconds);

  it("ends when Chains has signed, be it later than the run", async () => {
    server.put(path, said());
    const waiting = problem();
    setTimeout(() => server.put(path, said("true")), 300);
    expect(await waiting).toBeUndefined();
  });

  const task = (name: string, word?: string): KubeObject => {
    const { metadata } = said(word);
    return { metadata: { ...metadata, name: `hello-1-${name}`, labels: { "tekton.dev/pipelineRun": "hello-1" } } };
  };

  it("says that Chains could not sign, where the reason is, and how it tries again", async () => {
    server.put(path, said("failed"));
    server.put(tasks, task("clone", "true"));
    server.put(tasks, task("push", "failed"));
    expect(await problem()).toBe(
      "hello-1: its images are pushed, but Tekton Chains could not sign them: oc -n openshift-pipelines logs deployment/tekton-chains-controller says why; " +
        "once that is mended, oc -n builds annotate pipelinerun/hello-1 taskrun/hello-1-push chains.tekton.dev/signed- chains.tekton.dev/retries- has it try again",
    );
  });

  it("looks at the tasks of a run that is signed: images are signed by the task that pushes", async () => {
    server.put(path, said("true"));
    server.put(tasks, task("push", "failed"));
    expect(await problem()).toContain("oc -n builds annotate taskrun/hello-1-push chains.tekton.dev/signed-");
  });

  it("is given up after its time, as Chains may be away", async () => {
    server.put(path, said());
    expect(await problem(0.1)).toBe("hello-1: its images are pushed, but not signed 0.1 s later; Tekton Chains may still do it");
  });

  it("is over when the run is gone", async () => {
    expect(await problem()).toBeUndefined();
  });
});
