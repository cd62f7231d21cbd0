import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Admission } from "./admission";
import { type Api, ApiError, isConflict, type KubeObject, type Resource } from "./api";
import { applyCrds } from "./crds";
import { describe, inParallel, keyOf, log, Mirror, Worker } from "./loop";
import { withConditions } from "./olm-decisions";
import { securityContextConstraints } from "./pipelines-scc";
import type { PipelinesSources } from "./pipelines-sources";
import { isDue, type Run, runsToPrune } from "./pruner";
import {
  conditions,
  configMapData,
  configName,
  initialSpec,
  isIgnoredNamespace,
  type Progress,
  pipelinesScc,
  problems,
  type TektonConfig,
  type TektonConfigSpec,
  withDefaults,
} from "./tekton-config";
import { placed } from "./tekton-manifests";

const manager = "openshift-pipelines-operator";
const tektonConfigs: Resource = { apiVersion: "operator.tekton.dev/v1alpha1", plural: "tektonconfigs" };
const deployments: Resource = { apiVersion: "apps/v1", plural: "deployments" };
const configMaps: Resource = { apiVersion: "v1", plural: "configmaps" };
const namespaces: Resource = { apiVersion: "v1", plural: "namespaces" };
const tasks: Resource = { apiVersion: "tekton.dev/v1", plural: "tasks" };
const sccClusterRole = "pipelines-scc-clusterrole";

type Deployment = KubeObject<{ replicas?: number }, { observedGeneration?: number; updatedReplicas?: number; availableReplicas?: number }>;
type ConfigMap = KubeObject & { data?: Record<string, string> };

export interface PipelinesSettings {
  readonly sources: PipelinesSources;
  readonly registry: string;
}

/**
 * The OpenShift Pipelines operator for as long as its CSV is there: keeps the real Tekton as TektonConfig `config` says. Of the profile "all" only
 * Pipelines itself is installed; Triggers, Chains, Results, Pipelines as Code, the shipped tasks and the children
 * (TektonPipeline, ...) are not.
 */
export class PipelinesOperator {
  private readonly admission: Admission;
  private readonly worker: Worker;
  private readonly accounts: Worker;
  private readonly configs: Mirror<TektonConfig>;
  private readonly namespaces: Mirror<KubeObject>;
  private targets: { deployments: Mirror<Deployment>; configMaps: Mirror<ConfigMap>; namespace: string } | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** The spec that Tekton's manifests were last applied for, the names of its Deployments, and when that was. */
  private applied: { spec: TektonConfigSpec; names: string[]; time: number } | undefined;
  /** Objects as they were last applied by this process, so that a change of the spec costs only what it changes. */
  private readonly installed = new Map<string, KubeObject>();
  private webhookAnswered = false;
  private stopped = false;
  /** When Tekton's ConfigMaps follow the latest change. */
  private flagsDue = 0;
  private prunedMinute = 0;

  constructor(
    private readonly api: Api,
    private readonly settings: PipelinesSettings,
  ) {
    this.admission = new Admission(api);
    this.worker = new Worker("pipelines", () => this.reconcile());
    this.accounts = new Worker("pipelines", () => this.reconcileNamespaces());
    this.configs = new Mirror(api, tektonConfigs, this.worker.wake);
    this.namespaces = new Mirror(api, namespaces, this.accounts.wake);
  }

  /** To be called once, when the operator's CSV has succeeded. */
  async start(): Promise<void> {
    // Tekton's CRDs are the slowest part of its installation and need no configuration, so they go along at once; those
    // of the operator that nothing here serves can wait.
    const tekton = this.manifests(withDefaults(initialSpec)).filter(({ kind }) => kind === "CustomResourceDefinition");
    const { others } = this.settings.sources.operatorCrds();
    await Promise.all([applyCrds(this.api, tekton, manager), this.admission.start()]);
    for (const crd of tekton) this.installed.set(`${crd.kind} ${keyOf(crd)}`, crd);
    for (const mirror of [this.configs, this.namespaces]) void mirror.run();
    await Promise.all([this.configs.synced, this.namespaces.synced]);
    for (const worker of [this.worker, this.accounts]) void worker.run();
    void this.ensureConfig();
    void applyCrds(this.api, others, manager).catch((error) => log("pipelines", describe(error)));
    this.timer = setInterval(() => void this.prune().catch((error) => log("pruner", describe(error))), 20_000);
  }

  /** The operator's CSV is gone: what it installed stays, nobody looks after it. */
  async remove(): Promise<void> {
    this.stop();
    await this.admission.remove();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    for (const part of [this.worker, this.accounts, this.configs, this.namespaces, this.targets?.deployments, this.targets?.configMaps])
      part?.stop();
    this.targets = undefined;
    this.admission.stop();
  }

  /**
   * The operator creates its configuration once, when it starts, and tries again while its own webhook does not answer
   * (shared/tektonconfig/instance.go, every 10 s there).
   */
  private async ensureConfig(): Promise<void> {
    const config: TektonConfig = {
      apiVersion: tektonConfigs.apiVersion,
      kind: "TektonConfig",
      metadata: { name: configName },
      spec: withDefaults(initialSpec),
    };
    while (!this.stopped) {
      try {
        await this.api.create(tektonConfigs, config);
        log("pipelines", "TektonConfig created");
        return;
      } catch (error) {
        if (isConflict(error)) return;
        log("pipelines", `failed to create the TektonConfig: ${describe(error)}`);
        await sleep(2000);
      }
    }
  }

  private async reconcile(): Promise<number | undefined> {
    const config = this.configs.all().find(({ metadata }) => metadata.name === configName);
    if (!config || config.metadata.deletionTimestamp) {
      this.applied = undefined;
      this.installed.clear();
      return undefined;
    }
    const spec = withDefaults(config.spec ?? {});
    const found = problems(config.metadata.name, spec);
    if (found.length > 0) {
      await this.report(config, { preInstall: found.join("; ") });
      return undefined;
    }
    const namespace = spec.targetNamespace ?? "";
    try {
      if (!this.applied || !isDeepStrictEqual(this.applied.spec, spec)) {
        // After a restart of this process alone, what was Ready stays so while everything is applied once more.
        const known = config.status?.observedGeneration === config.metadata.generation;
        if (!known) await this.report(config, { components: "TektonPipeline: reconcile again and proceed" });
        await this.prepare(namespace, spec);
        const flagsLater = this.applied !== undefined;
        if (flagsLater) this.flagsDue = Date.now() + 1000;
        await this.install(namespace, spec, flagsLater);
      }
    } catch (error) {
      await this.report(config, { preInstall: describe(error) });
      throw error;
    }
    const early = this.flagsDue - Date.now();
    if (early <= 0) await this.keepConfigMaps(namespace, spec);
    const missing = await this.missing(namespace);
    await this.report(config, { components: missing });
    if (early > 0) return early;
    return missing === undefined ? undefined : 250;
  }

  /** Namespace, security context constraints and the role that grants them. */
  private async prepare(namespace: string, spec: TektonConfigSpec): Promise<void> {
    const labels = { "openshift.io/cluster-monitoring": "true" };
    await this.api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } }, manager);
    const scc = spec.platforms?.openshift?.scc?.default ?? pipelinesScc;
    await this.api.apply(
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: sccClusterRole },
        rules: [{ apiGroups: ["security.openshift.io"], resources: ["securitycontextconstraints"], resourceNames: [scc], verbs: ["use"] }],
      },
      manager,
    );
    const constraints: Resource = { apiVersion: "security.openshift.io/v1", plural: "securitycontextconstraints" };
    await this.api.create(constraints, securityContextConstraints).catch((error) => {
      if (!isConflict(error)) throw error;
    });
    if (this.targets) return;
    this.targets = {
      namespace,
      deployments: new Mirror<Deployment>(this.api, deployments, this.worker.wake, { namespace }),
      configMaps: new Mirror<ConfigMap>(this.api, configMaps, this.worker.wake, { namespace }),
    };
    void this.targets.deployments.run();
    void this.targets.configMaps.run();
  }

  private manifests(spec: TektonConfigSpec): KubeObject[] {
    const { version, objects } = this.settings.sources.manifests();
    return placed(objects, { registry: this.settings.registry, version, spec });
  }

  /**
   * @param flagsLater leaves Tekton's ConfigMaps for a later pass: after a change the operator says Ready of the components as they were,
   * since it looks at their condition and not at the generation that this is about (EnsureTektonPipelineExists).
   */
  private async install(namespace: string, spec: TektonConfigSpec, flagsLater: boolean): Promise<void> {
    const flags = Object.keys(configMapData(spec));
    const objects = this.manifests(spec).filter(
      ({ kind, metadata }) => !(flagsLater && kind === "ConfigMap" && flags.includes(metadata.name)),
    );
    const started = Date.now();
    // Deployments last: a pod that starts before its ServiceAccount or ConfigMaps loses seconds to a retry.
    const late = (object: KubeObject) => object.kind === "Deployment";
    const changed = objects.filter((object) => !isDeepStrictEqual(this.installed.get(`${object.kind} ${keyOf(object)}`), object));
    const apply = async (object: KubeObject) => {
      const answer = await this.api.apply(object, manager);
      this.installed.set(`${object.kind} ${keyOf(object)}`, object);
      // So that the next look does not take our own write for somebody's edit.
      if (object.kind === "ConfigMap") this.targets?.configMaps.learn(answer as ConfigMap);
    };
    const early = changed.filter((object) => !late(object));
    await inParallel(early, 8, apply);
    await inParallel(changed.filter(late), 8, apply);
    this.applied = { spec, names: objects.filter(late).map(({ metadata }) => metadata.name), time: Date.now() };
    this.webhookAnswered = false;
    log(
      "pipelines",
      `Tekton ${this.settings.sources.manifests().version}: ${changed.length} of ${objects.length} objects applied to ${namespace} in ${Date.now() - started} ms`,
    );
  }

  /** Whoever edits Tekton's ConfigMaps by hand sees the edit undone. */
  private async keepConfigMaps(namespace: string, spec: TektonConfigSpec): Promise<void> {
    for (const [name, data] of Object.entries(configMapData(spec))) {
      const found = this.targets?.configMaps.all().find(({ metadata }) => metadata.name === name);
      if (!found || Object.entries(data).every(([key, value]) => found.data?.[key] === value)) continue;
      log("pipelines", `ConfigMap ${namespace}/${name} differs from the TektonConfig: put right`);
      this.targets?.configMaps.learn(await this.api.patch<ConfigMap>(configMaps, { name, namespace }, { data }));
    }
  }

  /** What is not there yet; undefined once all Deployments are available and Tekton's webhook answers. */
  private async missing(namespace: string): Promise<string | undefined> {
    for (const name of this.applied?.names ?? []) {
      const { metadata, spec, status } = this.targets?.deployments.all().find((one) => one.metadata.name === name) ?? {};
      // Somebody deleted it: all is applied again.
      if (!metadata && Date.now() - (this.applied?.time ?? 0) > 5000) {
        this.applied = undefined;
        this.installed.clear();
      }
      const replicas = spec?.replicas ?? 1;
      const current = metadata !== undefined && (status?.observedGeneration ?? 0) >= (metadata.generation ?? 1);
      if (!current || (status?.updatedReplicas ?? 0) < replicas || (status?.availableReplicas ?? 0) < replicas) {
        return `TektonPipeline: deployment ${name} is not available`;
      }
    }
    if (this.webhookAnswered) return undefined;
    const task: KubeObject = {
      apiVersion: tasks.apiVersion,
      kind: "Task",
      metadata: { name: "is-the-webhook-there", namespace },
      spec: { steps: [{ name: "none", image: "none" }] },
    };
    try {
      await this.api.create(tasks, task, { dryRun: true });
      this.webhookAnswered = true;
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return `TektonPipeline: webhook: ${error.message}`;
    }
  }

  private async report(config: TektonConfig, progress: Progress): Promise<void> {
    const { metadata, status } = config;
    const time = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const next = withConditions(status?.conditions, conditions(progress), time);
    const version = "v1.24.0";
    const observed = { observedGeneration: metadata.generation, version, profile: config.spec?.profile };
    const before = { observedGeneration: status?.observedGeneration, version: status?.version, profile: status?.profile };
    const bare = (list: typeof next | undefined) => (list ?? []).map(({ lastTransitionTime: _, ...rest }) => rest);
    if (isDeepStrictEqual(observed, before) && isDeepStrictEqual(bare(status?.conditions), bare(next))) return;
    this.configs.learn(await this.api.patch(tektonConfigs, metadata, { status: { ...observed, conditions: next } }, "status"));
    const ready = next.find(({ type }) => type === "Ready");
    log("pipelines", `TektonConfig: Ready=${ready?.status} ${progress.preInstall ?? progress.components ?? ""}`);
  }

  /** ServiceAccount `pipeline` and its two RoleBindings in every namespace of a user (openshift/tektonconfig/rbac.go). */
  private readonly equipped = new Set<string>();
  private async reconcileNamespaces(): Promise<undefined> {
    for (const { metadata, status } of this.namespaces.all()) {
      const { name, uid = "" } = metadata;
      const terminating = (status as { phase?: string } | undefined)?.phase === "Terminating";
      if (isIgnoredNamespace(name) || terminating || metadata.deletionTimestamp || this.equipped.has(uid)) continue;
      const subjects = [{ kind: "ServiceAccount", name: "pipeline", namespace: name }];
      const binding = (bindingName: string, role: string): KubeObject => ({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: bindingName, namespace: name },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
        subjects,
      });
      await this.api.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "pipeline", namespace: name } }, manager);
      await this.api.apply(binding("pipelines-scc-rolebinding", sccClusterRole), manager);
      await this.api.apply(binding("openshift-pipelines-edit", "edit"), manager);
      this.equipped.add(uid);
    }
  }

  /**
   * The operator's CronJobs, as a clock in this process: the same commands (`tkn ... delete --keep`), no pods. Of the annotations
   * by which a namespace sets its own rule only `operator.tekton.dev/prune.skip` is known.
   */
  private async prune(): Promise<void> {
    const config = this.configs.all().find(({ metadata }) => metadata.name === configName);
    const pruner = config?.spec?.pruner;
    const now = new Date();
    const minute = Math.floor(now.getTime() / 60_000);
    if (!pruner?.schedule || pruner.disabled || minute === this.prunedMinute || !isDue(pruner.schedule, now)) return;
    this.prunedMinute = minute;
    const list = <T extends KubeObject>(plural: string, namespace: string) => this.api.list<T>({ ...tasks, plural }, namespace);
    for (const { metadata } of this.namespaces.all()) {
      const namespace = metadata.name;
      if (isIgnoredNamespace(namespace) || metadata.annotations?.["operator.tekton.dev/prune.skip"] === "true") continue;
      for (const kind of [...(pruner.resources ?? [])].sort()) {
        const parents = await list(kind === "pipelinerun" ? "pipelines" : "tasks", namespace);
        const runs = await list<Run>(`${kind}s`, namespace);
        const pipelineRuns = kind === "taskrun" ? await list<Run>("pipelineruns", namespace) : [];
        const names = parents.map((parent) => parent.metadata.name);
        for (const run of runsToPrune(kind, runs, { pruner, parents: names, pipelineRuns, now })) {
          await this.api.delete({ ...tasks, plural: `${kind}s` }, run.metadata.name, namespace);
          log("pruner", `${kind} ${namespace}/${run.metadata.name} deleted`);
        }
      }
    }
  }
}
