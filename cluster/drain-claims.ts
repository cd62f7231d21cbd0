import { setTimeout as sleep } from "node:timers/promises";
import { KubernetesApi, UnreachableError } from "./kubernetes-api";
import { patiently, tellOnStderr as say, sparingly } from "./patience";
import { required, runProgram } from "./program";

interface List<T> {
  items: T[];
}

interface Claim {
  metadata: { name: string; namespace: string };
  spec: { storageClassName?: string };
}

interface Pod {
  metadata: { name: string };
  spec: { volumes?: { persistentVolumeClaim?: { claimName: string } }[] };
}

interface Volume {
  spec: { storageClassName?: string };
}

/**
 * Deletes the claims of a StorageClass and the pods that hold them, and waits until their volumes are gone. What cannot be deleted is
 * said and left: all of it goes with the file system, so nothing here is a reason to stop a destruction.
 */
async function main(): Promise<void> {
  const kubeconfig = required("KUBECONFIG_CONTENT");
  const storageClass = required("STORAGE_CLASS");
  const seconds = Number(required("SECONDS"));
  const progress = sparingly(say);
  const end = Date.now() + seconds * 1000;
  const call = <T>(request: () => Promise<T>) => patiently(request, { seconds: (end - Date.now()) / 1000, tell: progress });
  const ofClass = ({ spec }: Claim | Volume) => spec.storageClassName === storageClass;
  const handled = new Set<string>();
  try {
    const api = new KubernetesApi(kubeconfig);
    for (;;) {
      // In each round: a schedule or a push may have started a run meanwhile.
      const { items } = await call(() => api.get<List<Claim>>("/api/v1/persistentvolumeclaims"));
      for (const claim of items.filter(ofClass)) {
        const name = `${claim.metadata.namespace}/${claim.metadata.name}`;
        if (handled.has(name)) continue;
        handled.add(name);
        await deleteClaim(api, call, claim).catch((error: Error) => {
          if (error instanceof UnreachableError) throw error;
          say(`the claim ${name} stays: ${error.message}`);
        });
      }
      const left = (await call(() => api.get<List<Volume>>("/api/v1/persistentvolumes"))).items.filter(ofClass).length;
      if (left === 0) return;
      if (Date.now() > end)
        return say(`${left} volumes of ${storageClass} are still there after ${seconds} s; they go with the file system`);
      progress(`waiting until ${left} volumes of ${storageClass} are gone`);
      await sleep(1000);
    }
  } catch (error) {
    const { message } = error as Error;
    const what = error instanceof UnreachableError ? "the cluster does not answer" : "the claims cannot be deleted";
    say(`${what} (${message}); what is left of ${storageClass} goes with the file system`);
  }
}

type Call = <T>(request: () => Promise<T>) => Promise<T>;

async function deleteClaim(api: KubernetesApi, call: Call, { metadata: { name, namespace } }: Claim): Promise<void> {
  say(`deleting the claim ${namespace}/${name}`);
  const { items: pods } = await call(() => api.get<List<Pod>>(`/api/v1/namespaces/${namespace}/pods`));
  const holders = pods.filter(({ spec }) => spec.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === name));
  for (const pod of holders) await call(() => api.delete(`/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}?gracePeriodSeconds=0`));
  await call(() => api.delete(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`));
}

if (require.main === module) runProgram(main);
