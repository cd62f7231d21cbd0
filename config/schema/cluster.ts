import * as z from "zod";
import { defaults } from "../defaults";
import { parseNetwork } from "../networks";
import { clusterTagProblem } from "../tags";
import { instanceType, rootVolume, zoneName } from "./machines";
import { httpsUrl, label, tags, text, whole } from "./parts";

/** Minor versions of OpenShift 4 whose installer this program knows. */
const supportedMinors = { first: 15, last: 22 } as const;

const versionText = `a full OpenShift version from 4.${supportedMinors.first} to 4.${supportedMinors.last}, in quotes, such as "4.19.42"`;
const version = z.string({ error: versionText }).refine((value) => {
  const minor = minorOf(value);
  return minor !== undefined && minor >= supportedMinors.first && minor <= supportedMinors.last;
}, versionText);

/** The 19 of "4.19.42"; undefined for what is no version of OpenShift 4. */
export function minorOf(version: unknown): number | undefined {
  const minor = typeof version === "string" ? /^4\.(0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-rc\.\d+)?$/.exec(version)?.[1] : undefined;
  return minor === undefined ? undefined : Number(minor);
}

const cidr = z.string({ error: 'an IPv4 network such as "10.0.0.0/16"' }).refine((value) => parseNetwork(value) !== undefined, {
  error: 'an IPv4 network such as "10.0.0.0/16", with no bit set behind the prefix',
});

const sshKeyText = 'one public SSH key, such as "ssh-ed25519 AAAA... you@example.com"';
/** The types of OpenSSH but for DSA, which a node's sshd no longer takes; the key itself begins with the name of its type. */
function isPublicKey(text: string): boolean {
  const [, type = "", key = ""] =
    /^(ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) ([A-Za-z0-9+/]+=*)(?: .*)?\n?$/.exec(
      text,
    ) ?? [];
  const bytes = Buffer.from(key, "base64");
  return (
    type !== "" &&
    bytes.length > type.length + 8 &&
    bytes.readUInt32BE(0) === type.length &&
    bytes.toString("latin1", 4, 4 + type.length) === type
  );
}

export const cluster = z.strictObject(
  {
    name: text(/^(?=.{1,54}$)[a-z](?:[a-z0-9-]*[a-z0-9])?$/, `${label}, at most 54 characters, such as "multiarch"`).refine(
      (name) => !/^(?:sg|internal)(?:-|$)/.test(name),
      // EC2 keeps "sg-" for ids, Elastic Load Balancing "internal-" for its own names.
      {
        error:
          'another name: those of the cluster\'s objects in AWS begin with it, and AWS takes none that begins with "sg-" or "internal-"',
      },
    ),
    // The longest name below it is console-openshift-console.apps.<name>.<baseDomain>; a name in DNS has at most 253 characters.
    baseDomain: text(
      /^(?=.{4,160}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/,
      'the name of a public hosted zone of the account, such as "example.com"',
    ),
    version,
    controlPlane: z
      .strictObject(
        {
          instanceType: instanceType.default(defaults.controlPlane.instanceType),
          zone: zoneName.optional(),
          rootVolume: rootVolume(120).default(defaults.controlPlane.rootVolume),
        },
        { error: "an object with instanceType, zone and rootVolume" },
      )
      .prefault({}),
    networks: z
      .strictObject(
        {
          machine: cidr.default(defaults.networks.machine),
          cluster: cidr.default(defaults.networks.cluster),
          hostPrefix: whole("the prefix of one node's part of the cluster network, from 16 to 28", 16, 28).default(
            defaults.networks.hostPrefix,
          ),
          service: cidr.default(defaults.networks.service),
        },
        { error: "an object with machine, cluster, hostPrefix and service" },
      )
      .prefault({}),
    tags: tags(clusterTagProblem, "a text")
      .refine((value) => Object.keys(value).length <= 25, { error: "at most 25 tags" })
      .default({}),
    sshKey: z.string({ error: sshKeyText }).refine(isPublicKey, { error: sshKeyText }).optional(),
    serviceEndpoints: z
      .array(
        z.strictObject(
          {
            name: text(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'the name of an AWS service, such as "ec2"'),
            url: httpsUrl("an https:// address without a path (the installer accepts nothing else)", false),
          },
          { error: "an object with name and url" },
        ),
        { error: "a list of objects with name and url" },
      )
      .optional(),
    mirror: httpsUrl(`an https:// address that holds openshift-v4, such as "${defaults.mirror}"`, true).default(defaults.mirror),
    destroyMinutes: whole("minutes that the removal of the cluster may take, from 10 to 600", 10, 600).default(defaults.destroyMinutes),
  },
  { error: "an object with at least name, baseDomain and version" },
);
