import * as z from "zod";
import { controlPlanePattern, typesOf } from "../architecture";
import { defaults } from "../defaults";
import { longestHostPrefix, machinePrefixes, servicePrefixes } from "../network-checks";
import { networkPattern, parseNetwork } from "../networks";
import { isSshKey, isWholeSshKey, sshKeyPattern } from "../ssh-key";
import { clusterTagProblem, clusterTags } from "../tags";
import { controlPlaneType, instanceType, rootVolume, wrongArchitecture, zoneName } from "./machines";
import { httpsUrl, label, oneOf, tags, text, whole } from "./parts";

/** Minor versions of OpenShift 4 whose installer this program knows. */
const supportedMinors = { first: 15, last: 22 } as const;
const supported = Array.from({ length: supportedMinors.last - supportedMinors.first + 1 }, (_, i) => supportedMinors.first + i);

const versionText = `a full OpenShift version from 4.${supportedMinors.first} to 4.${supportedMinors.last}, in quotes, such as "4.19.42"`;
const version = z
  .string({ error: versionText })
  .refine((value) => {
    const minor = minorOf(value);
    return minor !== undefined && minor >= supportedMinors.first && minor <= supportedMinors.last;
  }, versionText)
  .meta({
    description:
      "What is installed, and what a running cluster is updated to: a later version that its channel offers. A number with a dot is another one in YAML (4.20 is 4.2), so in quotes.",
    pattern: `^4\\.(?:${supported.join("|")})\\.(?:0|[1-9]\\d*)(?:-rc\\.\\d+)?$`,
    examples: ["4.20.33"],
  });

/** The 19 of "4.19.42"; undefined for what is no version of OpenShift 4. */
export function minorOf(version: unknown): number | undefined {
  const minor = typeof version === "string" ? /^4\.(0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-rc\.\d+)?$/.exec(version)?.[1] : undefined;
  return minor === undefined ? undefined : Number(minor);
}

const network = (value: string, description: string, prefixes?: { pattern: string; right: string }) =>
  z
    .string({ error: 'an IPv4 network such as "10.0.0.0/16"' })
    .refine((text) => parseNetwork(text) !== undefined, {
      error: 'an IPv4 network such as "10.0.0.0/16", with no bit set behind the prefix',
    })
    .default(value)
    .meta({
      description,
      pattern: networkPattern,
      ...(prefixes && { allOf: [{ pattern: prefixes.pattern, errorMessage: prefixes.right }] }),
      examples: [value.replace(/^(10|172)\.\d+/, "$1.20")],
    });

/** openshift-install takes 25 (pkg/types/aws/validation/platform.go), and one is the program's own. */
const mostClusterTags = 24;
const sshKeyText = 'one public SSH key, such as "ssh-ed25519 AAAA... you@example.com"';

const controlPlane = z
  .strictObject(
    {
      instanceType: instanceType.default(defaults.controlPlane.instanceType).meta({
        description: "EC2 instance type of the only control plane node; the bootstrap machine of the install has the same.",
        // As crossCheck has it.
        allOf: [
          { pattern: typesOf.amd64, errorMessage: wrongArchitecture("amd64") },
          {
            pattern: "\\.(?:[2-9]xlarge|[1-9]\\d{1,2}xlarge|metal(?:-\\d+xl)?)$",
            errorMessage: "a 2xlarge or larger: a single-node control plane needs 8 vCPUs",
          },
          { pattern: controlPlanePattern.source, errorMessage: controlPlaneType },
        ],
        examples: ["m6a.4xlarge"],
      }),
      zone: zoneName.optional().meta({
        description: "Availability zone of the control plane; without it the first zone of the amd64 pool, else of the first pool.",
        examples: ["eu-west-3c"],
      }),
      rootVolume: rootVolume(120)
        .default(defaults.controlPlane.rootVolume)
        .meta({
          description: "Disk of the control plane, which etcd shares with what runs on the node.",
          examples: [{ type: "io2", size: 200, iops: 8000 }],
        }),
    },
    { error: "an object with instanceType, zone and rootVolume" },
  )
  .prefault({})
  .meta({ description: "The control plane: one node, amd64." });

const networks = z
  .strictObject(
    {
      machine: network(
        defaults.networks.machine,
        "Network of the VPC, which the installer cuts into subnets: a prefix of at least 16.",
        machinePrefixes,
      ),
      cluster: network(defaults.networks.cluster, "Network of the pods."),
      hostPrefix: whole(
        `the prefix of one node's part of the cluster network, from 16 to ${longestHostPrefix} (128 addresses for the pods of a node)`,
        16,
        longestHostPrefix,
      )
        .default(defaults.networks.hostPrefix)
        .meta({
          description: "Prefix of each node's part of the cluster network; 23 leaves a node 510 addresses.",
          unit: "bits",
          examples: [24],
        }),
      service: network(defaults.networks.service, "Network of the services: a prefix from 12 to 24.", servicePrefixes),
    },
    { error: "an object with machine, cluster, hostPrefix and service" },
  )
  .prefault({})
  .meta({ description: "Networks of the cluster, which share no address with each other." });

const serviceEndpoint = z.strictObject(
  {
    name: text(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'the name of an AWS service, such as "ec2"').meta({
      description: "Service of AWS, as openshift-install names it.",
      examples: ["ec2"],
    }),
    url: httpsUrl("an https:// address without a path (the installer accepts nothing else)", false).meta({
      description: "Address of the service.",
      examples: ["https://ec2.example.com"],
    }),
  },
  { error: "an object with name and url" },
);

export const cluster = z
  .strictObject(
    {
      name: text(/^(?=.{1,54}$)[a-z](?:[a-z0-9-]*[a-z0-9])?$/, `${label}, at most 54 characters, such as "multiarch"`)
        .regex(/^(?!(?:sg|internal)(?:-|$))/, {
          // EC2 keeps "sg-" for ids, Elastic Load Balancing "internal-" for its own names.
          error:
            'another name: those of the cluster\'s objects in AWS begin with it, and AWS takes none that begins with "sg-" or "internal-"',
        })
        .meta({
          description:
            "Name of the cluster, first part of its domain: the API is at api.<name>.<baseDomain>. All its objects in AWS begin with it.",
          examples: ["multiarch"],
        }),
      // The longest name below it is console-openshift-console.apps.<name>.<baseDomain>; a name in DNS has at most 253 characters.
      baseDomain: text(
        /^(?=.{4,160}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/,
        'the name of a public hosted zone of the account, such as "example.com"',
      ).meta({
        description: "Public hosted zone (Route 53) of the account, in which the installer makes the cluster's names.",
        examples: ["example.com"],
      }),
      version,
      controlPlane,
      networks,
      tags: tags(clusterTagProblem, clusterTags)
        .refine((value) => Object.keys(value).length <= mostClusterTags, {
          error: ({ input }) => `at most ${mostClusterTags} tags, and these are ${Object.keys(input as object).length}`,
        })
        .default({})
        .meta({
          description: `Tags of all that the installer makes, and of the file system: at most ${mostClusterTags}. The installers of 4.15 and 4.16 take no blanks in them.`,
          maxProperties: mostClusterTags,
          examples: [{ environment: "dev" }],
        }),
      sshKey: z
        .string({ error: sshKeyText })
        .refine(isSshKey, { error: sshKeyText, abort: true })
        .refine(isWholeSshKey, { error: `${sshKeyText}: this one is damaged, not all of it, or an RSA key of less than 2048 bits` })
        .optional()
        .meta({
          description: "Public SSH key of the user core on all nodes. Without it nobody can log in to a node, other than by oc debug.",
          pattern: sshKeyPattern,
          examples: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA you@example.com"],
        }),
      serviceEndpoints: z
        .array(serviceEndpoint, { error: "a list of objects with name and url" })
        .optional()
        .meta({ description: "Other addresses of AWS services, for the installer and the cluster; one for each service." }),
      credentialsMode: oneOf(["mint", "manual"], "mint, or manual for credentials with a session token", { sts: "manual" })
        .default(defaults.credentialsMode)
        .meta({
          description:
            "How the cluster gets its credentials for AWS: mint, it makes IAM users with the installer's long-lived key, which it keeps; manual, ccoctl makes IAM roles, whose tokens hold an hour, and the installer's credentials may be temporary (OIDC, SSO, an assumed role).",
          examples: ["manual"],
        }),
      mirror: httpsUrl(`an https:// address that holds openshift-v4, such as "${defaults.mirror}"`, true)
        .default(defaults.mirror)
        .meta({ description: "Where openshift-install, oc and ccoctl are downloaded from.", examples: ["https://mirror.example.com/pub"] }),
      protect: z
        .boolean({
          error:
            "true, or false for a cluster that pulumi destroy may remove: pulumi config set --path cluster.protect false, pulumi up, pulumi destroy",
        })
        .default(defaults.protect)
        .meta({
          description: "Whether Pulumi refuses to destroy or replace the cluster and its file system.",
          examples: [false],
        }),
      destroyMinutes: whole("minutes that the removal of the cluster may take, from 10 to 600", 10, 600)
        .default(defaults.destroyMinutes)
        .meta({ description: "Time after which pulumi destroy gives up on the removal of the cluster.", unit: "minutes", examples: [120] }),
    },
    { error: "an object with at least name, baseDomain and version" },
  )
  .meta({ description: "The cluster that openshift-install makes." });
