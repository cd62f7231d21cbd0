import { join } from "node:path";
import { awsEndpoint, places, registry } from "../../machine/places";
import { Api } from "./api";
import { EmulatedFileSystems } from "./aws";
import { EfsOperator } from "./efs";
import { describe, log, Worker } from "./loop";
import { LifecycleManager, prepareCluster } from "./olm";
import { PipelinesOperator } from "./pipelines";
import { PipelinesSources } from "./pipelines-sources";

/** What a CSV that has succeeded brings to life. */
interface Operator {
  start(): Promise<void>;
  /** Its CSV is gone. */
  remove(): Promise<void>;
  stop(): void;
}

/**
 * The process `operators`: OLM, the two operators that the program subscribes to, and the EFS CSI driver. It ends on
 * SIGTERM and starts over from what the API says. KUBECONFIG names the administrator's kubeconfig.
 */
async function main(): Promise<void> {
  const api = new Api(process.env.KUBECONFIG ?? places.adminKubeconfig);
  const crds = (name: string) => join(places.share, "openshift-crds", "operators", name);
  const sources = new PipelinesSources(crds("openshift-pipelines"), join(places.share, "cluster", "tekton"));
  const makers: Record<string, () => Operator> = {
    "openshift-pipelines-operator-rh": () => new PipelinesOperator(api, { sources, registry }),
    "aws-efs-csi-driver-operator": () =>
      new EfsOperator(api, {
        crds: crds("aws-efs"),
        volumes: join(places.run, "volumes"),
        fileSystems: new EmulatedFileSystems(api, awsEndpoint),
      }),
  };
  let installed: ReadonlySet<string> = new Set();
  const running = new Map<string, Operator>();
  // One worker each: a start that failed is tried again, a removal never overtakes a start.
  const workers = Object.entries(makers).map(
    ([name, make]) =>
      new Worker("operators", async () => {
        const operator = running.get(name);
        if (installed.has(name) && !operator) {
          const fresh = make();
          log("operators", `${name} starts`);
          await fresh.start().catch((error) => {
            fresh.stop();
            throw error;
          });
          running.set(name, fresh);
        } else if (!installed.has(name) && operator) {
          log("operators", `${name} is gone`);
          running.delete(name);
          await operator.remove();
        }
        return undefined;
      }),
  );
  const bundled = (name: string) => (name === "openshift-pipelines-operator-rh" ? sources.operatorCrds().needed : []);
  const olm = new LifecycleManager(api, bundled, (names) => {
    if (names.size === installed.size && [...names].every((name) => installed.has(name))) return;
    installed = names;
    for (const worker of workers) worker.wake();
  });
  const stop = () => {
    olm.stop();
    for (const worker of workers) worker.stop();
    for (const operator of running.values()) operator.stop();
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  const preparation = new Worker("olm", async () => {
    await prepareCluster(api);
    return undefined;
  });
  // A file that is missing is a matter for the operator, once somebody asks for it.
  setTimeout(() => {
    try {
      sources.manifests();
      sources.operatorCrds();
    } catch (error) {
      log("pipelines", describe(error));
    }
  }, 3000).unref();
  log("operators", `serving ${Object.keys(makers).join(", ")}`);
  await Promise.all([preparation.run(), olm.run(), ...workers.map((worker) => worker.run())]);
}

main().catch((error) => {
  log("operators", describe(error));
  process.exitCode = 1;
});
