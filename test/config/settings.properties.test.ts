import { describe, expect, it } from "vitest";
import { parseSettings } from "../../config/settings";
import { letters, rules } from "./rules";
import { base, problems, type Values, withValue } from "./values";

describe.each(Object.entries(rules))("%s", (key, { right, wrong, says }) => {
  if (right.length > 0)
    it("takes the last values that are right", () => {
      for (const value of right)
        expect([value, problems(withValue(key, value)).filter((line) => line.startsWith(`${key} `))]).toEqual([value, []]);
    });

  it("refuses the first values that are wrong, and says what would be right", () => {
    for (const value of wrong) {
      const lines = problems(withValue(key, value)).filter((line) => line.startsWith(`${key} `));
      expect([value, lines.some((line) => line.includes(`expected ${says}`))], lines.join("\n")).toEqual([value, true]);
    }
  });
});

describe("a whole configuration with only right values passes", () => {
  it.each(Object.entries(rules).flatMap(([key, { right }]) => right.map((value) => [key, value] as const)))("%s: %j", (key, value) => {
    const values = withValue(key, value);
    // What these depend on is another rule.
    if (/hostPrefix|networks|rootVolume/.test(key)) return;
    expect(problems(values)).toEqual([]);
  });
});

describe("tags", () => {
  it.each(["Name", "aws:x", "kubernetes.io/cluster/x", "openshiftClusterID", "openshift.io/x", "sigs.k8s.io/x"])(
    "leave %s to AWS and the installer",
    (key) => {
      for (const owner of ["cluster", "fileSystem"])
        expect(problems(withValue(`${owner}.tags`, { [key]: "v" }))).toEqual([expect.stringContaining(`${owner}.tags.${key} `)]);
    },
  );

  it("have keys and values of limited length, and are 24 at most", () => {
    expect(problems(withValue("cluster.tags", { [letters(129)]: "v" }))).toHaveLength(1);
    expect(problems(withValue("cluster.tags", { "": "v" }))).toHaveLength(1);
    expect(problems(withValue("cluster.tags", { a: letters(257) }))).toEqual([expect.stringContaining("a text of 1 to 256 letters")]);
    expect(problems(withValue("cluster.tags", { a: 1 }))).toEqual([expect.stringContaining("expected a text")]);
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`k${index}`, "v"]));
    expect(problems(withValue("cluster.tags", many))).toEqual([expect.stringContaining("expected at most 24 tags")]);
  });
});

describe.each([
  ["cluster.controlPlane.rootVolume", "cluster.controlPlane"],
  ["pools[0].rootVolume", "pools[0]"],
])("%s", (key) => {
  const of = (volume: Values) => problems(withValue(key, volume));
  const iops = `${key}.iops`;

  it.each([
    [{ type: "gp3", size: 200 }],
    [{ size: 200 }],
    [{ type: "gp2", size: 200 }],
    [{ type: "gp3", size: 200, iops: 3000 }],
    [{ size: 200, iops: 16000 }],
    [{ type: "io1", size: 200, iops: 10000 }],
    [{ type: "io2", size: 128, iops: 64000 }],
  ])("%j is right", (volume) => expect(of(volume)).toEqual([]));

  it.each([
    [{ type: "gp3", size: 200, iops: 2999 }, "3000 to 16000 for gp3"],
    [{ size: 200, iops: 16001 }, "3000 to 16000 for gp3"],
    [{ type: "gp2", size: 200, iops: 3000 }, "nothing: gp2 volumes get theirs from the size; gp3 takes a number"],
    [{ type: "io1", size: 200 }, "a number: io1 volumes have no default"],
    [{ type: "io2", size: 200 }, "a number: io2 volumes have no default"],
    [{ type: "io1", size: 200, iops: 10001 }, "at most 50 for each GiB of size, here 10000"],
    [{ type: "io2", size: 127, iops: 64000 }, "at most 500 for each GiB of size, here 63500"],
  ])("%j is not: %s", (volume, says) => {
    expect(of(volume).map((line) => line.replace(/ is .*?; /, " "))).toContain(`${iops} expected ${says}`.replace(" is missing;", ""));
  });
});

describe("the region", () => {
  it.each(["eu-west-3", "us-gov-west-1", "ap-southeast-7"])("may be %s", (region) => {
    expect(problems(base(), region).filter((line) => line.startsWith("aws:region"))).toEqual([]);
  });
  it.each(["eu-west", "eu-west-33", "xxxeu-west-3", "eu-west-3a", "EU-west-3", "", 3, null])("is not %j", (region) => {
    expect(problems(base(), region)[0]).toMatch(
      `aws:region is ${JSON.stringify(region)}; expected a region such as "eu-west-3": pulumi config set aws:region eu-west-3`,
    );
  });
  it("is asked for when it is missing", () => {
    expect(problems(base(), null)[0]).toMatch(/^aws:region is null/);
    expect(() => parseSettings({ region: undefined, values: base() })).toThrow(/aws:region is missing; expected a region/);
  });
  it("has every zone, of the control plane and of the pools", () => {
    for (const key of ["cluster.controlPlane.zone", "pools[0].zones[0].name", "pools[1].zones[0].name"])
      expect(problems(withValue(key, "us-east-1a"))).toEqual([
        `${key} is "us-east-1a"; expected a zone of the region eu-west-3 (aws:region), such as "eu-west-3a"`,
      ]);
  });
});

describe("the zones", () => {
  const zones = (change: (values: Values) => void) => {
    const values = base();
    change(values);
    return parseSettings({ region: "eu-west-3", values }).settings.cluster;
  };
  it("begin with the control plane's own, else with the amd64 pool's first, else with the first pool's", () => {
    expect(zones((values) => (values.cluster.controlPlane.zone = "eu-west-3c")).controlPlane.zone).toBe("eu-west-3c");
    const none = (values: Values) => {
      delete values.cluster.controlPlane.zone;
      return values;
    };
    expect(zones((values) => none(values).pools.reverse()).controlPlane.zone).toBe("eu-west-3a");
    expect(zones((values) => none(values).pools.shift()).controlPlane.zone).toBe("eu-west-3b");
  });
  it("are each named once, in order", () => {
    expect(zones((values) => values.pools[0].zones.push({ name: "eu-west-3c" }, { name: "eu-west-3b" })).zones).toEqual([
      "eu-west-3a",
      "eu-west-3b",
      "eu-west-3c",
    ]);
  });
});

it("a file system has the cluster's tags and its own, which win", () => {
  const values = base();
  values.cluster.tags = { a: "1", b: "1" };
  values.fileSystem.tags = { b: "2" };
  expect(parseSettings({ region: "eu-west-3", values }).settings.fileSystem.tags).toEqual({ a: "1", b: "2" });
});

it("a value of more than 120 letters is not shown", () => {
  const shown = (length: number) => problems(withValue("cluster.version", letters(length)))[0];
  expect(shown(120)).toContain(`is "${letters(120)}";`);
  expect(shown(121)).toContain("is a text of 121 characters;");
});

describe("two images, builds, pools or zones", () => {
  it.each<[string, (values: Values) => void, string]>([
    ["builds of one name", (values) => values.builds.push({ ...values.builds[0], image: "quay.io/example/other:1" }), "builds[1].name"],
    ["builds of one image", (values) => values.builds.push({ ...values.builds[0], name: "other" }), "builds[1].image"],
    ["pools of one architecture", (values) => values.pools.push({ ...values.pools[1] }), "pools[2].architecture"],
    ["entries of one zone", (values) => values.pools[0].zones.push({ ...values.pools[0].zones[0] }), "pools[0].zones[1].name"],
  ])("%s are refused, the second one by name", (_, change, key) => {
    const values = base();
    change(values);
    expect(problems(values)).toEqual([expect.stringMatching(`^${key.replace(/[.[\]]/g, "\\$&")} is .*; expected an? .* \\(`)]);
  });
});

describe("networks", () => {
  it.each([
    ["machine", "10.128.0.0/16", "cluster", "machine"],
    ["service", "10.0.128.0/24", "service", "machine"],
    ["service", "10.129.0.0/16", "service", "cluster"],
  ])("%s %s overlaps another one", (name, value, key, other) => {
    expect(problems(withValue(`cluster.networks.${name}`, value))).toContainEqual(
      expect.stringMatching(`^cluster\\.networks\\.${key} is .*; expected a network that shares no address with ${other}`),
    );
  });

  it("give a node's part to four nodes at least", () => {
    const values = base();
    const at = (prefix: number, hostPrefix: number) => {
      values.cluster.networks = { cluster: `10.128.0.0/${prefix}`, hostPrefix };
      return problems(values);
    };
    expect(at(16, 18)).toEqual([]);
    expect(at(16, 17)).toEqual([
      "cluster.networks.hostPrefix is 17; expected at least 18, so that the cluster network has a part for each of 4 nodes",
    ]);
  });

  it("have a machine network that a VPC takes", () => {
    expect(problems(withValue("cluster.networks.machine", "10.0.0.0/15"))).toContainEqual(
      expect.stringMatching(/^cluster\.networks\.machine is "10\.0\.0\.0\/15"; expected a prefix of at least 16/),
    );
    expect(problems(withValue("cluster.networks.machine", "10.0.0.0/16"))).toEqual([]);
    expect(problems(withValue("cluster.networks.machine", "10.0.0.0/26"))).toContainEqual(
      expect.stringMatching(/^cluster\.networks\.machine is "10\.0\.0\.0\/26"/),
    );
  });
});

describe("what a list must have", () => {
  it.each([
    ["pools", "at least one pool"],
    ["pools[0].zones", "at least one zone"],
  ])("%s: %s", (key, says) => expect(problems(withValue(key, []))).toContainEqual(`${key} is []; expected ${says}`));
});

it("builds are none unless some are asked for", () => {
  const values = base();
  delete values.builds;
  expect(parseSettings({ region: "eu-west-3", values }).settings.builds).toEqual([]);
});

it("a zone of a region with a longer name is one", () => {
  expect(problems(withValue("cluster.controlPlane.zone", "us-gov-west-1a"))).toEqual([
    expect.stringContaining("expected a zone of the region eu-west-3"),
  ]);
});

describe("an image goes to a registry with credentials, else there is a warning", () => {
  const warnings = (host: string, image: string) => {
    const values = withValue("builds[0].image", image);
    values.registryCredentials = JSON.stringify({ auths: { [host]: { auth: Buffer.from("user:password").toString("base64") } } });
    return parseSettings({ region: "eu-west-3", values }).warnings.filter((text) => text.includes("registryCredentials"));
  };
  it.each([
    ["quay.io", "quay.io/a/b:1"],
    ["https://quay.io", "quay.io/a/b:1"],
    ["http://quay.io/v2/", "quay.io/a/b:1"],
    ["https://index.docker.io/v1/", "docker.io/a/b:1"],
  ])("%s is for %s", (host, image) => expect(warnings(host, image)).toEqual([]));
  it.each([
    ["quay.io", "docker.io/a/b:1"],
    ["index.docker.io", "quay.io/a/b:1"],
    ["quay.io", "ghcr.io/a/b:1"],
  ])("%s is not for %s", (host, image) =>
    expect(warnings(host, image)).toEqual([
      expect.stringMatching(/^builds\[0\]\.image goes to .*, for which registryCredentials has no entry/),
    ]),
  );
});
