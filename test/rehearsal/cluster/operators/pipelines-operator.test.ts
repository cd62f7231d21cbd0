import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, type KubeObject, type Resource } from "../../../../rehearsal/cluster/operators/api";
import { PipelinesOperator } from "../../../../rehearsal/cluster/operators/pipelines";
import type { PipelinesSources } from "../../../../rehearsal/cluster/operators/pipelines-sources";
import type { TektonConfig } from "../../../../rehearsal/cluster/operators/tekton-config";
import { MemoryApi } from "./memory-api";

const tektonConfigs: Resource = { apiVersion: "operator.tekton.dev/v1alpha1", plural: "tektonconfigs" };
const configMaps: Resource = { apiVersion: "v1", plural: "configmaps" };

/** Refuses TektonConfigs as an API server whose webhook does not answer. */
class WithoutWebhook extends MemoryApi {
  refused = 0;

  override async create<T extends KubeObject>(resource: Resource, object: T, options?: { dryRun?: boolean }): Promise<T> {
    if (resource.plural === "tektonconfigs" && this.refused < 1) {
      this.refused += 1;
      throw new ApiError(500, "InternalError", 'failed calling webhook "webhook.operator.tekton.dev"');
    }
    return super.create(resource, object, options);
  }
}

let memory: WithoutWebhook;
let operator: PipelinesOperator;

beforeEach(() => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  memory = new WithoutWebhook();
  const flags: KubeObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "feature-flags", namespace: "tekton-pipelines" },
    data: { coschedule: "workspaces" },
  };
  const sources = { operatorCrds: () => ({ needed: [], others: [] }), manifests: () => ({ version: "v1.15.0", objects: [flags] }) };
  operator = new PipelinesOperator(memory.api, { sources: sources as unknown as PipelinesSources, registry: "10.0.0.1:5000" });
});
afterEach(() => {
  operator.stop();
  vi.restoreAllMocks();
});

const config = () => memory.get<TektonConfig>(tektonConfigs, "config");
const isReady = async () => {
  const found = await config();
  const ready = found?.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True" && found?.status?.observedGeneration === found?.metadata.generation;
};
const coschedule = async () => {
  const found = await memory.get<KubeObject & { data: Record<string, string> }>(configMaps, "feature-flags", "openshift-pipelines");
  return found?.data.coschedule;
};
const until = (test: () => Promise<unknown>) =>
  vi.waitFor(async () => expect(await test()).toBeTruthy(), { timeout: 10_000, interval: 10 });

describe("the operator of OpenShift Pipelines", () => {
  it("makes its TektonConfig some time after it is installed: its own webhook refuses that at first", async () => {
    await operator.start();
    expect(await config()).toBeUndefined();
    await until(isReady);
    expect(memory.refused).toBe(1);
    expect(await coschedule()).toBe("workspaces");
  });

  it("says Ready of a change before Tekton's ConfigMap has it", async () => {
    await operator.start();
    await until(isReady);
    await memory.patch(tektonConfigs, { name: "config" }, { spec: { pipeline: { coschedule: "disabled" } } });
    await until(isReady);
    expect(await coschedule()).toBe("workspaces");
    await until(async () => (await coschedule()) === "disabled");
  });
});
