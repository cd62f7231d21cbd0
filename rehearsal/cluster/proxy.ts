import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostState, recordHostState } from "../machine/host-state";
import { deleteTables } from "../machine/network";
import { network, places } from "../machine/places";
import { runningPid, stop } from "../machine/process";
import { answers, frugal, startAndWait } from "../machine/programs";

const program = "kube-proxy";

/** kube-proxy's configuration. Pure. */
export function proxyConfig(node: string) {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clientConnection: { kubeconfig: join(places.pki, "kube-proxy.kubeconfig") },
    clusterCIDR: network.podSubnets,
    hostnameOverride: node,
    // A pod's answer to its neighbour on the same bridge would not pass the rules that translate it back unless the
    // kernel shows bridged packets to nftables, which not every machine does.
    iptables: { masqueradeAll: true },
    nftables: { masqueradeAll: true },
    conntrack: { maxPerCore: 0 },
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
  };
}

/**
 * Starts kube-proxy, unless it runs. All nodes share this machine's network, so one is enough; it takes the name of a node
 * that exists, because it waits for that node's object and ends when the object is deleted.
 */
export async function ensureProxy(node: string): Promise<void> {
  if (runningPid(program) !== undefined) return;
  const config = join(places.run, "kube-proxy.json");
  writeFileSync(config, JSON.stringify(proxyConfig(node), null, 1));
  recordHostState({ proxyNode: node });
  await startAndWait({ name: program, environment: frugal, command: [join(places.bin, "kube-proxy"), `--config=${config}`] }, 60, () =>
    answers("http://127.0.0.1:10256/healthz"),
  );
}

/** Moves kube-proxy away from a node that goes: to the one that `choose` names, or ends it when there is none. */
export async function leaveNode(node: string, choose: () => string | undefined): Promise<void> {
  if (hostState().proxyNode !== node) return;
  const other = choose();
  if (other === undefined) return stopProxy();
  await stop(program);
  await ensureProxy(other);
}

/** Ends kube-proxy and removes its rules. */
export async function stopProxy(): Promise<void> {
  if (hostState().proxyNode === undefined) return;
  await stop(program);
  await deleteTables(["ip", "kube-proxy"], ["ip6", "kube-proxy"]);
  recordHostState({ proxyNode: undefined });
}
