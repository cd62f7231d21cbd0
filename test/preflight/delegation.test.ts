import { expect, it } from "vitest";
import { delegation } from "../../preflight/delegation";
import { type Answers, resolverOf } from "./dns-server";

const own = ["ns-1.awsdns-01.org", "ns-2.awsdns-02.co.uk"];
/** What the world knows of Route 53's servers. */
const world: Record<string, Answers> = { "ns-1.awsdns-01.org": { a: ["192.0.2.1"] }, "ns-2.awsdns-02.co.uk": { a: ["192.0.2.2"] } };

async function told(zone: Record<string, Answers> | undefined, domain = "example.com", nameServers = own) {
  const { resolver, close } = await resolverOf(zone);
  try {
    const { outcome, says } = await delegation(domain, nameServers, resolver);
    return [outcome, says];
  } finally {
    close();
  }
}

it.each([
  ["the zone's own", own],
  ["the zone's own, in capitals", ["NS-1.awsdns-01.ORG", "ns-2.awsdns-02.co.uk"]],
  ["some of the zone's own", own.slice(1)],
])("a zone is delegated when its name servers are %s", async (_, ns) => {
  expect(await told({ ...world, "example.com": { ns } })).toEqual(["ok", "example.com is delegated to the zone's name servers"]);
});

it("a zone is delegated when its name servers are other names for the same addresses", async () => {
  const ns = ["ns1.example.com"];
  expect(await told({ ...world, "example.com": { ns }, "ns1.example.com": { a: ["192.0.2.2"] } })).toEqual(["ok", expect.anything()]);
  const elsewhere = { ...world, "example.com": { ns }, "ns1.example.com": { a: ["192.0.2.3"] } };
  expect(await told(elsewhere)).toEqual(["problem", expect.stringContaining("is delegated to ns1.example.com, which are not those")]);
});

it("one name server that is another's is a problem, as every other question gets lost there", async () => {
  expect(await told({ ...world, "example.com": { ns: [...own, "ns.elsewhere.net"] } })).toEqual([
    "problem",
    "example.com is delegated to ns.elsewhere.net, which are not those of the hosted zone: have the zone above example.com, or its registrar, name ns-1.awsdns-01.org, ns-2.awsdns-02.co.uk",
  ]);
});

it.each([
  ["is not there", {}],
  ["has no name servers", { "example.com": {} }],
])("a zone that %s for a resolver that knows the world is not delegated", async (_, zone) => {
  expect(await told({ ...world, ...zone })).toEqual([
    "problem",
    expect.stringMatching(/^example\.com is not delegated, .* name ns-1\.awsdns-01\.org/),
  ]);
});

it.each([2, 5])("a zone whose servers do not serve it is a problem: code %i", async (code) => {
  expect(await told({ ...world, "example.com": { code } })).toEqual([
    "problem",
    expect.stringContaining("delegated to servers that do not serve it"),
  ]);
});

it.each<Record<string, Answers>>([{}, { "example.com": { code: 2 } }])(
  "a resolver that does not know the world tells nothing: %j",
  async (zone) => {
    expect(await told(zone)).toEqual([
      "unchecked",
      expect.stringMatching(/^the resolver of this machine does not tell the name servers of example\.com \(E/),
    ]);
  },
);

it("a resolver that is silent tells nothing", async () => {
  expect(await told(undefined)).toEqual(["unchecked", expect.stringContaining("(ETIMEOUT)")]);
});

it.each(["lab.test", "example", "a.invalid", "x.localhost"])("%s is not asked for, as nobody delegates it", async (domain) => {
  expect(await told({}, domain)).toEqual(["unchecked", `${domain} is below a name that nobody delegates (RFC 6761)`]);
});
