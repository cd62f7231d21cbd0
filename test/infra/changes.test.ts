import { describe, expect, it } from "vitest";
import { type PlainClusterSettings, parseSettings } from "../../config/settings";
import { changes, refusal } from "../../infra/changes";
import type { Identity } from "../../infra/identity";
import { fixedSettings, installConfig, settingsAtInstall } from "../../infra/install-config";

const account = "123456789012";
const settings = (extra: Record<string, unknown> = {}, zones = ["eu-west-3a", "eu-west-3b"], region = "eu-west-3"): PlainClusterSettings =>
  parseSettings({
    region,
    values: {
      cluster: { name: "lab", baseDomain: "example.com", version: "4.19.42", tags: { team: "a", owner: "b" }, ...extra },
      pools: [{ architecture: "amd64", instanceType: "m6a.2xlarge", zones: zones.map((name) => ({ name })) }],
      pullSecret: '{"auths":{"quay.io":{"auth":"dTpw"},"registry.redhat.io":{"auth":"dTpw"}}}',
      registryCredentials: '{"auths":{"quay.io":{"auth":"dTpw"}}}',
    },
  }).settings.cluster;
const made = settings();
// As it comes from the state: JSON.
const identity: Identity = JSON.parse(
  JSON.stringify({
    accountId: account,
    fixed: fixedSettings(installConfig(made), made.version),
    atInstall: settingsAtInstall(installConfig(made)),
  }),
);
const compare = (now: PlainClusterSettings, caller = account, installed = true, of = identity) =>
  changes(of, installConfig(now), now.version, caller, installed);
/** As `identity`, of a cluster that was installed with another version. */
const installedWith = (version: string): Identity => ({ ...identity, fixed: { ...identity.fixed, "cluster.version": version } });

describe("the settings of a cluster that is there", () => {
  it("fit while they are what it was made with, in any order", () => {
    expect(compare(made)).toEqual({ refused: [], ignored: [] });
    expect(compare(settings({ tags: { owner: "b", team: "a" } }))).toEqual({ refused: [], ignored: [] });
  });

  it.each([
    [{ name: "other" }, 'cluster.name is "other", the cluster was made with "lab"'],
    [{ baseDomain: "example.org" }, 'cluster.baseDomain is "example.org", the cluster was made with "example.com"'],
    [{ controlPlane: { instanceType: "m6a.4xlarge" } }, 'cluster.controlPlane is {"instanceType":"m6a.4xlarge"'],
    [{ controlPlane: { rootVolume: { size: 300 } } }, 'cluster.controlPlane is {"instanceType":"m6a.2xlarge"'],
    [{ credentialsMode: "manual" }, 'cluster.credentialsMode is "manual", the cluster was made with "mint"'],
    [{ networks: { service: "172.31.0.0/16" } }, 'cluster.networks is {"machine":"10.0.0.0/16"'],
  ])("are refused when they become %j", (change, problem) => {
    const { refused, ignored } = compare(settings(change));
    expect(refused).toEqual([expect.stringContaining(problem)]);
    expect(ignored).toEqual([]);
  });

  it("fit where nothing was stored of the credentials' mode, and are refused in another one", () => {
    const { "cluster.credentialsMode": _, ...fixed } = identity.fixed;
    const before = { ...identity, fixed };
    expect(changes(before, installConfig(made), made.version, account, true).refused).toEqual([]);
    expect(changes(before, installConfig(settings({ credentialsMode: "manual" })), made.version, account, true).refused).toEqual([
      'cluster.credentialsMode is "manual", the cluster was made with "mint"',
    ]);
  });

  it("are refused as a whole when an earlier version of the program has stored them", () => {
    const { atInstall: _, ...earlier } = identity;
    expect(changes(earlier, installConfig(made), made.version, account, true).refused).toEqual([
      "the stack is of an earlier version of this program: run pulumi destroy with that one, then pulumi up with this",
    ]);
  });

  it("may have another version once the cluster is there, and not while its install is half done", () => {
    for (const version of ["4.20.1", "4.19.43", "4.19.1"]) {
      expect(compare(settings({ version }))).toEqual({ refused: [], ignored: [] });
      expect(compare(settings({ version }), account, false).refused).toEqual([
        `cluster.version is "${version}", and the install was begun with "4.19.42": set it back until an update of this stack has come to its end, and raise it then`,
      ]);
    }
  });

  it("are refused with a later minor version than that of an install with 4.15, whose security groups have other names", () => {
    const [sixteen, fifteen] = [settings({ version: "4.16.9" }), settings({ version: "4.15.9" })];
    expect(compare(sixteen, account, true, installedWith("4.15.1")).refused).toEqual([
      'cluster.version is "4.16.9", and a cluster that was installed with "4.15.1" has other security groups: oc adm upgrade updates it, and the setting stays',
    ]);
    expect(compare(fifteen, account, true, installedWith("4.15.1")).refused).toEqual([]);
    expect(compare(settings({ version: "4.17.1" }), account, true, installedWith("4.16.1")).refused).toEqual([]);
  });

  it("are refused with another region, and with credentials of another account", () => {
    const elsewhere = settings({}, ["eu-west-1a", "eu-west-1b"], "eu-west-1");
    expect(compare(elsewhere).refused).toContain('aws:region is "eu-west-1", the cluster was made with "eu-west-3"');
    expect(compare(made, "999999999999").refused).toEqual([
      "the credentials are for the AWS account 999999999999, the cluster is in 123456789012",
    ]);
  });

  it("may leave a zone out, but name no new one", () => {
    expect(compare(settings({}, ["eu-west-3a"])).refused).toEqual([]);
    expect(compare(settings({}, ["eu-west-3a", "eu-west-3c"])).refused).toEqual([
      "pools or cluster.controlPlane name the zone eu-west-3c, the cluster has subnets in eu-west-3a, eu-west-3b only, which are made at the install",
    ]);
  });

  it.each([
    [{ tags: { team: "c", owner: "b" } }, "cluster.tags has changed since the install"],
    [
      { sshKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me" },
      "cluster.sshKey has changed since the install",
    ],
    [{ serviceEndpoints: [{ name: "ec2", url: "https://ec2.example.com" }] }, "cluster.serviceEndpoints has changed since the install"],
  ])("are warned about when the cluster does not hear of %j", (change, warning) => {
    const { refused, ignored } = compare(settings(change));
    expect(refused).toEqual([]);
    expect(ignored).toEqual([expect.stringMatching(new RegExp(`^${warning}: .*(oc|AWS CLI)$`))]);
  });

  it("may change where the cluster is not concerned", () => {
    expect(compare(settings({ mirror: "https://mirror.example.com/pub", destroyMinutes: 90 }))).toEqual({ refused: [], ignored: [] });
  });
});

it("a refusal is one text, with each setting and both ways out", () => {
  expect(refusal(["a is 1, the cluster was made with 2", "b"])).toBe(
    "The cluster keeps what it was made with:\n  - a is 1, the cluster was made with 2\n  - b\nSet it back; or, for a new cluster, run pulumi state unprotect --all, pulumi destroy and then pulumi up.",
  );
});
