import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { network, places, ports } from "../machine/places";
import { stop } from "../machine/process";
import { answers, startAndWait } from "../machine/programs";
import { apply } from "./api";

const program = "coredns";
/** On loopback, as on OpenShift the metrics are; not at CoreDNS' own ports (8080, 8181, 9153), which many programs use. */
export const dnsPorts = { health: 10054, ready: 10055, metrics: 10056 } as const;

const namespace = "openshift-dns";
const account = "dns";
const service = "dns-default";
const resolvConf = "/etc/resolv.conf";

/**
 * Starts CoreDNS, and gives the cluster the service by which pods reach it. Returns when it has seen all services that there are.
 * Its client certificate names OpenShift's account for it, so the rights are that account's.
 */
export async function startDns(): Promise<void> {
  await apply(`/api/v1/namespaces/${namespace}`, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await Promise.all(dnsObjects().map(({ path, object }) => apply(path, object)));
  const config = join(places.run, program, "Corefile");
  mkdirSync(join(config, ".."), { recursive: true });
  writeFileSync(config, corefile(existsSync(resolvConf) ? readFileSync(resolvConf, "utf8") : ""));
  await startAndWait({ name: program, command: [join(places.bin, program), "-conf", config] }, 60, () =>
    answers(`http://127.0.0.1:${dnsPorts.ready}/ready`),
  );
}

/** Ends it; its objects stay in the cluster. */
export function stopDns(): Promise<void> {
  return stop(program);
}

/**
 * CoreDNS' configuration as OpenShift's DNS operator writes it where nothing is set (openshift/cluster-dns-operator, 4.22:
 * pkg/operator/controller/controller_dns_configmap.go), but for addresses, ports and the kubeconfig, which a pod does without, and
 * the 20 s that it goes on after it was told to end. Pure.
 *
 * @param machine text of the machine's resolv.conf. Without a server in it, its own address is asked, as every resolver does
 * (resolv.conf(5)); CoreDNS would not start.
 */
export function corefile(machine: string): string {
  const upstream = /^nameserver\s+\S/m.test(machine) ? resolvConf : "127.0.0.1";
  return `.:${ports.dns} {
    bind ${network.host}
    bufsize 1232
    errors
    log . {
        class error
    }
    health 127.0.0.1:${dnsPorts.health}
    ready 127.0.0.1:${dnsPorts.ready}
    kubernetes ${network.clusterDomain} in-addr.arpa ip6.arpa {
        kubeconfig ${JSON.stringify(join(places.pki, "dns.kubeconfig"))}
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus 127.0.0.1:${dnsPorts.metrics}
    forward . ${upstream} {
        policy sequential
    }
    cache 900 {
        denial 9984 30
    }
    reload
}
hostname.bind:${ports.dns} {
    bind ${network.host}
    chaos
}
`;
}

/**
 * The service, its end point, which is no pod and so has no selector to find it, and what the server may see
 * (openshift/cluster-dns-operator: pkg/manifests/assets/dns). Pure.
 */
export function dnsObjects(): { path: string; object: { kind: string; metadata: object } }[] {
  const rbac = "rbac.authorization.k8s.io/v1";
  const named = (name: string) => ({ name, namespace });
  const sockets = ["UDP", "TCP"].map((protocol) => ({ name: protocol === "UDP" ? "dns" : "dns-tcp", protocol }));
  const watched = (group: string, ...resources: string[]) => ({ apiGroups: [group], resources, verbs: ["list", "watch"] });
  const objects = [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: named(account) },
    {
      apiVersion: rbac,
      kind: "ClusterRole",
      metadata: { name: namespace },
      rules: [watched("", "endpoints", "services", "pods", "namespaces"), watched("discovery.k8s.io", "endpointslices")],
    },
    {
      apiVersion: rbac,
      kind: "ClusterRoleBinding",
      metadata: { name: namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: namespace },
      subjects: [{ kind: "ServiceAccount", ...named(account) }],
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: named(service),
      spec: { clusterIP: network.dnsService, ports: sockets.map((socket) => ({ ...socket, port: 53 })) },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...named(service), labels: { "kubernetes.io/service-name": service } },
      addressType: "IPv4",
      endpoints: [{ addresses: [network.host] }],
      ports: sockets.map((socket) => ({ ...socket, port: ports.dns })),
    },
  ];
  return objects.map((object) => ({ path: pathOf(object), object }));
}

function pathOf({
  apiVersion,
  kind,
  metadata,
}: {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  return `${root}${within}/${kind.toLowerCase()}s/${metadata.name}`;
}
