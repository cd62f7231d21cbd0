import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { corefile, dnsObjects } from "../../../rehearsal/cluster/dns";
import { checkout } from "../../../rehearsal/machine/places";

/** What OpenShift's DNS operator writes for a cluster that sets nothing (release-4.22, controller_dns_configmap.go). */
const openshift = `
.:5353 {
    bufsize 1232
    errors
    log . {
        class error
    }
    health {
        lameduck 20s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus 127.0.0.1:9153
    forward . /etc/resolv.conf {
        policy sequential
    }
    cache 900 {
        denial 9984 30
    }
    reload
}
hostname.bind:5353 {
    chaos
}
`;

const machine = "# made by hand\nsearch example.com\nnameserver 192.0.2.53\n";

/** Lines without what depends on where the server runs: addresses, ports, its way to the API server, how long it takes to end. */
const portable = (text: string) =>
  text
    .replaceAll(/\b(health|ready|prometheus) 127\.0\.0\.1:\d+/g, "$1")
    .replaceAll(/^(\.|hostname\.bind):\d+/gm, "$1")
    .replace(/health \{\s+lameduck 20s\s+\}/, "health")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(bind|kubeconfig) /.test(line));

describe("the cluster's DNS server", () => {
  it("is configured as OpenShift's operator does it, but for addresses, ports, its kubeconfig and the wait before it ends", () => {
    expect(portable(corefile(machine))).toEqual(portable(openshift));
  });

  it("listens on the machine's own bridge and on loopback alone, not on CoreDNS' usual ports", () => {
    const text = corefile(machine);
    expect(text.match(/^\S+:\d+ \{\n {4}bind 10\.213\.0\.1$/gm)).toHaveLength(2);
    const usual = /:(53|5353|8080|8181|9153)\b/;
    expect(text).not.toMatch(usual);
    expect(openshift).toMatch(usual);
    expect(text.match(/^ {4}(health|ready|prometheus) \S+$/gm)).toHaveLength(3);
  });

  it.each([
    ["a machine without a server for names", "search example.com\n# nameserver 192.0.2.53\n"],
    ["a machine without resolv.conf", ""],
  ])("asks the machine itself on %s, as CoreDNS would not start", (_, text) => {
    expect(corefile(text)).toContain("forward . 127.0.0.1 {");
  });

  it("is compiled with the plugins of its configuration, and with no other", () => {
    const source = readFileSync(join(checkout, "rehearsal", "toolchain", "cluster", "coredns", "main.go"), "utf8");
    const compiled = [...source.matchAll(/"github\.com\/coredns\/coredns\/plugin\/(\w+)"/g)].map(([, name]) => name);
    // The plugin of the directive `prometheus` is called metrics (CoreDNS' plugin.cfg).
    const configured = [...corefile(machine).matchAll(/^ {4}(\w+)/gm)].map(([, name]) => (name === "prometheus" ? "metrics" : name));
    expect(compiled).toEqual([...new Set(configured)].sort());
  });

  it("is the service dns-default with the tenth address, which leads to it by UDP and by TCP", () => {
    const found = (kind: string) => dnsObjects().find(({ object }) => object.kind === kind);
    expect(found("Service")).toMatchObject({
      path: "/api/v1/namespaces/openshift-dns/services/dns-default",
      object: {
        spec: {
          clusterIP: "10.215.0.10",
          ports: [
            { name: "dns", protocol: "UDP", port: 53 },
            { name: "dns-tcp", protocol: "TCP", port: 53 },
          ],
        },
      },
    });
    const port = Number(/^\.:(\d+) /m.exec(corefile(machine))?.[1]);
    expect(found("EndpointSlice")).toMatchObject({
      path: "/apis/discovery.k8s.io/v1/namespaces/openshift-dns/endpointslices/dns-default",
      object: {
        metadata: { labels: { "kubernetes.io/service-name": "dns-default" } },
        endpoints: [{ addresses: ["10.213.0.1"] }],
        ports: [
          { name: "dns", protocol: "UDP", port },
          { name: "dns-tcp", protocol: "TCP", port },
        ],
      },
    });
  });
});
