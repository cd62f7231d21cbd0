import { createHmac } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { run } from "../../rehearsal/machine/exec";
import { places } from "../../rehearsal/machine/places";
import { stackOutputs } from "../../rehearsal/stack/state";
import { outcome, type Run } from "../../tekton/following";
import { startedByLabel } from "../../tekton/triggers";
import { eventually } from "./operators";

const namespace = "build-multiarch";
const kubectl = (args: readonly string[]) =>
  run([join(places.path, "kubectl"), "--namespace", namespace, ...args], { env: { KUBECONFIG: places.adminKubeconfig } });
const json = async (...args: string[]) => JSON.parse(await kubectl([...args, "--output=json"]));

/** As GitHub signs: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
export const signature = (secret: string, body: string) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

const startedBy = async (by: string): Promise<Run[]> => (await json("get", "pipelineruns", "--selector", `${startedByLabel}=${by}`)).items;

/** Until there are as many runs as wanted, which have ended; then a while longer, in which one too many would come. */
async function ended(by: string, count: number): Promise<Run[]> {
  const deadline = Date.now() + 300_000;
  let runs: Run[] = [];
  while (runs.length < count || runs.some((one) => outcome(one) === "running")) {
    if (Date.now() > deadline) throw new Error(`not within 300 s: ${count} runs started by ${by}, there are ${JSON.stringify(runs)}`);
    await sleep(1000);
    runs = await startedBy(by);
  }
  await sleep(3000);
  return startedBy(by);
}

interface Push {
  commit: string;
  repository: string;
  branch?: string;
}

/** The fields of GitHub's payload that tell which build is meant; all are in its documentation of the event `push`. */
const payload = ({ commit, repository, branch = "main" }: Push) =>
  JSON.stringify({
    ref: `refs/heads/${branch}`,
    before: "0".repeat(40),
    after: commit,
    deleted: false,
    repository: {
      full_name: "rehearsal/examples",
      clone_url: repository,
      ssh_url: `git@git.invalid:${repository}`,
      default_branch: "main",
    },
    head_commit: { id: commit },
  });

/** Sends to the listener's service, as the router does it: of the rehearsal's cluster there is none. */
async function send(body: string, headers: Record<string, string>): Promise<number> {
  const { spec } = await json("get", "service", "el-builds");
  const answer = await fetch(`http://${spec.clusterIP}:8080/`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-github-event": "push", ...headers },
    body,
  });
  return answer.status;
}

/**
 * Status of its answer to an event that nobody has signed, which it takes and does nothing with. kube-proxy hears of a pod that is ready up to a
 * second later (iptables.minSyncPeriod).
 */
export const listens = (): Promise<number> => eventually(5, "the listener answers", () => send("{}", {}).catch(() => undefined));

/** With a stack whose build htop has `trigger: github` and `rebuild: weekly`. */
export function pushTriggerSteps(): void {
  const built = async () => ((await stackOutputs()) as { builds: { htop: { commit: string; image: string } } }).builds.htop;
  const secret = async () => Buffer.from((await json("get", "secret", "webhook")).data.token, "base64").toString();
  const another = "f".repeat(40);
  afterEach(async () => {
    await kubectl(["delete", "pipelineruns", "--selector", startedByLabel]);
  });

  it("has the address of the Route among its outputs, and the secret, which is not shown", async () => {
    const { webhooks, webhookSecret } = await stackOutputs();
    const { spec } = await json("get", "route", "webhooks");
    expect({ webhooks, webhookSecret }).toEqual({ webhooks: `https://${spec.host}`, webhookSecret: "[secret]" });
    expect(await secret()).toMatch(/^[A-Za-z0-9]{40}$/);
  });

  it("builds a commit that GitHub says was pushed, once, and starts nothing for who does not know the secret or names something else", async () => {
    const { commit, image } = await built();
    const { params }: { params: { name: string; default: string }[] } = (await json("get", "pipeline.tekton.dev", "htop")).spec;
    const repository = params.find(({ name }) => name === "url")?.default ?? "";
    const key = await secret();
    const right = payload({ commit, repository });
    const signed = (body: string, by = key) => send(body, { "x-hub-signature-256": signature(by, body) });
    const refused = [
      send(payload({ commit: another, repository }), {}),
      signed(payload({ commit: another, repository }), "guessed"),
      send(payload({ commit: another, repository }), { "x-hub-signature-256": signature(key, right) }),
      send(payload({ commit: another, repository }), { "x-gitlab-event": "Push Hook", "x-gitlab-token": key }),
      signed(payload({ commit: another, repository, branch: "other" })),
      signed(payload({ commit: another, repository: repository.replace("examples", "examples2") })),
      signed(payload({ commit: "0".repeat(40), repository })),
    ];
    // The listener takes every event; what it makes of it, it does not tell the sender.
    expect(new Set(await Promise.all(refused))).toEqual(new Set([202]));
    expect(await signed(right)).toBe(202);
    const runs = await ended("push", 1);
    expect(runs.map(({ metadata }) => metadata.labels?.["openshift-multiarch/build"])).toEqual(["htop"]);
    const [{ status }] = runs;
    const results = Object.fromEntries(status?.results?.map(({ name, value }) => [name, value]) ?? []);
    expect({ outcome: outcome(runs[0]), commit: results["CHAINS-GIT_COMMIT"], digest: results.found?.split("@")[1] }).toEqual({
      outcome: "succeeded",
      commit,
      digest: image.split("@")[1],
    });
  }, 400_000);

  it("builds anew when the clock says so, once a day however often it is asked", async () => {
    for (const job of ["first", "second"]) {
      await kubectl(["create", "job", `rebuild-${job}`, "--from=cronjob/htop-rebuild"]);
      await kubectl(["wait", "--for=condition=Complete", `job/rebuild-${job}`, "--timeout=120s"]);
    }
    const runs = await ended("schedule", 1);
    expect(runs.map((one) => [one.metadata.name.replace(/\d{8}$/, "DAY"), outcome(one)])).toEqual([["htop-rebuild-DAY", "succeeded"]]);
    await kubectl(["delete", "jobs", "rebuild-first", "rebuild-second", "--ignore-not-found"]);
  }, 400_000);
}
