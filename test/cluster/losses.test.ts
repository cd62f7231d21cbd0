import { describe, expect, it } from "vitest";
import { type Before, losses, type Now } from "../../cluster/losses";

const amd64 = { architecture: "amd64" as const, instanceType: "m6a.2xlarge", zones: [{ name: "eu-west-3a", replicas: 2 }] };
const arm64 = {
  architecture: "arm64" as const,
  instanceType: "m7g.2xlarge",
  zones: [
    { name: "eu-west-3a", replicas: 0 },
    { name: "eu-west-3b", replicas: 1 },
    { name: "eu-west-3c", replicas: 2 },
  ],
};
const before: Before = { pools: [amd64, arm64], buildNamespace: "builds" };
const now = (change: Partial<Now> = {}): Now => ({
  pools: [amd64, arm64],
  namespace: { name: "builds" },
  builds: [{ name: "a" }],
  cluster: { name: "lab", baseDomain: "example.com" },
  ...change,
});
const lost = "a build that runs there fails: the next pulumi up repeats it";

describe("nothing is said", () => {
  it("of a stack whose last update left nothing, and of one that keeps what it has", () => {
    expect(losses({}, now())).toEqual([]);
    expect(losses(before, now())).toEqual([]);
  });

  it("of what changes in place, and of another number of machines, which the plan shows", () => {
    const fewer = { ...arm64, zones: arm64.zones.map(({ name }) => ({ name, replicas: 0 })) };
    expect(losses(before, now({ pools: [amd64, fewer] }))).toEqual([]);
    expect(losses(before, now({ pools: [arm64, amd64] }))).toEqual([]);
  });

  it("of machines that are not there: a pool at 0 is replaced, or goes, without a loss", () => {
    const empty = { ...amd64, zones: [{ name: "eu-west-3a", replicas: 0 }] };
    expect(losses({ pools: [empty] }, now({ pools: [{ ...empty, instanceType: "m6a.xlarge" }] }))).toEqual([]);
    expect(losses({ pools: [empty] }, now({ pools: [] }))).toEqual([]);
  });
});

describe("machines that are replaced", () => {
  it("are named by zone, with what was and what will be, and for how long the architecture has no node", () => {
    const pools = [amd64, { ...arm64, instanceType: "m7g.xlarge" }];
    expect(losses(before, now({ pools }))).toEqual([
      `The pool workers-arm64 has another instanceType (m7g.2xlarge before, m7g.xlarge now), which only new machines take: 3 machines (1 in eu-west-3b, 2 in eu-west-3c) will be drained and deleted first, and ${lost}. For about 10 minutes, and at most 30 after the old ones are gone, there is no arm64 node, and builds wait for one.`,
    ]);
  });

  it("leave amd64 to the control plane, which takes builds", () => {
    const pools = [{ ...amd64, rootVolume: { type: "gp3" as const, size: 200 } }, arm64];
    expect(losses(before, now({ pools }))).toEqual([
      `The pool workers-amd64 has another rootVolume (the installer's before, {"type":"gp3","size":200} now), which only new machines take: 2 machines (2 in eu-west-3a) will be drained and deleted first, and ${lost}. For about 10 minutes, and at most 30 after the old ones are gone, amd64 runs on the control plane alone.`,
    ]);
  });

  it("are followed by none where the pool goes to 0 at the same time", () => {
    const pools = [{ ...amd64, instanceType: "m6a.xlarge", zones: [{ name: "eu-west-3a", replicas: 0 }] }, arm64];
    expect(losses(before, now({ pools }))).toEqual([expect.stringMatching(/will be drained and deleted first, and .* repeats it\.$/)]);
  });

  it("have both settings in one sentence, and none of it for a volume that is described in another order", () => {
    const with200 = { ...amd64, rootVolume: { type: "gp3" as const, size: 200 } };
    const turned = { ...with200, rootVolume: { size: 200, type: "gp3" as const } };
    expect(losses({ pools: [with200] }, now({ pools: [turned] }))).toEqual([]);
    const other = { ...with200, instanceType: "m6a.xlarge", rootVolume: { type: "gp3" as const, size: 300 } };
    expect(losses({ pools: [with200] }, now({ pools: [other] }))).toEqual([
      expect.stringContaining(
        'another instanceType (m6a.2xlarge before, m6a.xlarge now) and rootVolume ({"type":"gp3","size":200} before, {"type":"gp3","size":300} now)',
      ),
    ]);
  });
});

describe("what goes", () => {
  it("is a whole pool, with its machines", () => {
    expect(losses(before, now({ pools: [amd64] }))).toEqual([
      `The pool workers-arm64 is no longer among \`pools\`: 3 machines (1 in eu-west-3b, 2 in eu-west-3c) will be drained and deleted, and ${lost}.`,
    ]);
  });

  it("is a zone of a pool, with those of its machines that are there", () => {
    const pools = [amd64, { ...arm64, zones: arm64.zones.slice(1, 2) }];
    expect(losses(before, now({ pools }))).toEqual([`The pool workers-arm64 loses 2 machines (2 in eu-west-3c), and ${lost}.`]);
  });

  it("is a namespace, with all that is in it", () => {
    expect(losses(before, now({ namespace: { name: "other" } }))).toEqual([
      "namespace.name was builds and is other: the namespace builds is deleted with all that is in it, the history of runs with their logs and volumes, and whatever others have put there. The image is built anew in the other one; what the registry has stays.",
    ]);
    const builds = [{ name: "a" }, { name: "b" }, { name: "c" }];
    expect(losses(before, now({ namespace: { name: "other" }, builds }))).toEqual([
      expect.stringContaining("All 3 images are built anew in the other one"),
    ]);
  });

  it("is the address of the webhooks with a namespace, where a build waits for them: the new one is named", () => {
    const builds = [{ name: "a" }, { name: "b", trigger: "gitlab" as const }];
    expect(losses(before, now({ namespace: { name: "other" }, builds }))).toEqual([
      expect.stringMatching(
        /stays\. The webhooks of the repositories have to be sent to https:\/\/webhooks-other\.apps\.lab\.example\.com from then on, with the same secret\.$/,
      ),
    ]);
  });
});
