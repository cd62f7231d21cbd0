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

  it("keeps to pod security level baseline and OpenShift's pipelines-scc", () => {
    for (const { securityContext } of spec.steps) {
      expect(securityContext.allowPrivilegeEscalation).toBe(false);
      const added = securityContext.capabilities.add ?? [];
      for (const capability of added) expect(baselineCapabilities).toContain(capability);
      expect(added).toEqual(name === "buildah-build" ? ["SETFCAP"] : []);
    }
    for (const volume of spec.volumes) expect(Object.keys(volume)).toEqual(["name", "emptyDir"]);
  });

  it("is root only to build images", () => {
    for (const { securityContext } of spec.steps) {
      if (name === "buildah-build") expect(securityContext.runAsUser).toBe(0);
      else expect(securityContext).toMatchObject({ runAsNonRoot: true, capabilities: { drop: ["ALL"] } });
    }
  });

  it("has a writable home, requests resources, and mounts only volumes that it has", () => {
    for (const step of spec.steps) {
      expect(step.env).toContainEqual({ name: "HOME", value: "/home/build" });
      expect(step.computeResources.requests).toMatchObject({ cpu: "100m", memory: "256Mi" });
      expect(step.volumeMounts.map((mount) => mount.name).sort()).toEqual(spec.volumes.map((volume) => volume.name).sort());
    }
  });

  it("describes every parameter, workspace and result", () => {
    for (const described of [...spec.params, ...spec.workspaces, ...(spec.results ?? [])]) expect(described.description).not.toBe("");
  });

  it("has a script without findings of shellcheck", () => {
    execFileSync("shellcheck", [join(folder, name, `${name}.sh`)], { stdio: "pipe" });
  });
});
