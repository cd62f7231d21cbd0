import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { places } from "../../../rehearsal/machine/places";
import { installPlugins } from "../../../rehearsal/plugins";
import { region } from "../../../rehearsal/stack/environment";
import { stubs } from "../../infra/stages/stage";
import { type Emulator, startEmulator } from "./emulator";

// The real engine runs the real program in an empty account of its own, up to where the installer would begin: its stub fails there. Backend and
// configuration are the test's own; of the rehearsal are the engine and the plugins.
const checkout = resolve(__dirname, "../../..");
const pullSecret = '{"auths":{"quay.io":{"auth":"dXNlcjpodW50ZXIy"},"registry.redhat.io":{"auth":"dXNlcjpodW50ZXIy"}}}';
let emulator: Emulator;
let folder: string;
let config: string;

function pulumi(words: readonly string[], { cwd = checkout, input = "" } = {}): Promise<{ code: number | null; output: string }> {
  const child = spawn(join(places.bin, "pulumi"), ["--non-interactive", "--color=never", ...words], {
    cwd,
    env: {
      // The rehearsal has a real installer among its programs.
      PATH: `${stubs}:${places.bin}:${process.env.PATH}`,
      HOME: folder,
      TMPDIR: folder,
      XDG_CACHE_HOME: folder,
      STUB: join(folder, "stub"),
      STUB_FAULT: "create manifests=3",
      NO_PROXY: "127.0.0.1",
      no_proxy: "127.0.0.1",
      PULUMI_HOME: places.pulumiHome,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_CONFIG_PASSPHRASE: "passphrase",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_NODEJS_TSCONFIG_PATH: "tsconfig.pulumi.json",
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: region,
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  child.stdin.end(input);
  return new Promise((done) => child.on("close", (code) => done({ code, output })));
}
const onStack = (...words: string[]) => pulumi([...words, "--stack", "test", "--config-file", config]);
const up = () => onStack("up", "--yes", "--skip-preview", "--suppress-progress");
const made = async () => {
  const { output } = await pulumi(["stack", "export", "--stack", "test"], { cwd: folder });
  const { deployment } = JSON.parse(output) as { deployment: { resources: { urn: string }[] } };
  return deployment.resources.map(({ urn }) => urn.split("::").slice(2).join(" ")).filter((name) => /command:local|aws:/.test(name));
};

beforeAll(async () => {
  emulator = await startEmulator();
  await installPlugins();
  folder = mkdtempSync(join(tmpdir(), "up-"));
  mkdirSync(join(folder, "stub"));
  config = join(folder, "Pulumi.test.yaml");
  const document = parseDocument(readFileSync(join(checkout, "Pulumi.rehearsal.yaml"), "utf8"));
  document.deleteIn(["config", "openshift-multiarch:cluster", "serviceEndpoints"]);
  document.deleteIn(["config", "openshift-multiarch:builds"]);
  document.setIn(["config", "aws:endpoints"], [Object.fromEntries(["ec2", "efs", "iam", "sts"].map((name) => [name, emulator.endpoint]))]);
  writeFileSync(config, document.toString());
  writeFileSync(join(folder, "Pulumi.yaml"), readFileSync(join(checkout, "Pulumi.yaml"), "utf8"));
  const init = await pulumi(["stack", "init", "test"], { cwd: folder });
  expect(init.code, init.output).toBe(0);
  for (const key of ["pullSecret", "registryCredentials"]) {
    await pulumi(["config", "set", "--secret", key, "--stack", "test"], { cwd: folder, input: pullSecret });
  }
}, 120_000);
afterAll(() => {
  emulator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("a preview warns of what would stop the install, and goes on to what would be made", async () => {
  const { code, output } = await onStack("preview", "--suppress-progress");
  expect(output).toContain("warning: pulumi up will stop before the install, hosted zone: the account has no zone rehearsal.test");
  expect(output).toMatch(/Before the install: 1 problem, 0 warnings, 0 not checked, \d+ ok\./);
  expect(output).toContain("cluster-identity create");
  expect(code, output).toBe(0);
});

it("an update ends with it before any stage has run", async () => {
  const { code, output } = await up();
  expect(output).toMatch(/The install would not succeed, so nothing was made:\n\s+- hosted zone: the account has no zone rehearsal\.test/);
  expect(code).not.toBe(0);
  expect(await made()).toEqual([]);
});

it("an update with nothing in its way comes to the installer", async () => {
  await emulator.ask("route53", "create_hosted_zone", { Name: "rehearsal.test", CallerReference: "one" });
  const { output } = await up();
  expect(output).toMatch(/Before the install: 0 problems, 0 warnings, 1 not checked, \d+ ok\./);
  expect(output).toContain("The installer does not accept the settings of the cluster");
  expect((await made()).map((name) => name.split(" ").at(-1))).toEqual(["cluster-tools"]);
});

it("the next update looks again, as there is no cluster's name yet, although its tools are there", async () => {
  await emulator.ask("ec2", "create_vpc", { CidrBlock: "10.9.0.0/16" });
  for (let n = 0; n < 3; n++) await emulator.ask("ec2", "create_vpc", { CidrBlock: `10.${n}.0.0/16` });
  const { output } = await up();
  expect(output).toMatch(/The install would not succeed, so nothing was made:\n\s+- quota of VPCs: 5 allowed, 5 in use, 1 needed/);
});
