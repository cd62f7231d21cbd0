import { promises as dns } from "node:dns";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { defaults } from "../../config/defaults";
import { until } from "../../rehearsal/machine/process";
import { kubectl } from "../../rehearsal/stack/environment";

/** The builds' own namespace may have no services: its quota says so. */
const namespace = "cluster-dns";
const inNamespace = `--namespace=${namespace}`;

/** Addresses of a service too many for one datagram: the answer comes by TCP. */
const many = Array.from({ length: 100 }, (_, index) => `10.214.250.${index + 1}`);
const service = "dns-probe";
const headless = "dns-probe-many";
const created = { apiVersion: "v1", kind: "Service", metadata: { namespace } } as const;
const objects = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  { ...created, metadata: { ...created.metadata, name: service }, spec: { ports: [{ port: 80 }] } },
  { ...created, metadata: { ...created.metadata, name: headless }, spec: { clusterIP: "None", ports: [{ port: 80 }] } },
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name: headless, labels: { "kubernetes.io/service-name": headless } },
    addressType: "IPv4",
    endpoints: many.map((address) => ({ addresses: [address] })),
    ports: [{ port: 80 }],
  },
];

/** By the system's resolver (`lookup`), which knows search domains, and by questions to the server (`resolve`), which tell a wrong name from a failure. */
const questions = {
  lookup: [
    ...["kubernetes.default.svc", "kubernetes.default.svc.cluster.local", service, `${service}.${namespace}`],
    ...[`${service}.${namespace}.svc.cluster.local`, "nowhere", "nowhere.default.svc.cluster.local"],
  ],
  resolve: [
    ...[`${service}.${namespace}.svc.cluster.local`, `nowhere.${namespace}.svc.cluster.local`, "10-214-1-77.default.pod.cluster.local"],
    `${headless}.${namespace}.svc.cluster.local`,
  ],
};
const outside = "deb.debian.org";

interface Answers {
  readonly resolvConf: string;
  readonly lookup: Record<string, string>;
  readonly resolve: Record<string, string[] | string>;
  readonly reverse: string[];
  readonly outside: boolean;
}

/** A program for Node.js that asks, and prints an object of answers: addresses, or the code of an error. */
const script = `
const dns = require("node:dns").promises;
const code = (error) => error.code;
const each = async (names, ask) => Object.fromEntries(await Promise.all(names.map(async (name) => [name, await ask(name).catch(code)])));
(async () => {
  const questions = JSON.parse(process.env.QUESTIONS);
  console.log(JSON.stringify({
    resolvConf: require("node:fs").readFileSync("/etc/resolv.conf", "utf8"),
    lookup: await each(questions.lookup, async (name) => (await dns.lookup(name, 4)).address),
    resolve: await each(questions.resolve, (name) => dns.resolve4(name)),
    reverse: await dns.reverse("10.215.0.1").catch(code),
    outside: await dns.resolve4(questions.outside).then((found) => found.length > 0, () => false),
  }));
})();
`;

const pod = (name: string, architecture: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: {
    automountServiceAccountToken: false,
    restartPolicy: "Never",
    nodeSelector: { "kubernetes.io/arch": architecture },
    containers: [
      {
        name: "main",
        image: defaults.namespace.taskImages.nodejs,
        command: ["node", "-e", script],
        env: [{ name: "QUESTIONS", value: JSON.stringify({ ...questions, outside }) }],
        resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { cpu: "1", memory: "256Mi" } },
      },
    ],
  },
});

async function answersIn(architecture: string): Promise<Answers> {
  const name = `dns-probe-${architecture}`;
  // Refused until the namespace has its range of users and its account.
  await until(`the pod ${name} is created`, 30, async () =>
    kubectl(["create", "--filename=-"], JSON.stringify(pod(name, architecture))).then(() => true),
  );
  const phase = () => kubectl(["get", "pod", name, inNamespace, "--output=jsonpath={.status.phase}"]);
  await until(`the pod ${name} has ended`, 120, async () => /Succeeded|Failed/.test(await phase()));
  return JSON.parse(await kubectl(["logs", name, inNamespace]));
}

/** In the running cluster: names as a pod sees them. */
export function clusterDnsSteps(): void {
  it.each(["amd64", "arm64"])(
    "resolves services by every form of their names in a pod on %s, and outside names as the machine does",
    async (architecture) => {
      await kubectl(["create", "--filename=-"], objects.map((object) => JSON.stringify(object)).join("\n"));
      try {
        const address = await kubectl(["get", "service", service, inNamespace, "--output=jsonpath={.spec.clusterIP}"]);
        const { resolvConf, lookup, resolve, reverse, outside: known } = await answersIn(architecture);
        const lines = resolvConf.trim().split("\n");
        const search = /^search (.+)$/m.exec(readFileSync("/etc/resolv.conf", "utf8"))?.[1];
        expect(lines).toContain("nameserver 10.215.0.10");
        expect(lines.filter((line) => line.startsWith("nameserver"))).toHaveLength(1);
        expect(lines).toContain([`search ${namespace}.svc.cluster.local svc.cluster.local cluster.local`, search ?? ""].join(" ").trim());
        expect(lookup).toEqual({
          "kubernetes.default.svc": "10.215.0.1",
          "kubernetes.default.svc.cluster.local": "10.215.0.1",
          [service]: address,
          [`${service}.${namespace}`]: address,
          [`${service}.${namespace}.svc.cluster.local`]: address,
          nowhere: "ENOTFOUND",
          "nowhere.default.svc.cluster.local": "ENOTFOUND",
        });
        expect(reverse).toEqual(["kubernetes.default.svc.cluster.local"]);
        const { [`${headless}.${namespace}.svc.cluster.local`]: found, ...rest } = resolve;
        expect(rest).toEqual({
          [`${service}.${namespace}.svc.cluster.local`]: [address],
          // Not ESERVFAIL: the server knows that there is no such name.
          [`nowhere.${namespace}.svc.cluster.local`]: "ENOTFOUND",
          "10-214-1-77.default.pod.cluster.local": ["10.214.1.77"],
        });
        expect([found].flat().sort()).toEqual([...many].sort());
        expect(known).toBe(
          await dns.resolve4(outside).then(
            (addresses) => addresses.length > 0,
            () => false,
          ),
        );
      } finally {
        await kubectl(["delete", "namespace", namespace]);
      }
    },
  );
}
