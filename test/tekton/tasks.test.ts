import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TaskSpec } from "../../tekton/resources";
import { script } from "../../tekton/steps/shared";
import { defaultTaskImages } from "../../tekton/task-images";
import { tasks } from "../../tekton/tasks";

const folder = join(__dirname, "../../tekton/steps");
const all = tasks(defaultTaskImages);
/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline */
const baselineCapabilities =
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(" ");

const noPrivileges = { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
/** OpenShift's restricted-v2, for what runs code of third parties and what is in one pod with it. */
const restricted = { ...noPrivileges, seccompProfile: { type: "RuntimeDefault" } };
/** pipelines-scc for buildah, which admits no seccomp profile to be named. The user 65534 has a name in the image. */
const nobody = { ...noPrivileges, runAsUser: 65534 };
/** The same, of a program that writes to volumes alone. */
const reader = { ...nobody, readOnlyRootFilesystem: true };
/** The same; of capabilities it admits only SETFCAP to be added. */
const root = {
  runAsUser: 0,
  allowPrivilegeEscalation: false,
  capabilities: { add: ["SETFCAP"], drop: ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SYS_CHROOT"] },
};
/** What each step may do, and which credentials, certificates and files of other tasks it sees. */
const rights: Record<string, Record<string, { as: object; sees: string[] }>> = {
  "git-clone": {
    resolve: { as: nobody, sees: ["git-credentials", "trust"] },
    find: { as: nobody, sees: ["dockerconfig", "trust"] },
    clone: { as: nobody, sees: ["shared", "git-credentials", "trust"] },
  },
  "npm-build": {
    unpack: { as: restricted, sees: ["shared", "downloads"] },
    npm: { as: restricted, sees: ["npmrc", "trust"] },
    pack: { as: restricted, sees: ["shared", "downloads"] },
  },
  "maven-package": {
    unpack: { as: restricted, sees: ["shared", "downloads"] },
    maven: { as: restricted, sees: ["maven-settings", "trust"] },
    pack: { as: restricted, sees: ["shared", "downloads"] },
  },
  prepare: {
    unpack: { as: restricted, sees: ["shared", "downloads"] },
    prepare: { as: restricted, sees: ["build-secrets", "trust"] },
    pack: { as: restricted, sees: ["shared", "downloads"] },
  },
  "buildah-build": {
    build: { as: root, sees: ["shared", "dockerconfig", "build-secrets", "rhel-entitlement", "trust"] },
    push: { as: nobody, sees: ["shared", "dockerconfig", "trust"] },
    sbom: { as: reader, sees: ["shared"] },
  },
  "buildah-push": { push: { as: nobody, sees: ["shared", "dockerconfig", "trust"] } },
};
const withScripts = ({ steps }: TaskSpec) =>
  steps.flatMap(({ script: text, ...step }) => (text === undefined ? [] : [{ ...step, script: text }]));
/** A quantity of Kubernetes as a number. */
function quantity(text: string): number {
  const units: Record<string, number> = { m: 1e-3, Mi: 2 ** 20, Gi: 2 ** 30 };
  const [, number, unit] = /^(\d+)(m|Mi|Gi)?$/.exec(text) ?? [];
  return Number(number) * (unit ? units[unit] : 1);
}

it("has one folder for each step, with a definition and what it runs, which some task uses", () => {
  const folders = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const used = new Set(all.flatMap(({ spec }) => spec.steps.map((step) => step.script ?? step.name)));
  const isScript = (name: string) => existsSync(join(folder, name, `${name}.sh`));
  for (const name of folders) expect([name, used.has(isScript(name) ? script(name) : name)]).toEqual([name, true]);
  expect(used.size).toBe(folders.length);
});

describe.each(all.map((task) => [task.metadata.name, task.spec] as const))("%s", (name, spec) => {
  it("inlines its script, into which nothing is substituted; or has a command", () => {
    for (const step of spec.steps) {
      expect([step.script, step.command]).toContain(undefined);
      if (step.command) continue;
      expect(step.script).toMatch(/^#!\/(usr\/bin\/env bash|bin\/sh)\n/);
      expect(step.script).not.toMatch(/\$\((params|workspaces|results|context|steps|tasks)[.[]/);
    }
  });

  it("calls itself in warnings by the task's name or by the step's, by which they are found in the log", () => {
    for (const { name: step, script: text } of withScripts(spec)) {
      if (!/\bwarn "/.test(text)) continue;
      expect([name, step]).toContain(/^task=(.*)$/m.exec(text)?.[1]);
    }
  });

  it("passes every parameter and workspace to the script", () => {
    const passed = JSON.stringify(spec.steps.map(({ image, env, args }) => ({ image, env, args })));
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

  it("has exactly the rights that it needs, and sees only the credentials that it needs, in each step", () => {
    const given = spec.steps.map(({ name: step, securityContext, workspaces }) => [
      step,
      { as: securityContext, sees: (workspaces ?? spec.workspaces).map((workspace) => workspace.name) },
    ]);
    expect(Object.fromEntries(given)).toEqual(rights[name]);
  });

  it("gets credentials only to read, and only if the run has them", () => {
    for (const workspace of spec.workspaces) {
      const optional = { shared: [undefined, undefined], downloads: [undefined, true] }[workspace.name] ?? [true, true];
      expect([workspace.name, workspace.readOnly, workspace.optional]).toEqual([workspace.name, ...optional]);
    }
  });

  it("has a writable home for each step that needs one, which no other step sees, and mounts only volumes that it has", () => {
    for (const { name: step, env, volumeMounts } of spec.steps) {
      const homes = volumeMounts.filter((mount) => mount.name.startsWith("home-"));
      const wanted = env.some((variable) => variable.name === "HOME");
      expect(homes).toEqual(wanted ? [{ name: `home-${step}`, mountPath: "/home/build" }] : []);
      if (wanted) expect(env).toContainEqual({ name: "HOME", value: "/home/build" });
    }
    const mounted = new Set(spec.steps.flatMap(({ volumeMounts }) => volumeMounts.map((mount) => mount.name)));
    expect([...mounted].sort()).toEqual(spec.volumes.map((volume) => volume.name).sort());
    for (const { emptyDir } of spec.volumes) expect(emptyDir).toEqual({});
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

  it("has scripts without findings of shellcheck, as they are run", () => {
    for (const { script: text } of withScripts(spec)) {
      const dialect = text.startsWith("#!/bin/sh") ? "sh" : "bash";
      execFileSync("shellcheck", [`--shell=${dialect}`, "--severity=warning", "-"], { input: text, stdio: ["pipe", "pipe", "pipe"] });
    }
  });

  it("sources no file that a pod does not have", () => {
    for (const { script: text } of withScripts(spec)) expect(text).not.toMatch(/^\s*(source|\.) /m);
  });
});

it("has scripts without findings of shellcheck, as they are kept", () => {
  const kept = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".sh"));
  expect(kept.length).toBeGreaterThan(8);
  execFileSync("shellcheck", ["-x", ...kept.map((file) => join(folder, file))], { stdio: "pipe" });
});

it("builds with a storage of its own on the node's disk, which the limit of the step bounds", () => {
  const build = all.find((task) => task.metadata.name === "buildah-build")?.spec;
  expect(build?.volumes).toContainEqual({ name: "containers", emptyDir: {} });
  expect(build?.steps[0].volumeMounts).toContainEqual({ name: "containers", mountPath: "/var/lib/containers" });
  expect(build?.steps[0].computeResources).toEqual({
    requests: { cpu: "500m", memory: "1Gi", "ephemeral-storage": "10Gi" },
    limits: { cpu: "16", memory: "16Gi", "ephemeral-storage": "60Gi" },
  });
});
