import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Settings } from "../../config";
import { preflight } from "../../preflight";
import type { Request } from "../../preflight/checks";
import { type Finding, ok, problem, unchecked, warning } from "../../preflight/finding";
import { settingsOf } from "./settings";

const look = vi.hoisted(() => vi.fn<(request: Request, credentials: Record<string, string>) => Promise<Finding[]>>());
vi.mock("../../preflight/look", () => ({ look }));

const log = { info: vi.spyOn(pulumi.log, "info"), warn: vi.spyOn(pulumi.log, "warn"), error: vi.spyOn(pulumi.log, "error") };
beforeEach(() => {
  for (const spy of Object.values(log)) spy.mockReset().mockResolvedValue();
});
afterEach(() => look.mockReset());
const said = (how: keyof typeof log) => log[how].mock.calls.map(([text]) => text);

const plain = settingsOf();
const settings = {
  ...plain,
  cluster: { ...plain.cluster, pullSecret: pulumi.secret("pull hunter2"), credentials: { profile: "work", others: [] } },
  namespace: {
    ...plain.namespace,
    registryCredentials: pulumi.secret("registry hunter2"),
    buildSecrets: { app: pulumi.secret({ token: "hunter3" }) },
    npmrc: pulumi.secret("hunter3"),
    gitCredentials: pulumi.secret({ ".git-credentials": "git hunter2" }),
    buildGitCredentials: { app: pulumi.secret({ ".git-credentials": "build hunter2" }) },
  },
} as unknown as Settings;

async function run(preview: boolean): Promise<void> {
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "x", state: {} }), call: () => ({}) }, "openshift-multiarch", "prod", preview);
  pulumi.runtime.setAllConfig({ "aws:allowedAccountIds": '["123456789012"]' });
  await preflight(settings, "123456789012");
}
const findings = [ok("a", "fine"), warning("b", "hm"), unchecked("c", "why not"), problem("d", "no"), problem("e", "neither")];

it.each([true, false])("is silent but for a note when all is well, with preview %s", async (preview) => {
  look.mockResolvedValue([ok("a", "fine"), ok("b", "fine")]);
  await run(preview);
  expect(said("info")).toEqual([
    "Before the install: 0 problems, 0 warnings, 0 not checked, 2 ok. All of it is printed by npm run preflight -- prod",
  ]);
  expect([...said("warn"), ...said("error")]).toEqual([]);
});

it("a preview warns of everything that it finds, and goes on", async () => {
  look.mockResolvedValue(findings);
  await run(true);
  expect(said("warn")).toEqual([
    "Before the install, b: hm",
    "Before the install, c: why not",
    "pulumi up will stop before the install, d: no",
    "pulumi up will stop before the install, e: neither",
  ]);
});

it("an update ends with all problems at once, and warns of the rest", async () => {
  look.mockResolvedValue(findings);
  await expect(run(false)).rejects.toThrow(/^The install would not succeed, so nothing was made:\n {2}- d: no\n {2}- e: neither$/);
  expect(said("warn")).toEqual(["Before the install, b: hm", "Before the install, c: why not"]);
});

it.each([true, false])("what could not be looked at at all is warned of and stops nothing, with preview %s", async (preview) => {
  look.mockRejectedValue(new Error("no node"));
  await run(preview);
  expect(said("warn")).toEqual(["Nothing was looked at before the install: no node"]);
});

it("everything that is to be looked at is handed over, and no other secret", async () => {
  look.mockResolvedValue([]);
  await run(true);
  const [request, credentials] = look.mock.calls[0] ?? [];
  expect(credentials).toMatchObject({ AWS_REGION: "eu-west-3", AWS_PROFILE: "work", AWS_ACCESS_KEY_ID: "" });
  expect(request).toMatchObject({
    account: "123456789012",
    allowedAccounts: ["123456789012"],
    pullSecret: "pull hunter2",
    registryCredentials: "registry hunter2",
    gitCredentials: { ".git-credentials": "git hunter2" },
    buildGitCredentials: { app: { ".git-credentials": "build hunter2" } },
    settings: { cluster: { name: "lab", region: "eu-west-3" }, pools: [{}, {}], namespace: { insecureRegistries: [] } },
  });
  // As it travels.
  expect(JSON.stringify(request)).not.toContain("hunter3");
});
