import { type Api, isConflict, type KubeObject } from "./api";
import { catalogName, clusterServiceVersion, type Package, packageOfCsv } from "./catalog";
import { applyCrds } from "./crds";
import { log, type Mirror } from "./loop";
import {
  type ClusterServiceVersion,
  type Condition,
  type InstallPlan,
  type InstallPlanStatus,
  installCheck,
  isNewer,
  nextPhase,
  type OperatorGroup,
  phaseTime,
  withConditions,
} from "./olm-decisions";
import { now, olmManager, resources } from "./olm-resources";

export interface Mirrors {
  readonly installPlans: Mirror<InstallPlan>;
  readonly csvs: Mirror<ClusterServiceVersion>;
  readonly groups: Mirror<OperatorGroup>;
}

/** Carries out InstallPlans and takes ClusterServiceVersions through their phases. */
export class Installer {
  /** When a CSV (by uid) came to its present phase; the times in its status are whole seconds, too coarse. */
  private readonly phaseBegan = new Map<string, number>();

  /**
   * @param crdsOf the CRDs in the bundle of a package.
   * @param onInstalled called when a CSV has succeeded.
   */
  constructor(
    private readonly api: Api,
    private readonly mirrors: Mirrors,
    private readonly crdsOf: (name: string) => readonly KubeObject[],
    private readonly onInstalled: () => void,
  ) {}

  private groupsOf = (namespace: string | undefined) =>
    this.mirrors.groups.all().filter(({ metadata }) => metadata.namespace === namespace);

  /** Which of a package's own CRDs the API server serves. */
  private async served({ ownedKinds }: Package): Promise<ReadonlySet<string>> {
    const names: string[] = [];
    for (const { name } of ownedKinds) {
      const crd = await this.api.get<KubeObject<unknown, { conditions?: Condition[] }>>(resources.crds, name);
      if (crd?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True")) names.push(name);
    }
    return new Set(names);
  }

  /** Moves a CSV one phase on. True while more phases are to come. */
  async advance(csv: ClusterServiceVersion): Promise<boolean> {
    const offer = packageOfCsv(csv.metadata.name);
    if (!offer || csv.metadata.deletionTimestamp) return false;
    const next = nextPhase(csv.status, offer, this.groupsOf(csv.metadata.namespace), await this.served(offer));
    // No event tells when a requirement is there.
    if (!next) return csv.status?.phase === "Pending";
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
    this.mirrors.csvs.learn(patched);
    log("olm", `csv ${csv.metadata.namespace}/${csv.metadata.name}: ${next.phase} (${next.reason})`);
    if (next.phase === "Succeeded") {
      await this.removeReplaced(csv);
      this.onInstalled();
    }
    return next.phase !== "Succeeded" && next.phase !== "Failed";
  }

  /** A version that a newer one has replaced goes once that has succeeded (phases Replacing and Deleting). */
  private async removeReplaced({ metadata }: ClusterServiceVersion): Promise<void> {
    const replaced = this.mirrors.csvs
      .all()
      .filter((one) => one.metadata.namespace === metadata.namespace && packageOfCsv(one.metadata.name) === packageOfCsv(metadata.name))
      .filter((one) => isNewer(metadata.name, one.metadata.name));
    for (const one of replaced) await this.api.delete(resources.csvs, one.metadata.name, one.metadata.namespace);
  }

  /** Carries out an approved InstallPlan: CRDs first. True while it waits for something that no event announces. */
  async install(plan: InstallPlan): Promise<boolean> {
    const { metadata, spec, status } = plan;
    const namespace = metadata.namespace ?? "";
    if (!spec || metadata.deletionTimestamp || status?.phase === "Complete" || status?.phase === "Failed") return false;
    if (!spec.approved) {
      await this.report(plan, "RequiresApproval");
      return false;
    }
    if (status?.phase !== "Installing") {
      await this.report(plan, "Installing");
      return true;
    }
    const operatorGroups = this.groupsOf(namespace);
    const refusal = installCheck(operatorGroups);
    if (refusal) {
      await this.report(plan, "Installing", { type: "Installed", status: "False", reason: "InstallCheckFailed", message: refusal });
      return false;
    }
    for (const name of spec.clusterServiceVersionNames) {
      const offer = packageOfCsv(name);
      if (!offer) {
        const message = `no bundle named ${name} in the catalog`;
        await this.report(plan, "Failed", { type: "Installed", status: "False", reason: "InstallComponentFailed", message });
        return false;
      }
      await applyCrds(this.api, this.crdsOf(offer.name), olmManager);
      const csv = clusterServiceVersion(offer, name, namespace, operatorGroups[0]?.metadata.name ?? "");
      await this.api.create(resources.csvs, csv).then(
        (created) => this.mirrors.csvs.learn(created as ClusterServiceVersion),
        (error) => {
          if (!isConflict(error)) throw error;
        },
      );
    }
    await this.report(plan, "Complete", { type: "Installed", status: "True" });
    return true;
  }

  private async report({ metadata, status }: InstallPlan, phase: string, installed?: Condition): Promise<void> {
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
    this.mirrors.installPlans.learn(await this.api.patch(resources.installPlans, metadata, { status: patch }, "status"));
    log("olm", `install plan ${metadata.namespace}/${metadata.name}: ${phase}${installed?.message ? ` (${installed.message})` : ""}`);
  }
}
