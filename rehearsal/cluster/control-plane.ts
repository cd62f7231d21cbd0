import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { network, places, ports } from "../machine/places";
import { type Program, stop } from "../machine/process";
import { answers, frugal, startAndWait } from "../machine/programs";
import { api } from "./api";
import { ensureArchitecturePolicy } from "./architecture-policy";
import { ensureConstraints } from "./constraints";
import { startDns, stopDns } from "./dns";
import { clientCaBundle, ensurePki } from "./pki";
import { startPolicyController, stopPolicyController } from "./policy-controller";
import { stopProxy } from "./proxy";

/** Kubernetes' own ports on loopback, beside those in `ports`. */
export const controlPlanePorts = { controllerManager: 10257, scheduler: 10259, proxyHealth: 10256, proxyMetrics: 10249 } as const;

const bin = (name: string) => join(places.bin, name);
const pki = (name: string) => join(places.pki, name);
const podSecurityFile = pki("pod-security.json");
const etcdUrl = `http://127.0.0.1:${ports.etcd}`;

export interface ControlPlaneOptions {
  /** DNS name of the API as its clients know it, e.g. `api.multiarch.rehearsal.test`; its internal name (`api-int...`) is added. */
  readonly apiHost: string;
  /** CA certificates (PEM) whose client certificates are accepted beside ours. @default none */
  readonly clientCas?: readonly string[];
  /** Server certificates (PEM) with their keys that clients get who ask for one of their names. @default our own certificate for every name */
  readonly servingCertificates?: readonly { readonly certificate: string; readonly key: string }[];
}

/**
 * Starts etcd, the API server, the controller manager, the scheduler, the policy controller and the DNS server, and returns when each
 * answers, the admission policy for node architectures is in force and the security context constraints are there. Programs that run
 * already are left alone. The network must be there.
 */
export async function startControlPlane({ apiHost, clientCas = [], servingCertificates = [] }: ControlPlaneOptions): Promise<void> {
  await ensurePki({ apiNames: [apiHost, apiHost.replace(/^api\./, "api-int.")], extraClientCa: clientCas.join("\n") });
  const serving = servingCertificates.map(({ certificate, key }, index) => {
    writeFileSync(pki(`serving-${index}.crt`), certificate);
    writeFileSync(pki(`serving-${index}.key`), key, { mode: 0o600 });
    return `--tls-sni-cert-key=${pki(`serving-${index}.crt`)},${pki(`serving-${index}.key`)}`;
  });
  mkdirSync(join(places.run, "etcd"), { recursive: true, mode: 0o700 });
  writeFileSync(podSecurityFile, JSON.stringify(podSecurityDefaults()));
  await startAndWait(etcd(), 60, () => answers(`${etcdUrl}/health`));
  await startAndWait(apiServer(serving), 180, async () => (await api("GET", "/readyz")) === "ok");
  await Promise.all([
    ensureArchitecturePolicy(),
    ensureConstraints().then(startPolicyController),
    startDns(),
    startAndWait(controllerManager(), 60, () => answers(`https://127.0.0.1:${controlPlanePorts.controllerManager}/healthz`)),
    startAndWait(scheduler(), 60, () => answers(`https://127.0.0.1:${controlPlanePorts.scheduler}/healthz`)),
  ]);
}

/** Ends the control plane, the DNS server and kube-proxy, and removes kube-proxy's rules; the data of etcd stay. Stop the nodes first. */
export async function stopControlPlane(): Promise<void> {
  await Promise.all([stopProxy(), stopPolicyController(), stopDns(), stop("kube-scheduler"), stop("kube-controller-manager")]);
  // The API server waits for open watches to end; there is nobody left to serve.
  await stop("kube-apiserver", 5);
  await stop("etcd", 10);
}

function etcd(): Program {
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return {
    name: "etcd",
    environment: frugal,
    command: [
      bin("etcd"),
      "--name=rehearsal",
      `--data-dir=${join(places.run, "etcd")}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=rehearsal=${peer}`,
      // Data need not survive a power cut: the next run would start a fresh cluster.
      "--unsafe-no-fsync",
      "--log-level=warn",
    ],
  };
}

function apiServer(serving: readonly string[]): Program {
  return {
    name: "kube-apiserver",
    environment: frugal,
    command: [
      bin("kube-apiserver"),
      `--etcd-servers=${etcdUrl}`,
      `--bind-address=${network.host}`,
      `--advertise-address=${network.host}`,
      `--secure-port=${ports.api}`,
      `--tls-cert-file=${pki("apiserver.crt")}`,
      `--tls-private-key-file=${pki("apiserver.key")}`,
      ...serving,
      `--client-ca-file=${clientCaBundle}`,
      `--service-account-key-file=${pki("service-account.pub")}`,
      `--service-account-signing-key-file=${pki("service-account.key")}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-cluster-ip-range=${network.serviceSubnet}`,
      "--authorization-mode=Node,RBAC",
      "--allow-privileged=true",
      `--admission-control-config-file=${podSecurityFile}`,
      // As in OpenShift's configuration (bindata/assets/config/defaultconfig.yaml); Kubernetes' own defaults stay on beside them.
      `--enable-admission-plugins=${["SecurityContextConstraint", "SCCExecRestrictions"].map((name) => `security.openshift.io/${name}`)}`,
      // Webhooks and aggregated APIs are reached at their endpoints, so they answer before (and without) kube-proxy.
      "--enable-aggregator-routing=true",
      `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
      "--requestheader-allowed-names=front-proxy-client",
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-username-headers=X-Remote-User",
      `--proxy-client-cert-file=${pki("front-proxy-client.crt")}`,
      `--proxy-client-key-file=${pki("front-proxy-client.key")}`,
      `--kubelet-client-certificate=${pki("kubelet-client.crt")}`,
      `--kubelet-client-key=${pki("kubelet-client.key")}`,
      `--kubelet-certificate-authority=${pki("ca.crt")}`,
      "--kubelet-preferred-address-types=InternalIP",
      "--profiling=false",
      // Beta and off by default in Kubernetes 1.35.
      "--feature-gates=MutatingAdmissionPolicy=true",
      "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
    ],
  };
}

/**
 * The pod security level of namespaces that name none, as OpenShift's feature gate OpenShiftPodSecurityAdmission has it
 * (openshift/cluster-kube-apiserver-operator: pkg/operator/configobservation/auth/podsecurityadmission.go, bindata/assets/config). Pure.
 */
export function podSecurityDefaults(): object {
  const levels = ["enforce", "audit", "warn"].flatMap((mode) => [
    [mode, "restricted"],
    [`${mode}-version`, "latest"],
  ]);
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AdmissionConfiguration",
    plugins: [
      {
        name: "PodSecurity",
        configuration: {
          apiVersion: "pod-security.admission.config.k8s.io/v1",
          kind: "PodSecurityConfiguration",
          defaults: Object.fromEntries(levels),
          exemptions: { usernames: ["system:serviceaccount:openshift-infra:build-controller"] },
        },
      },
    ],
  };
}

function controllerManager(): Program {
  const kubeconfig = pki("kube-controller-manager.kubeconfig");
  return {
    name: "kube-controller-manager",
    environment: frugal,
    command: [
      bin("kube-controller-manager"),
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${controlPlanePorts.controllerManager}`,
      "--leader-elect=false",
      "--use-service-account-credentials=true",
      `--service-account-private-key-file=${pki("service-account.key")}`,
      `--root-ca-file=${pki("ca.crt")}`,
      `--cluster-signing-cert-file=${pki("ca.crt")}`,
      `--cluster-signing-key-file=${pki("ca.key")}`,
      "--allocate-node-cidrs=false",
      "--profiling=false",
    ],
  };
}

function scheduler(): Program {
  const kubeconfig = pki("kube-scheduler.kubeconfig");
  return {
    name: "kube-scheduler",
    environment: frugal,
    command: [
      bin("kube-scheduler"),
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${controlPlanePorts.scheduler}`,
      "--leader-elect=false",
      "--profiling=false",
    ],
  };
}
