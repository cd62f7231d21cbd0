import fc from "fast-check";
import { UserMistake } from "../../../config/mistake";
import { schema } from "../../../config/schema";
import { complete, parseSettings, type RawSettings } from "../../../config/settings";
import { type InstallConfig, installConfig } from "../../../infra/install-config";
import { sshKey, sshKeyTypes } from "../../config/refusals";
import { pullSecret, put, type Values } from "../../config/stack";
import { type Changes, stackFile } from "../../program";
import { region } from "../aws/emulator";

type InstallConfigWithSecret = InstallConfig & { readonly pullSecret?: unknown };

const own = Object.entries(stackFile("dev")).filter(([key]) => key.startsWith("openshift-multiarch:"));
/** The settings of the stack dev. */
const dev = (): Values => structuredClone(Object.fromEntries(own.map(([key, value]) => [key.replace(/^.*:/, ""), value])));

/** The installer's input for the stack dev with changes, whatever they are: our check is not asked. */
export function unchecked(changes: Changes): InstallConfigWithSecret {
  const secrets: Values = { pullSecret };
  const parsed = schema.parse(dev());
  for (const [path, value] of Object.entries(changes)) put(path in secrets ? secrets : parsed, path, value);
  return { ...installConfig(complete(parsed, region, () => false).cluster), ...secrets };
}

/** The same of what our check accepts; undefined when it refuses the changes. */
export function checked(changes: Changes): InstallConfigWithSecret | undefined {
  const values: RawSettings["values"] & Values = { ...dev(), pullSecret, registryCredentials: pullSecret };
  for (const [path, value] of Object.entries(changes)) put(values, path, value);
  try {
    return { ...installConfig(parseSettings({ region, values }).settings.cluster), pullSecret };
  } catch (error) {
    if (error instanceof UserMistake) return undefined;
    throw error;
  }
}

/** Mostly what is right. */
const mostly = <Right, Wrong>(right: fc.Arbitrary<Right>, wrong: fc.Arbitrary<Wrong>): fc.Arbitrary<Right | Wrong> =>
  fc.oneof<fc.WeightedArbitrary<Right | Wrong>[]>({ weight: 15, arbitrary: right }, { weight: 1, arbitrary: wrong });

const octet = fc.oneof(fc.constantFrom(0, 10, 64, 88, 100, 127, 128, 169, 172, 192, 224, 254), fc.integer({ min: 0, max: 255 }));
const network = fc
  .record({
    octets: fc.tuple(octet, octet, octet, octet),
    prefix: fc.integer({ min: 8, max: 30 }),
    aligned: mostly(fc.constant(true), fc.boolean()),
    zero: mostly(fc.constant(""), fc.constantFrom("", "0")),
  })
  .map(({ octets, prefix, aligned, zero }) => {
    const size = 2 ** (32 - prefix);
    const address = octets.reduce((sum, part) => sum * 256 + part, 0);
    const first = aligned ? address - (address % size) : address;
    return `${zero}${[24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256).join(".")}/${prefix}`;
  });
const likely = (...networks: string[]) => mostly(fc.constantFrom(...networks), network);

const damaged = fc
  .record({
    key: fc.constantFrom(...sshKeyTypes).map((type) => sshKey(type)),
    at: fc.nat(),
    letter: fc.constantFrom("", "A", "/", "=", " "),
  })
  .map(({ key, at, letter }) => key.slice(0, at % key.length) + letter + key.slice((at % key.length) + 1));
const letters = fc.stringMatching(/^[A-Za-z0-9 _.:/=+@-]{1,12}$/);
const tags = fc.dictionary(
  mostly(
    letters,
    fc.oneof(
      fc.constantFrom("Name", "name", "aws:a", "kubernetes.io/a", "a.openshift.io/b", "openshiftClusterID", "a".repeat(129)),
      fc.string(),
    ),
  ),
  mostly(letters, fc.oneof(fc.constantFrom("", "a,b", "é", "a".repeat(257)), fc.string())),
  { maxKeys: 4 },
);
const size = fc.integer({ min: 120, max: 16384 });
const volume = mostly(
  fc.oneof(
    fc.record({ type: fc.constant("gp3"), size, iops: fc.integer({ min: 3000, max: 16000 }) }, { requiredKeys: ["type", "size"] }),
    fc.record({ type: fc.constant("gp2"), size }),
    fc.record({ type: fc.constantFrom("io1", "io2"), size, iops: fc.integer({ min: 100, max: 6000 }) }),
  ),
  fc.record(
    {
      type: fc.constantFrom("gp3", "gp2", "io1", "io2", "standard", "st1", "GP3", ""),
      size: fc.integer({ min: -1, max: 200 }),
      iops: fc.integer({ min: -1, max: 70000 }),
    },
    { requiredKeys: ["size"] },
  ),
);
// That a zone exists only AWS knows, which the preview asks: infra/offerings.ts.
const zones = fc.uniqueArray(
  fc.record({
    name: mostly(fc.constantFrom("a", "b", "c"), fc.constantFrom("", "ab", "-par-1a")).map((letter) => `${region}${letter}`),
    replicas: fc.nat({ max: 3 }),
  }),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name },
);

/** Changes of the stack dev, right ones and ones that are slightly broken. @param types instance types of EC2 */
export const someChanges = (types: readonly string[]): fc.Arbitrary<Changes> =>
  fc.record(
    {
      "cluster.name": mostly(
        fc.stringMatching(/^[a-z]([a-z0-9-]{0,52}[a-z0-9])?$/),
        fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9-]{50,60}$/)),
      ),
      "cluster.baseDomain": mostly(fc.domain(), fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9-]{1,70}\.[a-z0-9-]{1,9}\.?$/))),
      "cluster.networks.machine": likely("10.0.0.0/16", "192.168.0.0/18", "172.20.0.0/20"),
      "cluster.networks.cluster": likely("10.128.0.0/14", "11.0.0.0/12", "172.24.0.0/14"),
      "cluster.networks.service": likely("172.30.0.0/16", "192.168.64.0/20", "198.18.0.0/15"),
      "cluster.networks.hostPrefix": mostly(fc.integer({ min: 20, max: 25 }), fc.integer({ min: 8, max: 32 })),
      "cluster.sshKey": mostly(
        fc.constantFrom(...sshKeyTypes).map((type) => sshKey(type)),
        damaged,
      ),
      "cluster.tags": tags,
      "cluster.controlPlane.rootVolume": volume,
      "cluster.controlPlane.instanceType": mostly(fc.constantFrom("m6a.2xlarge", "m7i.4xlarge", "r6a.2xlarge"), fc.constantFrom(...types)),
      "pools[0].instanceType": mostly(fc.constantFrom("m6a.large", "t3.2xlarge", "c6a.xlarge"), fc.constantFrom(...types)),
      "pools[0].zones": zones,
    },
    { requiredKeys: [] },
  );
