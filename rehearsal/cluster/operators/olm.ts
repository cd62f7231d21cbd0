import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Api, KubeObject } from "./api";
import { catalogName, catalogNamespace, componentLabel, packageManifest, packageManifestCrd, packageOfCsv, packages } from "./catalog";
import { log, Mirror, Worker } from "./loop";
import {
  type ClusterServiceVersion,
  type Condition,
  type InstallPlan,
  isAway,
  isSettled,
  namespaceFailure,
  type OperatorGroup,
  outage,
  phaseTime,
  type Resolution,
  resolve,
  type Subscription,
  type SubscriptionStatus,
  targetNamespaces,
  withConditions,
} from "./olm-decisions";
import { Installer } from "./olm-install";
import { now, olmGroup, olmManager, resources } from "./olm-resources";

const catalog = `${catalogNamespace}/${catalogName}`;

/**
 * Operator Lifecycle Manager for the two packages of the catalog: Subscription, InstallPlan, ClusterServiceVersion.
 * Not here: dependencies, bundle unpacking, copies of a CSV in other namespaces.
 */
export class LifecycleManager {
  private readonly subscriptions: Mirror<Subscription>;
  private readonly installPlans: Mirror<InstallPlan>;
  private readonly csvs: Mirror<ClusterServiceVersion>;
  private readonly catalogs: Mirror<KubeObject>;
  private readonly groups: Mirror<OperatorGroup>;
  private readonly worker: Worker;
  private readonly installer: Installer;
  /** When the catalog's server went away. */
  private readonly outages: number[] = [];
  private readonly mirrors: readonly { run(): Promise<void>; stop(): void; readonly synced: Promise<void> }[];

  /**
   * @param crdsOf the CRDs in the bundle of a package.
   * @param onInstalled called with the names of the packages whose CSV has succeeded, whenever they change.
   */
  constructor(
    private readonly api: Api,
    crdsOf: (name: string) => readonly KubeObject[],
    private readonly onInstalled: (installed: ReadonlySet<string>) => void,
  ) {
    this.worker = new Worker("olm", () => this.reconcile());
    const follow = <T extends KubeObject>(resource: (typeof resources)[keyof typeof resources]) =>
      new Mirror<T>(api, resource, this.worker.wake);
    this.subscriptions = follow<Subscription>(resources.subscriptions);
    this.installPlans = follow<InstallPlan>(resources.installPlans);
    this.csvs = follow<ClusterServiceVersion>(resources.csvs);
    this.catalogs = follow<KubeObject>(resources.catalogSources);
    this.groups = follow<OperatorGroup>(resources.operatorGroups);
    this.installer = new Installer(api, { installPlans: this.installPlans, csvs: this.csvs, groups: this.groups }, crdsOf, () =>
      this.outages.push(Date.now()),
    );
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

  /** One step of everything; milliseconds until the next step is due. */
  private async reconcile(): Promise<number | undefined> {
    for (const source of this.catalogs.all()) await this.connectCatalog(source);
    for (const operatorGroup of this.groups.all()) await this.reportNamespaces(operatorGroup);
    let again: number | undefined;
    for (const csv of this.csvs.all()) if (await this.installer.advance(csv)) again = phaseTime;
    for (const plan of this.installPlans.all()) if (await this.installer.install(plan)) again = phaseTime;
    const namespaces = new Set(this.subscriptions.all().map(({ metadata }) => metadata.namespace ?? ""));
    for (const namespace of namespaces) await this.resolveNamespace(namespace);
    const installed = this.csvs.all().filter(({ status, metadata }) => status?.phase === "Succeeded" && !metadata.deletionTimestamp);
    this.onInstalled(new Set(installed.flatMap(({ metadata }) => packageOfCsv(metadata.name)?.name ?? [])));
    return isAway(this.outages, Date.now()) ? Math.min(again ?? outage, outage) : again;
  }

  /** Only the stand-in's own catalog has a server behind it, and that is away at times. */
  private async connectCatalog(source: KubeObject): Promise<void> {
    const { name, namespace } = source.metadata;
    const reached = `${namespace}/${name}` === catalog && !isAway(this.outages, Date.now());
    const lastObservedState = reached ? "READY" : "TRANSIENT_FAILURE";
    const status = source.status as { connectionState?: { lastObservedState?: string } } | undefined;
    if (status?.connectionState?.lastObservedState === lastObservedState) return;
    const connectionState = { address: `${name}.${namespace}.svc:50051`, lastConnect: now(), lastObservedState };
    this.catalogs.learn(await this.api.patch(resources.catalogSources, source.metadata, { status: { connectionState } }, "status"));
  }

  private async reportNamespaces(operatorGroup: OperatorGroup): Promise<void> {
    const namespaces = targetNamespaces(operatorGroup);
    if (isDeepStrictEqual(operatorGroup.status?.namespaces, namespaces)) return;
    const status = { namespaces, lastUpdated: now() };
    this.groups.learn(await this.api.patch(resources.operatorGroups, operatorGroup.metadata, { status }, "status"));
  }

  private csvOf = (namespace: string, name: string | undefined) =>
    this.csvs.all().find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);

  /** All Subscriptions of a namespace together: one that cannot be resolved holds up the others. */
  private async resolveNamespace(namespace: string): Promise<void> {
    if (this.outages.length === 0 && this.csvs.all().length === 0) this.outages.push(Date.now());
    const subscriptions = this.subscriptions
      .all()
      .filter(({ metadata }) => metadata.namespace === namespace && !metadata.deletionTimestamp);
    const catalogs = new Set(this.catalogs.all().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    const resolved = subscriptions.map((subscription) => {
      const installed = this.csvOf(namespace, subscription.status?.installedCSV)?.metadata.name;
      return { subscription, resolution: resolve(subscription, catalogs, installed), health: catalogHealth(subscription, catalogs) };
    });
    const away = new Set(isAway(this.outages, Date.now()) && catalogs.has(catalog) ? [catalog] : []);
    const failure = isSettled(subscriptions)
      ? undefined
      : namespaceFailure(
          resolved.map(({ resolution }) => resolution),
          away,
        );
    for (const { subscription, resolution, health } of resolved) {
      if (failure) {
        await this.report(subscription, this.csvStatus(subscription), [health, { type: "ResolutionFailed", status: "True", ...failure }]);
      } else if ("offer" in resolution) {
        await this.subscribe(subscription, resolution, health);
      }
    }
  }

  /** What is known of a Subscription's CSV without resolving anything (ensureSubscriptionCSVState). */
  private csvStatus({ metadata, status }: Subscription): SubscriptionStatus {
    const { currentCSV } = status ?? {};
    if (!currentCSV) return {};
    const there = this.csvOf(metadata.namespace ?? "", currentCSV);
    // OLM calls a Subscription current as soon as its CSV exists, whatever the CSV's phase.
    return there ? { state: "AtLatestKnown", currentCSV, installedCSV: currentCSV } : { state: "UpgradePending", currentCSV };
  }

  private async subscribe(subscription: Subscription, resolution: Extract<Resolution, { csv: string }>, health: Condition): Promise<void> {
    const { metadata } = subscription;
    const namespace = metadata.namespace ?? "";
    const label = componentLabel(resolution.offer.name, namespace);
    if (Object.keys(label).some((key) => metadata.labels?.[key] === undefined)) {
      this.subscriptions.learn(await this.api.patch(resources.subscriptions, metadata, { metadata: { labels: label } }));
    }
    const csv = this.csvOf(namespace, resolution.csv);
    const ownPlans = this.installPlans.all().filter((one) => one.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
    let plan = ownPlans.find(({ spec }) => spec?.clusterServiceVersionNames.includes(resolution.csv));
    // An operator that is there already (its Subscription was deleted and made again) is adopted without a plan.
    if (!plan && !csv) {
      plan = await this.api.create<InstallPlan>(resources.installPlans, {
        apiVersion: olmGroup,
        kind: "InstallPlan",
        metadata: {
          name: `install-${randomBytes(3).toString("hex").slice(0, 5)}`,
          namespace,
          labels: label,
          ownerReferences: [
            {
              apiVersion: olmGroup,
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
          installPlanRef: { apiVersion: olmGroup, kind: "InstallPlan", name: plan.metadata.name, namespace, uid: plan.metadata.uid },
          installplan: { apiVersion: olmGroup, kind: "InstallPlan", name: plan.metadata.name, uuid: plan.metadata.uid ?? "" },
        }
      : {};
    const csvStatus: SubscriptionStatus = csv
      ? { state: "AtLatestKnown", currentCSV: resolution.csv, installedCSV: resolution.csv }
      : { state: "UpgradePending", currentCSV: resolution.csv };
    await this.report(subscription, { ...planStatus, ...csvStatus }, [health, ...pending]);
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

const catalogHealth = ({ spec }: Subscription, catalogs: ReadonlySet<string>): Condition => {
  const wanted = `${spec?.sourceNamespace}/${spec?.source}`;
  const [status, reason, message] = catalogs.has(wanted)
    ? (["False", "AllCatalogSourcesHealthy", "all available catalogsources are healthy"] as const)
    : (["True", "UnhealthyCatalogSourceFound", `targeted catalogsource ${wanted} missing`] as const);
  return { type: "CatalogSourcesUnhealthy", status, reason, message };
};

/**
 * What every OpenShift cluster with OLM and the marketplace has from the start: the catalog with its packages, and the namespace
 * `openshift-operators` with its group for all namespaces.
 */
export async function prepareCluster(api: Api): Promise<void> {
  for (const name of ["openshift-marketplace", "openshift-operators", "openshift-cluster-csi-drivers"]) {
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, olmManager);
  }
  await api.apply(packageManifestCrd, olmManager);
  await api.apply(
    {
      apiVersion: olmGroup,
      kind: "CatalogSource",
      metadata: { name: catalogName, namespace: catalogNamespace },
      spec: { sourceType: "grpc", displayName: "Red Hat Operators", publisher: "Red Hat" },
    },
    olmManager,
  );
  await api.apply(
    {
      apiVersion: "operators.coreos.com/v1",
      kind: "OperatorGroup",
      metadata: { name: "global-operators", namespace: "openshift-operators" },
      spec: {},
    },
    olmManager,
  );
  for (const offer of packages) await api.apply(packageManifest(offer), olmManager);
}
