import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultTaskImages } from "../../tekton/task-images";
import { tasks } from "../../tekton/tasks";

const folder = join(__dirname, "../../tekton/tasks");
const all = tasks(defaultTaskImages);
/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline */
const baselineCapabilities =
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(" ");

const noPrivileges = { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
const restricted = { ...noPrivileges, seccompProfile: { type: "RuntimeDefault" } };
/**
 * OpenShift's restricted-v2 for what runs code of third parties; pipelines-scc for buildah, which admits no seccomp profile to be named
 * and of capabilities only SETFCAP to be added. The user 65534 has a name in the image.
 */
const securityContexts: Record<string, object> = {
  "git-clone": restricted,
  "npm-build": restricted,
  "maven-package": restricted,
  "buildah-build": {
    runAsUser: 0,
    allowPrivilegeEscalation: false,
    capabilities: { add: ["SETFCAP"], drop: ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SYS_CHROOT"] },
  },
  "buildah-push": { ...noPrivileges, runAsUser: 65534 },
};
const secretWorkspaces: Record<string, string[]> = {
  "git-clone": [],
  "npm-build": ["npmrc"],
  "maven-package": ["maven-settings"],
  "buildah-build": ["dockerconfig"],
  "buildah-push": ["dockerconfig"],
};
/** A quantity of Kubernetes as a number. */
function quantity(text: string): number {
  const units: Record<string, number> = { m: 1e-3, Mi: 2 ** 20, Gi: 2 ** 30 };
  const [, number, unit] = /^(\d+)(m|Mi|Gi)?$/.exec(text) ?? [];
  return Number(number) * (unit ? units[unit] : 1);
}

it("has one folder with a definition and a script for each task", () => {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map((entry) => entry.name).sort()).toEqual(all.map((task) => task.metadata.name).sort());
});

describe.each(all.map((task) => [task.metadata.name, task.spec] as const))("%s", (name, spec) => {
  it("inlines its script, into which nothing is substituted", () => {
    for (const step of spec.steps) {
      expect(step.script).toMatch(/^#!\/usr\/bin\/env bash\n/);
      expect(step.script).not.toMatch(/\$\((params|workspaces|results|context|steps|tasks)[.[]/);
    }
  });

  it("passes every parameter and workspace to the script", () => {
    const passed = JSON.stringify(spec.steps.map(({ env, args }) => ({ env, args })));
    for (const param of spec.params) expect(passed).toContain(`$(params.${param.name}${param.type === "array" ? "[*]" : ""})`);
    for (const workspace of spec.workspaces) expect(passed).toContain(`$(workspaces.${workspace.name}.path)`);
    for (const result of spec.results ?? []) expect(passed).toContain(`$(results.${result.name}.path)`);
  });

  it("keeps to pod security level baseline, and mounts nothing of the node", () => {
    for (const { securityContext } of spec.steps) {
      for (const capability of securityContext.capabilities.add ?? []) expect(baselineCapabilities).toContain(capability);
    }
    for (const volume of spec.volumes) expect(Object.keys(volume)).toEqual(["name", "emptyDir"]);
  });

  it("has exactly the rights that it needs, in its one step", () => {
    expect(spec.steps.map(({ securityContext }) => securityContext)).toEqual([securityContexts[name]]);
  });

  it("gets credentials only to read, and only if the run has them", () => {
    const secrets = spec.workspaces.filter((workspace) => workspace.name !== "shared");
    expect(secrets.map((workspace) => workspace.name)).toEqual(secretWorkspaces[name]);
    for (const workspace of secrets) expect(workspace).toMatchObject({ readOnly: true, optional: true });
    const shared = spec.workspaces.find((workspace) => workspace.name === "shared");
    expect(shared).toMatchObject({ name: "shared" });
    expect([shared?.readOnly, shared?.optional]).toEqual([undefined, undefined]);
  });

  it("has a writable home, and mounts only volumes that it has", () => {
    for (const step of spec.steps) {
      expect(step.env).toContainEqual({ name: "HOME", value: "/home/build" });
      expect(step.volumeMounts).toContainEqual({ name: "home", mountPath: "/home/build" });
      expect(step.volumeMounts.map((mount) => mount.name).sort()).toEqual(spec.volumes.map((volume) => volume.name).sort());
    }
    expect(spec.volumes).toContainEqual({ name: "home", emptyDir: {} });
  });

  it("asks for little and may use much, of processors, memory and disk", () => {
    for (const { computeResources } of spec.steps) {
      const { requests, limits = {} } = computeResources;
      expect(Object.keys(requests)).toEqual(["cpu", "memory", "ephemeral-storage"]);
      expect(Object.keys(limits)).toEqual(Object.keys(requests));
      for (const [resource, request] of Object.entries(requests))
        expect(quantity(limits[resource])).toBeGreaterThanOrEqual(10 * quantity(request) * (resource === "ephemeral-storage" ? 0.5 : 1));
      // A build must find a place on the smallest worker that the settings' default makes: 4 processors, 16 GiB.
      expect(quantity(requests.cpu)).toBeLessThanOrEqual(0.5);
      expect(quantity(requests.memory)).toBeLessThanOrEqual(2 ** 30);
    }
  });

  it("describes every parameter, workspace and result", () => {
    for (const described of [...spec.params, ...spec.workspaces, ...(spec.results ?? [])]) expect(described.description).not.toBe("");
  });

  it("has a script without findings of shellcheck, as it is run and as it is kept", () => {
    const whole = spec.steps.map((step) => step.script).join("\n");
    execFileSync("shellcheck", ["--shell=bash", "-"], { input: whole, stdio: ["pipe", "pipe", "pipe"] });
    execFileSync("shellcheck", ["-x", join(folder, name, `${name}.sh`)], { stdio: "pipe" });
  });

  it("has the common functions in its script, which sources no file that a pod does not have", () => {
    for (const { script } of spec.steps) {
      expect(script).toContain("\nfail() {\n");
      expect(script).not.toMatch(/^\s*(source|\.) /m);
    }
  });
});

it("gives a build's storage a volume of its own, whose size is limited below what the step may use", () => {
  const build = all.find((task) => task.metadata.name === "buildah-build")?.spec;
  expect(build?.volumes).toContainEqual({ name: "containers", emptyDir: { sizeLimit: "30Gi" } });
  expect(build?.steps[0].volumeMounts).toContainEqual({ name: "containers", mountPath: "/var/lib/containers" });
  expect(build?.steps[0].computeResources).toEqual({
    requests: { cpu: "500m", memory: "1Gi", "ephemeral-storage": "10Gi" },
    limits: { cpu: "16", memory: "16Gi", "ephemeral-storage": "60Gi" },
  });
});
