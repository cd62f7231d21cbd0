import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type Api, isConflict, type KubeObject, type Resource } from "./api";
import { catalogName, catalogNamespace, clusterServiceVersion, componentLabel, packageOfCsv } from "./catalog";
import { log, Mirror, Worker } from "./loop";
import {
  type ClusterServiceVersion,
  type Condition,
  type InstallPlan,
  type InstallPlanStatus,
  installCheck,
  nextPhase,
  type OperatorGroup,
  phaseTime,
  resolve,
  type Subscription,
  type SubscriptionStatus,
  targetNamespaces,
  withConditions,
} from "./olm-decisions";

const group = "operators.coreos.com/v1alpha1";
export const resources = {
  subscriptions: { apiVersion: group, plural: "subscriptions" },
  installPlans: { apiVersion: group, plural: "installplans" },
  csvs: { apiVersion: group, plural: "clusterserviceversions" },
  catalogSources: { apiVersion: group, plural: "catalogsources" },
  operatorGroups: { apiVersion: "operators.coreos.com/v1", plural: "operatorgroups" },
} satisfies Record<string, Resource>;

const manager = "olm";
const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");

/**
 * Operator Lifecycle Manager for the two packages of the catalog: Subscription, InstallPlan, ClusterServiceVersion.
 * Not here: upgrades, dependencies, bundle unpacking, copies of a CSV in other namespaces, PackageManifests. Each
 * Subscription is resolved on its own; real OLM fails all of a namespace when one cannot be satisfied.
 */
export class LifecycleManager {
  private readonly subscriptions: Mirror<Subscription>;
  private readonly installPlans: Mirror<InstallPlan>;
  private readonly csvs: Mirror<ClusterServiceVersion>;
  private readonly catalogs: Mirror<KubeObject>;
  private readonly groups: Mirror<OperatorGroup>;
  private readonly worker: Worker;
  /** When a CSV (by uid) came to its present phase; the times in its status are whole seconds, too coarse. */
  private readonly phaseBegan = new Map<string, number>();
  private readonly mirrors: readonly { run(): Promise<void>; stop(): void; readonly synced: Promise<void> }[];

  /** @param onInstalled called with the names of the packages whose CSV has succeeded, whenever they change. */
  constructor(
    private readonly api: Api,
    private readonly onInstalled: (installed: ReadonlySet<string>) => void,
  ) {
    this.worker = new Worker("olm", () => this.reconcile());
    const follow = <T extends KubeObject>(resource: Resource) => new Mirror<T>(api, resource, this.worker.wake);
    this.subscriptions = follow<Subscription>(resources.subscriptions);
    this.installPlans = follow<InstallPlan>(resources.installPlans);
    this.csvs = follow<ClusterServiceVersion>(resources.csvs);
    this.catalogs = follow<KubeObject>(resources.catalogSources);
    this.groups = follow<OperatorGroup>(resources.operatorGroups);
    this.mirrors = [this.subscriptions, this.installPlans, this.csvs, this.catalogs, this.groups];
  }

  async run(): Promise<void> {
    const following = this.mirrors.map((mirror) => mirror.run());
    await Promise.all(this.mirrors.map(({ synced }) => synced));
    await Promise.all([this.worker.run(), ...following]);
  }

  stop(): void {
    this.worker.stop();
    for (const mirror of this.mirrors) mirror.stop();
  }

  private groupsOf = (namespace: string | undefined) => this.groups.all().filter(({ metadata }) => metadata.namespace === namespace);

  /** One step of everything; milliseconds until the next step is due. */
  private async reconcile(): Promise<number | undefined> {
    for (const catalog of this.catalogs.all()) await this.connectCatalog(catalog);
    for (const operatorGroup of this.groups.all()) await this.reportNamespaces(operatorGroup);
    let again: number | undefined;
    for (const csv of this.csvs.all()) if (await this.advance(csv)) again = phaseTime;
    for (const plan of this.installPlans.all()) if (await this.install(plan)) again = phaseTime;
    const catalogs = new Set(this.catalogs.all().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    for (const subscription of this.subscriptions.all()) await this.subscribe(subscription, catalogs);
    const installed = this.csvs.all().filter(({ status, metadata }) => status?.phase === "Succeeded" && !metadata.deletionTimestamp);
    this.onInstalled(new Set(installed.flatMap(({ metadata }) => packageOfCsv(metadata.name)?.name ?? [])));
    return again;
  }

  /** The stand-in's own catalog is in reach at once; no other has a server behind it. */
  private async connectCatalog(catalog: KubeObject): Promise<void> {
    const { name, namespace } = catalog.metadata;
    const lastObservedState = name === catalogName && namespace === catalogNamespace ? "READY" : "TRANSIENT_FAILURE";
    const status = catalog.status as { connectionState?: { lastObservedState?: string } } | undefined;
    if (status?.connectionState?.lastObservedState === lastObservedState) return;
    const connectionState = { address: `${name}.${namespace}.svc:50051`, lastConnect: now(), lastObservedState };
    this.catalogs.learn(await this.api.patch(resources.catalogSources, catalog.metadata, { status: { connectionState } }, "status"));
  }

  private async reportNamespaces(operatorGroup: OperatorGroup): Promise<void> {
    const namespaces = targetNamespaces(operatorGroup);
    if (isDeepStrictEqual(operatorGroup.status?.namespaces, namespaces)) return;
    const status = { namespaces, lastUpdated: now() };
    this.groups.learn(await this.api.patch(resources.operatorGroups, operatorGroup.metadata, { status }, "status"));
  }

  /** Moves a CSV one phase on. True while more phases are to come. */
  private async advance(csv: ClusterServiceVersion): Promise<boolean> {
    const offer = packageOfCsv(csv.metadata.name);
    if (!offer || csv.metadata.deletionTimestamp) return false;
    const next = nextPhase(csv.status, offer, this.groupsOf(csv.metadata.namespace));
    if (!next) return false;
    const uid = csv.metadata.uid ?? "";
    const age = Date.now() - (this.phaseBegan.get(uid) ?? 0);
    if (next.phase !== "Failed" && age < phaseTime) return true;
    this.phaseBegan.set(uid, Date.now());
    const time = now();
    const condition = { ...next, lastUpdateTime: time, lastTransitionTime: time };
    // OLM keeps the newest 20 (operator-framework/api, ConditionsLengthLimit).
    const conditions = [...(csv.status?.conditions ?? []), condition].slice(-20);
    const patched = await this.api.patch<ClusterServiceVersion>(
      resources.csvs,
      csv.metadata,
      { status: { ...condition, conditions } },
      "status",
    );
    this.csvs.learn(patched);
    log("olm", `csv ${csv.metadata.namespace}/${csv.metadata.name}: ${next.phase} (${next.reason})`);
    return next.phase !== "Succeeded" && next.phase !== "Failed";
  }

  /** Carries out an approved InstallPlan. True while it waits for something that no event announces. */
  private async install(plan: InstallPlan): Promise<boolean> {
    const { metadata, spec, status } = plan;
    const namespace = metadata.namespace ?? "";
    if (!spec || metadata.deletionTimestamp || status?.phase === "Complete" || status?.phase === "Failed") return false;
    const report = async (phase: string, installed?: Condition) => {
      const time = now();
      const conditions = installed
        ? withConditions(status?.conditions, [installed], time).map((one) => ({ ...one, lastUpdateTime: time }))
        : undefined;
      const before = status?.conditions?.find(({ type }) => type === installed?.type);
      if (status?.phase === phase && before?.message === installed?.message && before?.status === installed?.status) return;
      const patch: InstallPlanStatus = {
        phase,
        catalogSources: [catalogName],
        startTime: status?.startTime ?? time,
        ...(conditions ? { conditions } : {}),
      };
      this.installPlans.learn(await this.api.patch(resources.installPlans, metadata, { status: patch }, "status"));
      log("olm", `install plan ${namespace}/${metadata.name}: ${phase}${installed?.message ? ` (${installed.message})` : ""}`);
    };
    if (!spec.approved) {
      await report("RequiresApproval");
      return false;
    }
    if (status?.phase !== "Installing") {
      await report("Installing");
      return true;
    }
    const operatorGroups = this.groupsOf(namespace);
    const refusal = installCheck(operatorGroups);
    if (refusal) {
      await report("Installing", { type: "Installed", status: "False", reason: "InstallCheckFailed", message: refusal });
      return false;
    }
    for (const name of spec.clusterServiceVersionNames) {
      const offer = packageOfCsv(name);
      if (!offer) {
        await report("Failed", {
          type: "Installed",
          status: "False",
          reason: "InstallComponentFailed",
          message: `no bundle named ${name} in the catalog`,
        });
        return false;
      }
      const csv = clusterServiceVersion(offer, name, namespace, operatorGroups[0]?.metadata.name ?? "");
      await this.api.create(resources.csvs, csv).then(
        (created) => this.csvs.learn(created as ClusterServiceVersion),
        (error) => {
          if (!isConflict(error)) throw error;
        },
      );
    }
    await report("Complete", { type: "Installed", status: "True" });
    this.worker.wake();
    return false;
  }

  private async subscribe(subscription: Subscription, catalogs: ReadonlySet<string>): Promise<void> {
    const { metadata } = subscription;
    const namespace = metadata.namespace ?? "";
    if (metadata.deletionTimestamp) return;
    const resolution = resolve(subscription, catalogs);
    const catalog = `${subscription.spec?.sourceNamespace}/${subscription.spec?.source}`;
    const healthy: Condition = catalogs.has(catalog)
      ? {
          type: "CatalogSourcesUnhealthy",
          status: "False",
          reason: "AllCatalogSourcesHealthy",
          message: "all available catalogsources are healthy",
        }
      : {
          type: "CatalogSourcesUnhealthy",
          status: "True",
          reason: "UnhealthyCatalogSourceFound",
          message: `targeted catalogsource ${catalog} missing`,
        };
    if ("reason" in resolution) {
      const { reason, message } = resolution;
      await this.report(subscription, {}, [healthy, { type: "ResolutionFailed", status: "True", reason, message }]);
      return;
    }
    const label = componentLabel(resolution.offer.name, namespace);
    if (Object.keys(label).some((key) => metadata.labels?.[key] === undefined)) {
      this.subscriptions.learn(await this.api.patch(resources.subscriptions, metadata, { metadata: { labels: label } }));
    }
    const csv = this.csvs.all().find((one) => one.metadata.namespace === namespace && one.metadata.name === resolution.csv);
    const ownPlans = this.installPlans.all().filter((one) => one.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
    let plan = ownPlans.find(({ spec }) => spec?.clusterServiceVersionNames.includes(resolution.csv));
    // An operator that is there already (its Subscription was deleted and made again) is adopted without a plan.
    if (!plan && !csv) {
      plan = await this.api.create<InstallPlan>(resources.installPlans, {
        apiVersion: group,
        kind: "InstallPlan",
        metadata: {
          name: `install-${randomBytes(3).toString("hex").slice(0, 5)}`,
          namespace,
          labels: label,
          ownerReferences: [
            {
              apiVersion: group,
              kind: "Subscription",
              name: metadata.name,
              uid: metadata.uid ?? "",
              blockOwnerDeletion: false,
              controller: false,
            },
          ],
        },
        spec: {
          approval: resolution.approval,
          approved: resolution.approval === "Automatic",
          clusterServiceVersionNames: [resolution.csv],
          generation: ownPlans.length + 1,
        },
      });
      this.installPlans.learn(plan);
      this.worker.wake();
    }
    const unfinished = plan?.status?.phase !== "Complete" && !csv;
    const check = plan?.status?.conditions?.find(({ type }) => type === "Installed");
    const pending: Condition[] = unfinished
      ? [
          {
            type: "InstallPlanPending",
            status: "True",
            reason: check?.reason ?? plan?.status?.phase ?? "InstallPlanNotYetReconciled",
            message: check?.message,
          },
        ]
      : [];
    const planStatus: SubscriptionStatus = plan
      ? {
          installPlanGeneration: plan.spec?.generation ?? 1,
          installPlanRef: { apiVersion: group, kind: "InstallPlan", name: plan.metadata.name, namespace, uid: plan.metadata.uid },
          installplan: { apiVersion: group, kind: "InstallPlan", name: plan.metadata.name, uuid: plan.metadata.uid ?? "" },
        }
      : {};
    const csvStatus: SubscriptionStatus = csv
      ? // OLM calls a Subscription current as soon as its CSV exists, whatever the CSV's phase.
        { state: "AtLatestKnown", currentCSV: resolution.csv, installedCSV: resolution.csv }
      : { state: "UpgradePending", currentCSV: resolution.csv };
    await this.report(subscription, { ...planStatus, ...csvStatus }, [healthy, ...pending]);
  }

  /** Writes a Subscription's status if it says anything new. */
  private async report({ metadata, status }: Subscription, next: SubscriptionStatus, conditions: Condition[]): Promise<void> {
    const bare = (list: readonly Condition[] | undefined) =>
      (list ?? []).map(({ type, status: value, reason = "", message = "" }) => ({ type, value, reason, message }));
    const same = Object.entries(next).every(([key, value]) => isDeepStrictEqual(status?.[key as keyof SubscriptionStatus], value));
    if (same && isDeepStrictEqual(bare(status?.conditions), bare(conditions))) return;
    const time = now();
    const gone = (status?.conditions ?? []).filter(({ type }) => !conditions.some((one) => one.type === type)).map(({ type }) => type);
    const merged = withConditions(status?.conditions, conditions, time).filter(({ type }) => !gone.includes(type));
    const patch = { ...next, conditions: merged, lastUpdated: time };
    this.subscriptions.learn(await this.api.patch(resources.subscriptions, metadata, { status: patch }, "status"));
    const failure = conditions.find(({ type }) => type === "ResolutionFailed");
    log("olm", `subscription ${metadata.namespace}/${metadata.name}: ${failure ? `${failure.reason}: ${failure.message}` : next.state}`);
  }
}

/**
 * What every OpenShift cluster with OLM and the marketplace has from the start: the catalog, and the namespace
 * `openshift-operators` with its group for all namespaces.
 */
export async function prepareCluster(api: Api): Promise<void> {
  for (const name of ["openshift-marketplace", "openshift-operators", "openshift-cluster-csi-drivers"]) {
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, manager);
  }
  await api.apply(
    {
      apiVersion: group,
      kind: "CatalogSource",
      metadata: { name: catalogName, namespace: catalogNamespace },
      spec: { sourceType: "grpc", displayName: "Red Hat Operators", publisher: "Red Hat" },
    },
    manager,
  );
  await api.apply(
    {
      apiVersion: "operators.coreos.com/v1",
      kind: "OperatorGroup",
      metadata: { name: "global-operators", namespace: "openshift-operators" },
      spec: {},
    },
    manager,
  );
}
