import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { leaks, testSecret } from "../leaks";

const checkout = join(__dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-test-preflight-"));
const secret = testSecret("registry password");
const login = JSON.stringify({ auths: { "quay.io": { auth: Buffer.from(`user:${secret}`).toString("base64") } } });

/** What `pulumi config --json --show-secrets` prints of Pulumi.dev.yaml, as the real one does: objects as JSON in a text. */
function configured(change: Record<string, unknown> = {}): string {
  const { config } = parse(readFileSync(join(checkout, "Pulumi.dev.yaml"), "utf8")) as { config: Record<string, unknown> };
  const secrets = { "openshift-multiarch:pullSecret": login, "openshift-multiarch:registryCredentials": login };
  // Nothing of the outside is asked for.
  const all = { ...config, "openshift-multiarch:builds": [], ...secrets, ...change };
  const entries = Object.entries(all).map(([key, value]) => {
    const open = typeof value === "string" ? { value } : { value: JSON.stringify(value), objectValue: value };
    return [key, { ...open, secret: key in secrets }];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

beforeAll(() => {
  mkdirSync(join(folder, "bin"));
  const stub = `#!/bin/sh
[ "$*" = "config --json --show-secrets --stack prod --non-interactive --color never" ] || { echo "error: no stack named '$5' found" >&2; exit 6; }
cat '${folder}/config.json'
`;
  writeFileSync(join(folder, "bin", "pulumi"), stub, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

function preflight(config: string, ...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  writeFileSync(join(folder, "config.json"), config);
  const child = spawn(process.execPath, ["--import", "tsx", join(checkout, "review", "cli.ts"), "preflight", ...words], {
    cwd: checkout,
    env: {
      PATH: `${folder}/bin:${join(checkout, "test/infra/stubs")}:${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: folder,
      STUB: folder,
      // The stack's own, of which nobody but pulumi has to know.
      PULUMI_CONFIG_PASSPHRASE: secret,
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    },
  });
  const ended = { code: null as number | null, stdout: "", stderr: "" };
  child.stdout.on("data", (text) => {
    ended.stdout += text;
  });
  child.stderr.on("data", (text) => {
    ended.stderr += text;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ ...ended, code })));
}

it("prints a line for each look and their number, and ends with 1 when there is a problem", async () => {
  const { code, stdout, stderr } = await preflight(configured(), "prod");
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^problem {6}AWS credentials: openshift-install would find none/m);
  expect(stdout).toMatch(/^ok {11}OpenShift 4\.20\.33: .*openshift-install and .*oc are of it$/m);
  expect(stdout).toMatch(/^problem {6}pull secret: it has no entry for registry\.redhat\.io/m);
  expect(stdout).toMatch(/\n\n2 problems, 0 warnings, 1 not checked, \d+ ok\n$/);
  expect(code).toBe(1);
  // The environment of what it starts is in the stub's folder.
  const told = readFileSync(join(folder, "environment"), "utf8");
  expect(leaks([stdout, told], { secret })).toEqual([]);
});

it.each([
  ["a configuration with a mistake", configured({ "openshift-multiarch:pools": [] }), ["prod"], "pools is []; expected at least one pool"],
  ["a stack that there is not", configured(), ["none"], "no stack named 'none' found"],
  ["no name", configured(), [], "preflight takes the name of one stack"],
  ["two names", configured(), ["a", "b"], "preflight takes the name of one stack"],
  ["an option for pulumi", configured(), ["prod", "--", "--diff"], "preflight has no options for pulumi"],
])("ends with 2 and one message for %s", async (_, config, words, message) => {
  const { code, stdout, stderr } = await preflight(config, ...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^\s+at /m);
});

it("says what it is for with --help", async () => {
  expect(await preflight(configured(), "--help")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^npm run preflight -- STACK\n/),
  });
});
