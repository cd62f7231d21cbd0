import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Graph, Registered } from "./graph";
import { leaks } from "./leaks";
import { commands, guard, infraId, kubeconfig, lastResults, program, secrets, stackFile } from "./program";

const isKubernetes = ({ type }: Registered) => type.startsWith("kubernetes:");
const isAws = ({ type }: Registered) => type.startsWith("aws:");
const isComponent = ({ type }: Registered) => type.startsWith("openshift-multiarch:");
const ofType = (type: string) => (resource: Registered) => resource.type === type;
const names = (resources: readonly Registered[]) => resources.map(({ name }) => name).sort();

for (const stack of ["rehearsal", "dev"]) {
  for (const when of ["first", "running"] as const) {
    describe(`the ${when === "first" ? "first preview" : "preview of the running stack"} ${stack}`, () => {
      const config = stackFile(stack);
      const pools = config["openshift-multiarch:pools"];
      const builds = config["openshift-multiarch:builds"];
      let preview: Graph;
      const told: string[] = [];
      let the: (test: (resource: Registered) => boolean) => Registered[];

      beforeAll(async () => {
        const info = vi.spyOn(pulumi.log, "info").mockImplementation(async (text) => void told.push(text));
        preview = await program(stack, when);
        info.mockRestore();
        the = (test) => {
          const found = preview.resources.filter(test);
          // A rule for all of none says nothing.
          expect(found).not.toHaveLength(0);
          return found;
        };
      });

      it("shows every resource that the stack's file asks for", () => {
        const zones = pools.flatMap((pool) => pool.zones.map((zone) => `workers-${pool.architecture}-${zone.name}`));
        expect(names(the(({ inputs }) => inputs?.kind === "MachineSet"))).toEqual(zones.sort());
        const shared = [...new Set(pools.flatMap((pool) => pool.zones.map((zone) => `shared-${zone.name}`)))];
        expect(names(the(ofType("aws:efs/mountTarget:MountTarget")))).toEqual(shared.sort());
        const built = builds.map(({ name }) => name).sort();
        expect(names(the(ofType("openshift-multiarch:tekton:MultiArchBuild")))).toEqual(built);
        for (const kind of ["Pipeline", "PipelineRun"]) {
          expect(the(({ inputs }) => inputs?.kind === kind).map(({ parent }) => parent)).toEqual(builds.map(({ name }) => name));
        }
        expect(the(ofType("kubernetes:tekton.dev/v1:Task"))).toHaveLength(6);
        expect(the(ofType("kubernetes:core/v1:Secret")).length).toBeGreaterThanOrEqual(3);
        for (const operator of ["efs-operator", "pipelines-operator"]) expect(preview.named(operator).type).toMatch(/:Operator$/);
      });

      it("knows the replicas and architectures that a reviewer looks for", () => {
        for (const pool of pools)
          for (const zone of pool.zones)
            expect(preview.named(`workers-${pool.architecture}-${zone.name}`).inputs.spec.replicas).toBe(zone.replicas);
        const tasks = preview.named("htop-pipeline").inputs.spec.tasks.map(({ name }: { name: string }) => name);
        expect(tasks).toEqual(["clone", ...pools.map((pool) => `build-${pool.architecture}`), "push"]);
      });

      it("gives the Kubernetes provider the administrator's kubeconfig, secret, and an identity that is known before the cluster", () => {
        const [provider, ...others] = the(ofType("pulumi:providers:kubernetes"));
        expect(others).toEqual([]);
        const { name, baseDomain } = config["openshift-multiarch:cluster"];
        expect(provider.plain).toEqual(expect.objectContaining({ clusterIdentifier: `${name}.${baseDomain}` }));
        if (when === "running") expect(provider.sent.kubeconfig).toBe(kubeconfig);
        expect(provider.secrets).toContain("kubeconfig");
        // Else a renewed password deletes the Secret that pods are about to mount (pulumi-kubernetes, provider/pkg/provider/diff.go).
        expect(String(provider.sent.enableSecretMutable)).toBe("true");
      });

      it("makes every Kubernetes object by that provider, and never deletes one by itself when the cluster is deleted", () => {
        const [provider] = the(ofType("pulumi:providers:kubernetes"));
        for (const object of the(isKubernetes))
          expect([object.name, object.provider, object.deletedWith]).toEqual([object.name, provider.name, guard(preview).name]);
      });

      if (when === "running") {
        it("names every Kubernetes object itself: a generated name would be another one after each replacement", () => {
          for (const { name, sent } of the(isKubernetes)) expect([name, sent.metadata.name]).toEqual([name, expect.stringMatching(/./)]);
        });
      }

      if (when === "running") {
        it("hands the cluster's kubeconfig and the file system to what acts on them, and the settings to the operators", () => {
          for (const { name, sent } of commands(preview)) {
            if (![sent.create, sent.delete].some((command) => /tsx\/cjs (cluster|tekton)\//.test(command ?? ""))) continue;
            expect([name, Object.values(sent.environment)]).toEqual([name, expect.arrayContaining([kubeconfig])]);
          }
          const [storageClass] = the(ofType("kubernetes:storage.k8s.io/v1:StorageClass"));
          expect(storageClass.sent.parameters.fileSystemId).toBe("shared-id");
          const [tekton] = the(({ inputs }) => inputs?.kind === "TektonConfig");
          expect(tekton.sent.spec.pruner.keep).toBe(20);
          const channels = the(({ inputs }) => inputs?.kind === "Subscription").map(({ sent }) => [sent.spec.name, sent.spec.channel]);
          expect(Object.fromEntries(channels)).toMatchObject({ "openshift-pipelines-operator-rh": "latest" });
        });
      }

      it("hides every secret from the state: in inputs, and in outputs of components and of the stack", () => {
        for (const { name, plain } of preview.resources) expect([name, leaks(plain, secrets)]).toEqual([name, []]);
        for (const { name, plain } of preview.outputs) expect([name, leaks(plain, secrets)]).toEqual([name, []]);
        // The check above sees the secrets at all.
        const sent = leaks(
          preview.resources.map((resource) => resource.sent),
          secrets,
        ).map(({ secret }) => secret);
        const known = when === "running" ? Object.keys(secrets) : ["pull secret", "registry password", "npm token", "maven password"];
        expect(new Set(sent)).toEqual(new Set(known.filter((secret) => secret !== "admin password" || sent.includes(secret))));
      });

      it("has no secret, and no path of this machine, in what commands run and are triggered by", () => {
        for (const { name, sent } of the(ofType("command:local:Command"))) {
          const { create, update, delete: remove, triggers, interpreter, dir } = sent;
          const shown = { create, update, remove, triggers, interpreter, dir };
          expect([name, leaks(shown, secrets)]).toEqual([name, []]);
          expect(JSON.stringify(shown), name).not.toMatch(/\/root|\/home|\/tmp|"\//);
        }
      });

      it("keeps what a stage prints secret, and logs none of it", () => {
        for (const command of commands(preview).filter(({ sent }) => /infra\/stages\//.test(sent.create))) {
          expect([command.name, command.additionalSecretOutputs]).toEqual([command.name, ["stdout", "stderr"]]);
          expect(["stderr", "none"], command.name).toContain(command.sent.logging);
        }
      });

      it("lets every command end by itself before Pulumi ends it", () => {
        const minutes = (text = "") => {
          const [, number, unit] = /^(\d+)([hm])$/.exec(text) ?? [];
          return Number(number) * (unit === "h" ? 60 : 1);
        };
        for (const { name, sent, customTimeouts } of commands(preview)) {
          const steps = (["create", "update", "delete"] as const).filter((step) => sent[step] !== undefined);
          if (sent.environment?.SECONDS !== undefined)
            for (const step of steps)
              expect(minutes(customTimeouts[step]) * 60, `${name} ${step}`).toBeGreaterThan(Number(sent.environment.SECONDS));
        }
        const { sent, customTimeouts } = guard(preview);
        expect(minutes(customTimeouts.delete)).toBeGreaterThan(Number(sent.environment.DESTROY_MINUTES));
      });

      it("has children in every component, named after it, and hardly anything outside of one", () => {
        for (const { name } of the(isComponent)) {
          const children = preview.resources.filter(({ parent }) => parent === name);
          expect(children.length, name).toBeGreaterThan(0);
          for (const child of children) expect(child.name.startsWith(name), `${child.name} of ${name}`).toBe(true);
        }
        const roots = preview.resources.filter((resource) => !isComponent(resource) && /^openshift-multiarch-/.test(resource.parent ?? ""));
        // A child of the storage would inherit deletedWith, and its deletion would never run.
        expect(names(roots)).toEqual(["cluster", "efs-drain"]);
      });

      it("tells the engine what each component is set to, without what is secret or only known later", () => {
        const settings = new Map(the(isComponent).map(({ name, plain }) => [name, plain]));
        const { name, baseDomain, version } = config["openshift-multiarch:cluster"];
        expect(settings.get("cluster")).toMatchObject({
          name,
          baseDomain,
          version,
          region: "eu-west-3",
          destroyMinutes: expect.any(Number),
        });
        expect(settings.get("shared")).toMatchObject({ lifecycle: "AFTER_30_DAYS", zones: ["eu-west-3a", "eu-west-3b", "eu-west-3c"] });
        for (const pool of pools) expect(settings.get(`workers-${pool.architecture}`)).toEqual(pool);
        expect(settings.get("pipelines")).toEqual({ channel: "latest", keep: 20, sign: true });
        expect(settings.get("pipelines-operator")).toMatchObject({ channel: "latest", package: "openshift-pipelines-operator-rh" });
        expect(settings.get("efs-operator")).toMatchObject({ channel: "stable", package: "aws-efs-csi-driver-operator" });
        expect(settings.get("builds")).toMatchObject({
          name: "build-multiarch",
          taskImages: { buildah: expect.stringContaining("buildah") },
          sbom: true,
        });
        for (const { name, ...build } of builds)
          expect(settings.get(name)).toMatchObject({ ...build, architectures: pools.map(({ architecture }) => architecture) });
        // Neither a secret, nor an output: a component that had to wait for one would keep its children waiting.
        const waited = ["[secret]", "[unknown]", infraId, "shared-id"];
        for (const { name, shown } of the(isComponent))
          expect([name, waited.filter((output) => JSON.stringify(shown).includes(output))]).toEqual([name, []]);
      });

      it("protects what cannot be made again and what empties it, as cluster.protect says, and nothing else; leaves nothing behind", () => {
        const guarded = [
          "aws:efs/fileSystem:FileSystem shared",
          "command:local:Command cluster-guard",
          "command:local:Command cluster-identity",
          "command:local:Command shared-emptied",
        ];
        const found = preview.resources.filter(({ protect }) => protect).map(({ type, name }) => `${type} ${name}`);
        expect(found.sort()).toEqual(stack === "rehearsal" ? [] : guarded);
        for (const { name, retainOnDelete } of preview.resources) expect([name, retainOnDelete]).toEqual([name, false]);
      });

      it("deletes whatever is in AWS before the cluster: each of them waits for the cluster", () => {
        for (const resource of the(isAws)) {
          const before = preview.waitsFor(resource);
          expect([resource.name, before.has(guard(preview).name), before.has("cluster-access")]).toEqual([resource.name, true, true]);
        }
        for (const component of the(({ type }) => type.endsWith(":SharedFileSystem")))
          expect([component.name, component.dependsOn]).toEqual([component.name, ["cluster"]]);
      });

      it("makes the build namespace once storage and pipelines are ready, and builds once it and all nodes are", () => {
        expect(the(({ type }) => type.endsWith(":BuildNamespace")).map(({ dependsOn }) => [...dependsOn].sort())).toEqual([
          ["efs", "pipelines"],
        ]);
        for (const build of the(ofType("openshift-multiarch:tekton:MultiArchBuild")))
          expect([...build.dependsOn].sort()).toEqual(["builds", ...pools.map((pool) => `workers-${pool.architecture}`)].sort());
        for (const run of the(({ inputs }) => inputs?.kind === "PipelineRun")) {
          const before = preview.waitsFor(run);
          for (const name of [
            "efs-class",
            "pipelines-config",
            "pipelines-signing",
            "builds-namespace",
            ...pools.flatMap((pool) => pool.zones.map((zone) => `workers-${pool.architecture}-${zone.name}`)),
          ])
            expect(before.has(name), `${run.name} waits for ${name}`).toBe(true);
        }
      });

      it("tells the stack's user how to reach the cluster, with the secrets secret", () => {
        const [outputs] = preview.outputs.filter(({ type }) => type === "pulumi:pulumi:Stack");
        expect([...outputs.secrets].sort()).toEqual(["kubeadminPassword", "kubeconfig"]);
        if (when === "running") {
          expect(outputs.plain).toMatchObject({
            apiUrl: "https://api.multiarch.example.com:6443",
            consoleUrl: "https://console.example.com",
            infraId,
            fileSystemId: "shared-id",
            pools,
            buildNamespace: "build-multiarch",
          });
          const results = Object.entries(lastResults).filter(([name]) => builds.some((build) => build.name === name));
          expect(outputs.plain.images).toEqual(Object.fromEntries(results.map(([name, { image }]) => [name, image])));
          expect(outputs.plain.builds).toEqual(Object.fromEntries(results));
        }
      });

      it("says whose credentials the installer takes as long as there is no cluster", () => {
        const about = told.filter((text) => /openshift-install will use the AWS credentials/.test(text));
        expect(about).toHaveLength(when === "first" ? 1 : 0);
      });
    });
  }
}

it("warns of what an update takes away from what the last one left", async () => {
  const { "openshift-multiarch:pools": pools } = stackFile("dev");
  const told: string[] = [];
  const warn = vi.spyOn(pulumi.log, "warn").mockImplementation(async (text) => void told.push(text));
  try {
    await program("dev", "running", { pools, buildNamespace: "build-multiarch" });
    expect(told).toEqual([]);
    await program("dev", "running", { pools: pools.map((pool) => ({ ...pool, instanceType: "m5.large" })), buildNamespace: "before" });
    expect(told).toEqual([
      expect.stringContaining("workers-amd64 has another instanceType (m5.large before, m6a.2xlarge now)"),
      expect.stringContaining("workers-arm64 has another instanceType (m5.large before, m7g.2xlarge now)"),
      expect.stringContaining("the namespace before is deleted"),
    ]);
  } finally {
    warn.mockRestore();
  }
});
