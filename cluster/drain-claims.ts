import { setTimeout as sleep } from "node:timers/promises";
import { KubernetesApi } from "./kubernetes-api";
import { runProgram } from "./program";

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
 * Deletes the claims of a StorageClass and the pods that hold them, and waits until their volumes are gone. A cluster that does not
 * answer is no error: its volumes go with the file system.
 */
async function main(): Promise<void> {
  const { KUBECONFIG_CONTENT = "", STORAGE_CLASS = "", SECONDS = "300" } = process.env;
  const api = new KubernetesApi(KUBECONFIG_CONTENT);
  const ofClass = ({ spec }: Claim | Volume) => spec.storageClassName === STORAGE_CLASS;
  const deadline = Date.now() + Number(SECONDS) * 1000;
  const listed = await api.get<List<Claim>>("/api/v1/persistentvolumeclaims").catch(() => undefined);
  if (!listed) {
    process.stderr.write("the cluster does not answer; its claims go with the file system\n");
    return;
  }
  for (const { metadata } of listed.items.filter(ofClass)) {
    const { name, namespace } = metadata;
    process.stderr.write(`deleting the claim ${namespace}/${name}\n`);
    const { items: pods } = await api.get<List<Pod>>(`/api/v1/namespaces/${namespace}/pods`);
    const holders = pods.filter(({ spec }) => spec.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === name));
    for (const pod of holders) await api.delete(`/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}?gracePeriodSeconds=0`);
    await api.delete(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`);
  }
  while (true) {
    const left = (await api.get<List<Volume>>("/api/v1/persistentvolumes")).items.filter(ofClass);
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      process.stderr.write(`${left.length} volumes of ${STORAGE_CLASS} are still there after ${SECONDS} s; they go with the file system\n`);
      return;
    }
    await sleep(1000);
  }
}

if (require.main === module) runProgram(main);
