import { join } from "node:path";
import { expect, it } from "vitest";
import { CommandError, run } from "../../rehearsal/machine/exec";
import { places, registry } from "../../rehearsal/machine/places";
import { serviceAccounts } from "../../tekton/placement";

const namespace = "build-multiarch";
/** Who makes the pods of a run. */
const tekton = "system:serviceaccount:openshift-pipelines:tekton-pipelines-controller";

const kubectl = (args: readonly string[], input?: string) =>
  run([join(places.path, "kubectl"), ...args], { input, env: { KUBECONFIG: places.adminKubeconfig } });

interface Pod {
  readonly metadata: { readonly name: string; readonly annotations: Record<string, string>; readonly labels: Record<string, string> };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly securityContext: Record<string, unknown>;
    readonly containers: readonly { readonly securityContext: Record<string, unknown> }[];
  };
}

interface Wanted {
  readonly account: string;
  readonly container?: object;
  readonly pod?: object;
}

const manifest = ({ account, container = {}, pod = {} }: Wanted, command: readonly string[] = ["true"]) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { generateName: "constraints-" },
  spec: {
    serviceAccountName: account,
    automountServiceAccountToken: false,
    restartPolicy: "Never",
    // The image is one program for amd64.
    nodeSelector: { "kubernetes.io/arch": "amd64" },
    ...pod,
    containers: [{ name: "main", image: `${registry}/tekton/shell:1`, command, ...limits, ...container }],
  },
});
const resources = { cpu: "10m", memory: "32Mi" };
const limits = { resources: { requests: resources, limits: { cpu: "1", memory: "64Mi" } } };

/** What the API server would make of a pod that Tekton asks for, or its refusal. Nothing is created. */
async function asked(wanted: Wanted, where = namespace, as: readonly string[] = [`--as=${tekton}`]): Promise<Pod> {
  const dryRun = ["create", "--dry-run=server", "--output=json", `--namespace=${where}`, ...as, "--filename=-"];
  return JSON.parse(await kubectl(dryRun, JSON.stringify(manifest(wanted))));
}

async function refusal(...request: Parameters<typeof asked>): Promise<string> {
  const failure = await asked(...request).catch((error) => error);
  if (!(failure instanceof CommandError)) throw new Error(`not refused: ${JSON.stringify(failure)}`);
  return failure.message;
}

/** The first of a namespace's users and groups, and its SELinux level. */
async function range(name: string): Promise<{ first: number; size: number; groups: string; level: string }> {
  const { annotations } = JSON.parse(await kubectl(["get", "namespace", name, "--output=json"])).metadata;
  const [first, size] = annotations["openshift.io/sa.scc.uid-range"].split("/").map(Number);
  return { first, size, groups: annotations["openshift.io/sa.scc.supplemental-groups"], level: annotations["openshift.io/sa.scc.mcs"] };
}

/** In the running cluster: what OpenShift's admission refuses and changes. The sentences are its own. */
export function constraintSteps(): void {
  it("has every namespace's range of users and SELinux level allocated by OpenShift's controller, no range twice", async () => {
    const namespaces: { metadata: { name: string } }[] = JSON.parse(await kubectl(["get", "namespaces", "--output=json"])).items;
    const ranges = await Promise.all(namespaces.map(({ metadata }) => range(metadata.name)));
    for (const { first, size, groups, level } of ranges) {
      expect(first).toBeGreaterThanOrEqual(1_000_000_000);
      expect({ size, groups }).toEqual({ size: 10_000, groups: `${first}/10000` });
      expect(level).toMatch(/^s0:c\d+,c\d+$/);
    }
    expect(new Set(ranges.map(({ first }) => first)).size).toBe(namespaces.length);
    expect(new Set(ranges.map(({ level }) => level)).size).toBe(namespaces.length);
  });

  it("ran npm, Maven and git under restricted-v2, and buildah under pipelines-scc, each with the namespace's group and level", async () => {
    const pods: Pod[] = JSON.parse(
      await kubectl(["get", "pods", `--namespace=${namespace}`, "--selector=tekton.dev/pipelineRun", "--output=json"]),
    ).items;
    const { first, level } = await range(namespace);
    const seen = new Set<string>();
    for (const { metadata, spec } of pods) {
      seen.add(`${spec.serviceAccountName}: ${metadata.annotations["openshift.io/scc"]}`);
      expect(spec.securityContext).toMatchObject({ fsGroup: first, seLinuxOptions: { level } });
    }
    expect([...seen].sort()).toEqual([
      "image-build: pipelines-scc",
      "image-clone: pipelines-scc",
      "image-push: pipelines-scc",
      "image-sources: restricted-v2",
    ]);
  });

  it("gives a pod that asks for nothing a user, a group, a level, a seccomp profile, and no capability", async () => {
    const { first, level } = await range(namespace);
    const { metadata, spec } = await asked({ account: serviceAccounts.sources });
    expect(metadata.annotations["openshift.io/scc"]).toBe("restricted-v2");
    expect(spec.securityContext).toMatchObject({ fsGroup: first, seLinuxOptions: { level }, seccompProfile: { type: "RuntimeDefault" } });
    expect(spec.containers[0]?.securityContext).toMatchObject({
      runAsUser: first,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
  });

  it("runs that user in that group, in a folder that hands the group on", async () => {
    const { first } = await range(namespace);
    const name = `constraints-${Date.now()}`;
    const volume = { volumes: [{ name: "work", emptyDir: {} }] };
    const container = { volumeMounts: [{ name: "work", mountPath: "/work" }] };
    const { metadata: _, ...pod } = manifest({ account: serviceAccounts.sources, pod: volume, container }, [
      "sh",
      "-c",
      "id -u; id -G; stat -c '%a %g' /work; grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status",
    ]);
    await kubectl(["create", `--namespace=${namespace}`, `--as=${tekton}`, "--filename=-"], JSON.stringify({ ...pod, metadata: { name } }));
    try {
      await kubectl(["wait", `pod/${name}`, `--namespace=${namespace}`, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"]);
      const [user, groups, folder, ...status] = (await kubectl(["logs", name, `--namespace=${namespace}`])).trim().split("\n");
      expect({ user, groups, folder }).toEqual({ user: String(first), groups: `0 ${first}`, folder: `2777 ${first}` });
      expect(status.map((line) => line.split(/\s+/))).toEqual([
        ["CapEff:", "0000000000000000"],
        ["NoNewPrivs:", "1"],
        ["Seccomp:", "2"],
      ]);
    } finally {
      await kubectl(["delete", "pod", name, `--namespace=${namespace}`, "--wait=false"]);
    }
  });

  it.each([
    ["a privileged container", { container: { securityContext: { privileged: true } } }, "Privileged containers are not allowed"],
    [
      "a folder of the host",
      { pod: { volumes: [{ name: "etc", hostPath: { path: "/etc" } }] } },
      "hostPath volumes are not allowed to be used",
    ],
    ["the host's network", { pod: { hostNetwork: true } }, "Host network is not allowed to be used"],
    ["a capability", { container: { securityContext: { capabilities: { add: ["SYS_ADMIN"] } } } }, "capability may not be added"],
  ])("refuses %s, whichever of the accounts asks", async (_, wanted, sentence) => {
    for (const account of Object.values(serviceAccounts)) {
      const said = await refusal({ account, ...wanted });
      expect(said).toContain("unable to validate against any security context constraint");
      expect(said).toContain(sentence);
    }
  });

  it("lets root be root under the accounts of buildah only", async () => {
    const root = { container: { securityContext: { runAsUser: 0 } } };
    const { first } = await range(namespace);
    const said = await refusal({ account: serviceAccounts.sources, ...root });
    expect(said).toContain(`Invalid value: 0: must be in the ranges: [${first}, ${first + 9999}]`);
    expect(said).toContain('provider "pipelines-scc": Forbidden: not usable by user or serviceaccount');
    const { metadata, spec } = await asked({ account: serviceAccounts.build, ...root });
    expect(metadata.annotations["openshift.io/scc"]).toBe("pipelines-scc");
    expect(spec.containers[0]?.securityContext).toMatchObject({ runAsUser: 0, capabilities: { drop: ["MKNOD"] } });
  });

  it("refuses a seccomp profile to what runs as root under pipelines-scc", async () => {
    const profile = { runAsUser: 0, seccompProfile: { type: "RuntimeDefault" } };
    expect(await refusal({ account: serviceAccounts.build, container: { securityContext: profile } })).toContain("seccomp may not be set");
  });

  it("holds a namespace without a level to `restricted`, whoever asks", async () => {
    // The administrator may use every constraint; pod security is what refuses.
    const root = { account: "default", container: { securityContext: { runAsUser: 0 } } };
    expect(await refusal(root, "openshift-operators", [])).toMatch(/violates PodSecurity "restricted:latest".*runAsUser=0/s);
  });

  it("sets the level of a user's namespace by what its accounts may use", async () => {
    const name = "constraints-level";
    await kubectl(["create", "namespace", name]);
    try {
      // The operator lets an account of every namespace use pipelines-scc, which is as much as `baseline`.
      await kubectl([
        "wait",
        `namespace/${name}`,
        "--for=jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}=baseline",
        "--timeout=30s",
      ]);
    } finally {
      await kubectl(["delete", "namespace", name, "--wait=false"]);
    }
  });
}
