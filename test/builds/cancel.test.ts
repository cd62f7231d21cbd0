import { afterEach, beforeEach, expect, it } from "vitest";
import { cancel } from "../../tekton/follow";
import { ApiServer } from "../tekton/api-server";

const runs = "/apis/tekton.dev/v1/namespaces/builds/pipelineruns";
const pods = "/api/v1/namespaces/builds/pods";
const claims = "/api/v1/namespaces/builds/persistentvolumeclaims";
const reference = { build: "hello", namespace: "builds", name: "hello-1", uid: "uid-hello-1" };
const pace = { secondsBetweenLooks: 0.01, secondsBetweenHeartbeats: 60, secondsWithoutNode: 60 };

let server: ApiServer;
let lines: string[];
const cancelled = (seconds: number) => cancel(server.api(), reference, (line) => lines.push(line), pace, seconds);

beforeEach(async () => {
  lines = [];
  server = await new ApiServer().start();
  const over = { conditions: [{ type: "Succeeded", status: "False", reason: "Cancelled" }] };
  server.put(runs, { metadata: { name: "hello-1", namespace: "builds", uid: "uid-hello-1", labels: {} }, spec: {}, status: over });
  server.put(claims, {
    metadata: { name: "volume", labels: { "openshift-multiarch/build": "hello" }, ownerReferences: [{ uid: "uid-hello-1" }] },
  });
});
afterEach(() => server.stop());

it("the volume of a cancelled run stays while a pod of it does not end, and nobody waits for ever", async () => {
  server.put(pods, { metadata: { name: "lost", labels: { "tekton.dev/pipelineRun": "hello-1" } }, status: { phase: "Running" } });
  expect(await cancelled(0.2)).toBe(false);
  expect(server.objects.get(`${runs}/hello-1`).spec.status).toBe("Cancelled");
  expect(server.objects.has(`${claims}/volume`)).toBe(true);
});

it("a volume that cannot be deleted is not said to be freed", async () => {
  server.plan(`DELETE ${claims}/volume`, () => ({ status: 403, body: { message: "forbidden" } }));
  expect(await cancelled(5)).toBe(false);
  expect(lines).toEqual(["hello-1: its volume stays until the run is replaced: forbidden"]);
});

it("a run that has no pod left frees its volume at once", async () => {
  expect(await cancelled(5)).toBe(true);
  expect(server.objects.has(`${claims}/volume`)).toBe(false);
});
