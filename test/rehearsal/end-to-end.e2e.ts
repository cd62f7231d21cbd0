import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Document, parseDocument } from "yaml";
import { run } from "../../rehearsal/machine/exec";
import { leftovers } from "../../rehearsal/machine/leftovers";
import { places, registry } from "../../rehearsal/machine/places";
import { registryCredentials } from "../../rehearsal/services/registry";
import { configFile, pulumi, pulumiEnvironment, stack } from "../../rehearsal/stack/environment";
import { stackOutputs } from "../../rehearsal/stack/state";
import { leaks } from "../leaks";
import { buildCommandSteps } from "./build-command";
import { changes } from "./changes";
import { clusterDnsSteps } from "./cluster-dns";
import { clusterVersionSteps } from "./cluster-version";
import { constraintSteps } from "./constraints";
import { buildOutside, configurationOf, heredocBuild, publishHeredoc, topLayers } from "./heredoc";
import { lostPodSteps } from "./lost-pod";
import { laterOperatorSteps, operatorSteps } from "./operators";
import { policySteps } from "./policy";
import { onStack, preview, previewOf, shownAsChanged } from "./preview";
import { listens, pushTriggerSteps } from "./push-trigger";
import { repositorySteps } from "./repositories";
import { secretsSteps } from "./secrets";
import { sharedStorageSteps } from "./shared-storage";
import { show } from "./show";
import { signatureSteps } from "./signatures";
import { tektonYamlSteps } from "./tekton-yaml";

const rehearse = (...args: string[]) => show(["npm", "run", "--silent", "rehearse", "--", ...args]);

const folder = mkdtempSync(join(tmpdir(), "rehearsal-test-"));

/** Files by which Pulumi, its plugins and the installer would leave credentials, or sockets, outside of the rehearsal's folder. */
const strayFiles = () =>
  // But for those of other tests that run beside it.
  readdirSync(tmpdir()).filter((name) => /^(kubeconfig|pulumi|openshift(?!-multiarch-(?:test|mutation)-))/.test(name));
const strayBefore = strayFiles();

/** A copy of the stack's configuration with a change. */
function changedConfig(change: (config: Document) => void): string {
  const document = parseDocument(readFileSync(configFile, "utf8"));
  change(document);
  const file = join(folder, `Pulumi.${stack}.yaml`);
  writeFileSync(file, document.toString({ lineWidth: 0 }), { mode: 0o600 });
  return file;
}

const key = (name: string) => `openshift-multiarch:${name}`;

/** Where a build, or the zone of a pool, stands in the configuration. */
const buildPath = (config: Document, name: string) => ["config", key("builds"), indexOf(config, key("builds"), "name", name)];
const poolPath = (config: Document, architecture: string) => [
  "config",
  key("pools"),
  indexOf(config, key("pools"), "architecture", architecture),
];

function indexOf(config: Document, list: string, field: string, value: string): number {
  const entries: Record<string, unknown>[] = config.toJS().config[list];
  const index = entries.findIndex((entry) => entry[field] === value);
  if (index < 0) throw new Error(`${list} has no entry with ${field} ${value}`);
  return index;
}

/** What a preview with a configuration plans; it says nothing besides. */
async function plan(file: string): Promise<string[]> {
  const { code, touches, errors, warnings } = await preview(file);
  expect({ code, errors, warnings }).toEqual({ code: 0, errors: [], warnings: [] });
  return touches;
}

const up = (file: string, ...options: string[]) =>
  show([join(places.path, "pulumi"), "up", "--yes", ...onStack(file), ...options], pulumiEnvironment());

const kubectl = (...args: string[]) => run([join(places.path, "kubectl"), ...args], { env: { KUBECONFIG: places.adminKubeconfig } });

const namesOf = (operations: string[]) => [...new Set(operations.map((operation) => operation.split(" ")[1]))];

beforeAll(async () => {
  const { code } = await rehearse("destroy", "--force");
  expect(code).toBe(0);
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  // After a failed step the environment is still there; a later run, and the machine, should not inherit it.
  if (existsSync(places.run)) await rehearse("destroy", "--force");
});

describe("the rehearsal", () => {
  let firstOutput = "";

  it("comes up with one command", async () => {
    const { code, output } = await rehearse();
    firstOutput = output;
    expect(code).toBe(0);
    expect(output).not.toContain("from $PATH");
    expect(output.split("\n").filter((line) => / (?:buildah-build|push-member|buildah-push|git-clone): warning: /.test(line))).toEqual([]);
  });

  it("looked before the install at all that would stop it: only a delegation and TLS of the registry are not there to be looked at", () => {
    expect(firstOutput).toMatch(/Before the install: 0 problems, 0 warnings, 4 not checked, \d+ ok\./);
    const unchecked = [...firstOutput.matchAll(/Before the install, (.+?): /g)].map(([, what]) => what);
    const registries = ["htop", "nodejs", "quarkus"].map((name) => `registry of ${registry}/builds/${name}`);
    expect([...new Set(unchecked)].sort()).toEqual(["delegation", ...registries]);
  });

  it("exports URLs, ids and one digest per build", async () => {
    const outputs = await stackOutputs();
    expect(outputs.apiUrl).toMatch(/^https:\/\/api\.multiarch\.rehearsal\.test:6443/);
    expect(outputs.consoleUrl).toMatch(/^https:\/\/console-openshift-console\.apps\.multiarch\.rehearsal\.test/);
    expect(outputs.infraId).toMatch(/^multiarch-[a-z0-9]{5}$/);
    expect(outputs.fileSystemId).toMatch(/^fs-[0-9a-f]+$/);
    expect(Object.keys(outputs.images as object).sort()).toEqual(["htop", "nodejs", "quarkus"]);
    for (const image of Object.values(outputs.images as Record<string, string>)) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  it("pushed an index of both architectures for every build", async () => {
    const { images } = (await stackOutputs()) as { images: Record<string, string> };
    for (const image of Object.values(images)) {
      const index = JSON.parse(await run(["skopeo", "inspect", "--raw", "--tls-verify=false", `docker://${image}`]));
      const platforms = index.manifests.map(
        ({ platform }: { platform: { os: string; architecture: string } }) => `${platform.os}/${platform.architecture}`,
      );
      expect(platforms.sort()).toEqual(["linux/amd64", "linux/arm64"]);
    }
  });

  it("built every architecture on a node of its own", async () => {
    const pods = JSON.parse(await kubectl("get", "pods", "-n", "build-multiarch", "-l", "tekton.dev/pipelineRun", "-o", "json")).items;
    const nodes = JSON.parse(await kubectl("get", "nodes", "-o", "json")).items;
    for (const architecture of ["amd64", "arm64"]) {
      const builds = pods.filter((pod: { metadata: { labels: Record<string, string> } }) =>
        pod.metadata.labels["tekton.dev/pipelineTask"].endsWith(`-${architecture}`),
      );
      expect(builds.length).toBeGreaterThanOrEqual(3);
      for (const { spec } of builds) {
        const node = nodes.find(({ metadata }: { metadata: { name: string } }) => metadata.name === spec.nodeName);
        expect(node.metadata.labels["kubernetes.io/arch"]).toBe(architecture);
      }
    }
  });

  signatureSteps();
  sharedStorageSteps();
  constraintSteps();
  operatorSteps();
  tektonYamlSteps();
  buildCommandSteps(configFile);
  clusterDnsSteps();

  it("lets nobody push without the password", async () => {
    const anonymous = await fetch(`http://${registry}/v2/builds/htop/blobs/uploads/`, { method: "POST" });
    expect(anonymous.status).toBe(401);
  });

  it("leaves no secret in plain text, in whatever encoding: not in the state, nor in what it prints and logs", async () => {
    const outputs = JSON.parse(await pulumi(["stack", "output", "--json", "--show-secrets"]));
    const clientKey = /client-key-data: (\S{60})/.exec(outputs.kubeconfig)?.[1] ?? "";
    const secrets = { registryPassword: registryCredentials().password, kubeadminPassword: outputs.kubeadminPassword, clientKey };
    const found = (value: unknown) => [...new Set(leaks(value, secrets).map(({ secret }) => secret))].sort();
    // As it would be if nothing were encrypted: what is looked for is there, the installer's archive included.
    const open = JSON.parse(await pulumi(["stack", "export", "--show-secrets"]));
    expect(found(open)).toEqual(Object.keys(secrets).sort());
    const assets = open.deployment.resources.find(({ urn }: { urn: string }) => urn.endsWith("::cluster-assets"));
    expect(found(JSON.parse(assets.outputs.stdout.plaintext))).toContain("kubeadminPassword");
    expect(found(JSON.parse(await pulumi(["stack", "export"])))).toEqual([]);
    expect(found(firstOutput)).toEqual([]);
    const logs = readdirSync(places.logs).map((file) => [file, readFileSync(join(places.logs, file), "utf8")] as const);
    expect(logs.filter(([, text]) => found(text).length > 0).map(([file]) => file)).toEqual([]);
  });

  it("shows no drift right after the first update: refresh and up expect no changes", async () => {
    const refresh = ["refresh", "--preview-only", "--expect-no-changes", ...onStack(configFile)];
    expect(await show([join(places.path, "pulumi"), ...refresh], pulumiEnvironment())).toMatchObject({ code: 0 });
    expect(await up(configFile, "--expect-no-changes")).toMatchObject({ code: 0 });
  });

  it("changes nothing when run again", async () => {
    expect(await plan(configFile)).toEqual([]);
    const { code, output } = await rehearse();
    expect(code).toBe(0);
    expect(output).toMatch(/\d+ unchanged/);
    expect(output).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
    expect(output).not.toContain("Before the install");
  });

  policySteps();

  it.each(changes.map((change) => [`${change.setting}${change.what ? ` (${change.what})` : ""}`, change] as const))(
    "previews a change of %s as what it is, and so does a pull request's comment",
    async (_, change) => {
      const { code, touches, errors, warnings, comment } = await previewOf(change);
      // A message stands in the comment as it is, but for the frame of a quotation.
      if (change.says !== undefined) expect(comment.replace(/\n> ?/g, "\n")).toContain(change.says);
      // A comment has 65,536 characters at most, and what is deleted is shown with all that it was: then the first lines are there.
      if (comment.includes("**Cut:**")) expect(touches).toEqual(expect.arrayContaining(shownAsChanged(comment)));
      else expect(shownAsChanged(comment).sort()).toEqual([...touches].sort());
      const said = (lines: string[]) => lines.filter((line) => change.says !== undefined && line.includes(change.says));
      if (change.outcome === "refused") {
        expect(said(errors), errors.join("\n")).toHaveLength(1);
        expect(code).not.toBe(0);
        // Nothing of the cluster, and nothing in it, but what is asked for: settings of components, and the tools, which are looked up
        // before the cluster is known.
        expect(touches.filter((step) => !/^update (cluster|cluster-tools|version|workers-(amd|arm)64)$/.test(step))).toEqual([]);
      } else {
        expect({ code, errors }).toEqual({ code: 0, errors: [] });
        expect([...touches].sort()).toEqual([...(change.touches ?? [])].sort());
        expect(said(warnings).length > 0, warnings.join("\n")).toBe(change.says !== undefined);
      }
    },
  );

  it("gives up the installer's directory, with the AWS keys in it, on demand, and nothing else", async () => {
    const state = async () => {
      const exported = JSON.parse(await pulumi(["stack", "export", "--show-secrets"]));
      const resources: { urn: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> }[] = exported.deployment.resources;
      const found = (name: string) => resources.find(({ urn }) => urn.endsWith(`::${name}`));
      return { assets: found("cluster-assets"), install: found("cluster-install") };
    };
    const plain = (value: unknown) => JSON.stringify(value ?? "");
    const before = await state();
    expect(plain(before.assets?.outputs.stdout).length).toBeGreaterThan(10_000);
    const replaced = await preview(configFile, "--replace", before.assets?.urn ?? "");
    expect(replaced).toMatchObject({ code: 0, errors: [] });
    expect([...replaced.touches].sort()).toEqual(["replace cluster-assets", "update cluster-install"]);
    expect((await up(configFile, "--replace", before.assets?.urn ?? "")).code).toBe(0);
    const after = await state();
    for (const value of [after.assets?.outputs.stdout, after.install?.inputs.stdin, after.install?.outputs.stdin]) {
      expect(plain(value).length).toBeLessThan(200);
    }
    expect(await plan(configFile)).toEqual([]);
  });

  it("touches just the build whose context changed", async () => {
    const file = changedConfig((config) => config.setIn([...buildPath(config, "htop"), "context"], "nodejs"));
    const operations = await plan(file);
    expect(operations.length).toBeGreaterThan(0);
    for (const name of namesOf(operations)) expect(name).toMatch(/^htop/);
  });

  it("changes just the MachineSets whose replicas changed, and makes the machine a node", async () => {
    const file = changedConfig((config) => {
      const zones: { name: string; replicas: number }[] = config.toJS().config[key("pools")][poolPath(config, "arm64")[2] as number].zones;
      const index = zones.findIndex(({ replicas }) => replicas === 0);
      config.setIn([...poolPath(config, "arm64"), "zones", index, "replicas"], 1);
    });
    const operations = await plan(file);
    expect(operations).toEqual([
      "update workers-arm64",
      expect.stringMatching(/^update workers-arm64-eu-west-3[abc]$/),
      expect.stringMatching(/^update workers-arm64-eu-west-3[abc]-ready$/),
    ]);
    expect((await up(file)).code).toBe(0);
    const nodes = await kubectl("get", "nodes", "-l", "kubernetes.io/arch=arm64", "-o", "name");
    expect(nodes.trim().split("\n")).toHaveLength(2);
    expect((await up(configFile)).code).toBe(0);
  });

  describe("with a build that pushes and the clock start", () => {
    it("listens when the update is done, and finds nothing to do in the next one", async () => {
      const file = changedConfig((config) => {
        config.setIn([...buildPath(config, "htop"), "trigger"], "github");
        config.setIn([...buildPath(config, "htop"), "rebuild"], "weekly");
      });
      expect((await up(file)).code).toBe(0);
      expect(await listens()).toBe(202);
      expect((await up(file, "--expect-no-changes")).code).toBe(0);
    });

    pushTriggerSteps();

    it("listens no more when no build has a trigger", async () => {
      expect((await up(configFile)).code).toBe(0);
      expect(await kubectl("get", "services,routes,cronjobs", "--namespace=build-multiarch", "-o", "name")).toBe("");
    });
  });

  it("builds here-documents, without a setgid folder, to the layers and settings that the same buildah gives outside of the cluster", async () => {
    const sources = await publishHeredoc();
    try {
      const image = `${registry}/builds/heredoc`;
      const file = changedConfig((config) => config.addIn(["config", key("builds")], config.createNode(heredocBuild(`${image}:latest`))));
      expect((await up(file)).code).toBe(0);
      const index = JSON.parse(await run(["skopeo", "inspect", "--raw", "--tls-verify=false", `docker://${image}:latest`]));
      const members: { digest: string; platform: { architecture: string } }[] = index.manifests;
      expect(members.map(({ platform }) => platform.architecture).sort()).toEqual(["amd64", "arm64"]);
      for (const { digest, platform } of members) {
        const entries = await topLayers(`${image}@${digest}`, 3);
        const names = entries.map((line) => line.split(" ").at(-1));
        expect(names).toEqual(expect.arrayContaining(["copied/file", "made/below/", "made/below/machine", "made/text"]));
        expect(entries.filter((line) => /^d..[sS]|^d.....[sS]/.test(line))).toEqual([]);
        expect(await configurationOf(`${image}@${digest}`)).toEqual(await buildOutside(sources, platform.architecture));
      }
    } finally {
      rmSync(sources.folder, { recursive: true, force: true });
    }
    expect((await up(configFile)).code).toBe(0);
  });

  repositorySteps({ changedConfig, up });
  secretsSteps();

  it("removes builds that are in the configuration no more", async () => {
    expect((await up(configFile)).code).toBe(0);
    const pipelines = await kubectl(
      "get",
      "pipelines.tekton.dev",
      "--namespace=build-multiarch",
      "-o",
      "jsonpath={.items[*].metadata.name}",
    );
    expect(pipelines.split(" ").sort()).toEqual(["htop", "nodejs", "quarkus"]);
  });

  laterOperatorSteps();

  lostPodSteps({ changedConfig, buildPath, plan, up });

  it("refuses to destroy or replace a protected cluster and file system, until cluster.protect is false", async () => {
    const destroys = (file: string) =>
      show([join(places.path, "pulumi"), "destroy", "--preview-only", ...onStack(file)], pulumiEnvironment());
    const file = changedConfig((config) => config.setIn(["config", key("cluster"), "protect"], true));
    expect((await up(file)).code).toBe(0);
    const refused = await destroys(file);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("because it is protected");
    const resources: { urn: string; type: string }[] = JSON.parse(await pulumi(["stack", "export"])).deployment.resources;
    const cannotBeMadeAgain = resources.filter(
      ({ urn, type }) => /::cluster-(guard|identity)$/.test(urn) || type === "aws:efs/fileSystem:FileSystem",
    );
    expect(cannotBeMadeAgain).toHaveLength(3);
    for (const { urn } of cannotBeMadeAgain) {
      const { errors } = await preview(file, "--replace", urn);
      expect(errors.join("\n")).toMatch(/unable to replace resource .*as it is currently marked for protection/s);
    }
    expect((await up(configFile)).code).toBe(0);
    expect((await destroys(configFile)).code).toBe(0);
  });

  clusterVersionSteps({ changedConfig, up });

  it("is destroyed with nothing left", async () => {
    const { code, output } = await rehearse("destroy");
    expect([code, output.slice(-2000)]).toEqual([0, expect.stringContaining("Nothing is left")]);
    expect(await leftovers()).toEqual([]);
    for (const folder of [places.run, places.stack]) expect(existsSync(folder)).toBe(false);
    expect(strayFiles().filter((name) => !strayBefore.includes(name))).toEqual([]);
  });

  it("destroys what is not there without a complaint", async () => {
    expect((await rehearse("destroy")).code).toBe(0);
  });
});
