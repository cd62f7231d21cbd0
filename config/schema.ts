import * as z from "zod";
import { architectures, isInstanceType, isLargeEnoughForNode, machineArchitecture } from "./architecture";
import { defaults } from "./defaults";
import { isImageToPush, isPinnedImage, withTag } from "./images";
import { parseNetwork } from "./networks";
import { nearest } from "./suggest";
import { clusterTagProblem, fileSystemTagProblem } from "./tags";

/** Minor versions of OpenShift 4 whose installer this program knows. */
const supportedMinors = { first: 15, last: 22 } as const;

// The error text of every part says what would be right; `parseSettings` puts key and value in front of it.

const text = (pattern: RegExp, right: string) => z.string({ error: right }).regex(pattern, { error: right });
const whole = (right: string, min: number, max: number) => z.int({ error: right }).min(min, { error: right }).max(max, { error: right });

/** One of several words; another that resembles one of them, or is known to mean it, is answered with that one. */
const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words, right = `one of ${words.join(", ")}`, meant = {}) =>
  z.enum(words, {
    error: ({ input }) => {
      const word =
        typeof input === "string" ? (new Map(Object.entries<string>(meant)).get(input.toLowerCase()) ?? nearest(input, words)) : undefined;
      return word ? `${right}; did you mean ${word}?` : right;
    },
  });

const label = "lower-case letters, digits and dashes, with a letter first";
const instanceTypeText = 'an EC2 instance type such as "m6a.2xlarge" (amd64) or "m7g.2xlarge" (arm64)';
const instanceType = z.string({ error: instanceTypeText }).refine(isInstanceType, { error: instanceTypeText });
// Names of Local Zones (us-west-2-lax-1a) and Wavelength Zones have more parts; EFS and the default volumes are not in all of them.
export const zoneName = text(
  /^[a-z]{2,4}(?:-[a-z]+)+-\d[a-z]$/,
  'the name of an availability zone such as "eu-west-3a", neither a zone id nor a Local or Wavelength Zone',
);
const cidr = z.string({ error: 'an IPv4 network such as "10.0.0.0/16"' }).refine((value) => parseNetwork(value) !== undefined, {
  error: 'an IPv4 network such as "10.0.0.0/16", with no bit set behind the prefix',
});

const volumeTypes = ["gp3", "gp2", "io1", "io2"] as const;
const rootVolume = (minimum: number) =>
  z.strictObject(
    {
      type: oneOf(volumeTypes).default("gp3"),
      size: whole(`the size in GiB, from ${minimum} to 16384`, minimum, 16384),
      iops: whole("operations a second, from 100 to 64000", 100, 64000).optional(),
    },
    { error: "an object with type, size (GiB) and iops" },
  );

const tags = (wrong: (key: string, value: string) => string | undefined, right: string) =>
  z.record(z.string(), z.string({ error: right }), { error: "an object of tag keys and texts" }).superRefine((value, context) => {
    for (const [key, text] of Object.entries(value)) {
      const message = wrong(key, text);
      if (message) context.addIssue({ code: "custom", path: [key], message });
    }
  });

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

const httpsUrl = (right: string, path: boolean) =>
  z.string({ error: right }).refine(
    (value) => {
      if (!URL.canParse(value)) return false;
      const url = new URL(value);
      // An @ or a ? may also stand where the parser sees neither user nor query.
      return url.protocol === "https:" && !/[@?#\s]/.test(value) && (path || url.pathname === "/");
    },
    { error: right },
  );

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
    protect: z
      .boolean({
        error:
          "true, or false for a cluster that pulumi destroy may remove: pulumi config set --path cluster.protect false, pulumi up, pulumi destroy",
      })
      .default(defaults.protect),
    destroyMinutes: whole("minutes that the removal of the cluster may take, from 10 to 600", 10, 600).default(defaults.destroyMinutes),
  },
  { error: "an object with at least name, baseDomain and version" },
);

/** What other tools call the architectures. */
const otherNames = { [machineArchitecture.amd64]: "amd64", "x86-64": "amd64", x64: "amd64", [machineArchitecture.arm64]: "arm64" };
export const pool = z.strictObject(
  {
    architecture: oneOf(architectures, undefined, otherNames),
    instanceType: instanceType.refine(isLargeEnoughForNode, {
      error: "a size of large or more: a node of OpenShift needs 2 vCPUs and 8 GiB",
    }),
    zones: z
      .array(
        z.strictObject(
          { name: zoneName, replicas: whole("the number of nodes in the zone, from 0 to 100", 0, 100).default(0) },
          { error: 'an object with name and replicas, such as {name: "eu-west-3a", replicas: 1}' },
        ),
        { error: "a list of objects with name and replicas" },
      )
      .min(1, { error: "at least one zone" }),
    rootVolume: rootVolume(100).optional(),
  },
  { error: "an object with architecture, instanceType and zones" },
);

const lifecycles = [1, 7, 14, 30, 60, 90, 180, 270, 365].map((days) => `AFTER_${days}_DAY${days === 1 ? "" : "S"}`);
const fileSystem = z
  .strictObject(
    {
      lifecycle: oneOf(["NEVER", ...lifecycles], `when unused files move to the cheaper class: NEVER, ${lifecycles.join(", ")}`).default(
        defaults.fileSystem.lifecycle,
      ),
      tags: tags(fileSystemTagProblem, "a text").default({}),
    },
    { error: "an object with lifecycle and tags" },
  )
  .prefault({});

export const pipelines = z
  .strictObject(
    {
      // Before 1.14 the operator does not know the feature that lets the pods of a run be on different nodes.
      channel: text(
        /^(?:latest|pipelines-1\.(?:1[4-9]|[2-9]\d))$/,
        '"latest" or a channel of OpenShift Pipelines from "pipelines-1.14" on, such as "pipelines-1.21"',
      ).default(defaults.pipelines.channel),
      keep: whole("the number of finished runs of a build to keep, from 3 to 1000", 3, 1000).default(defaults.pipelines.keep),
    },
    { error: "an object with channel and keep" },
  )
  .prefault({});

const taskImage = (image: string) =>
  z
    .string({ error: `an image with registry and tag or digest, such as "${image}"` })
    .refine(isPinnedImage, {
      error: `an image with registry and tag or digest, such as "${image}"`,
    })
    .default(image);
export const namespace = z
  .strictObject(
    {
      name: text(
        /^(?!default$|openshift$|openshift-|kube-)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
        `${label}, at most 63 characters, not one of the cluster's own (openshift-*, kube-*, default)`,
      ).default(defaults.namespace.name),
      taskImages: z
        .strictObject(
          {
            buildah: taskImage(defaults.namespace.taskImages.buildah),
            nodejs: taskImage(defaults.namespace.taskImages.nodejs),
            maven: taskImage(defaults.namespace.taskImages.maven),
          },
          { error: "an object with buildah, nodejs and maven" },
        )
        .prefault({}),
    },
    { error: "an object with name and taskImages" },
  )
  .prefault({});

const insideRepository = (right: string) =>
  z
    .string({ error: right })
    .refine(
      (value) => /^[A-Za-z0-9._@+/-]+$/.test(value) && !value.startsWith("/") && !value.startsWith("-") && !value.split("/").includes(".."),
      {
        error: right,
      },
    );
const pipelineKinds = ["containerfile", "nodejs", "quarkus"] as const;
const gitUrlText =
  'an https://, http:// or git:// address without user, password, query or fragment, such as "https://github.com/example/app.git"';
export const build = z.strictObject(
  {
    name: text(/^(?=.{1,40}$)[a-z](?:[a-z0-9-]*[a-z0-9])?$/, `${label}, at most 40 characters`),
    pipeline: oneOf(pipelineKinds),
    repository: z.string({ error: gitUrlText }).refine(
      (value) => {
        return /^(?:https?|git):\/\/[^\s/@?#]+\/[^\s?#]+$/.test(value) && URL.canParse(value);
      },
      { error: gitUrlText },
    ),
    revision: text(/^(?!-)(?!.*\.\.)[A-Za-z0-9._/+@-]{1,250}$/, "a branch, a tag or a commit").default(defaults.build.revision),
    context: insideRepository("a folder of the repository, relative and without ..").default(defaults.build.context),
    containerfile: insideRepository("a file below the context, relative and without ..").default(defaults.build.containerfile),
    image: z
      .string({ error: 'where to push, such as "quay.io/example/app:latest"' })
      .refine(isImageToPush, {
        error: 'registry, lower-case repository and tag, without a digest, such as "quay.io/example/app:latest"',
      })
      .transform(withTag),
  },
  { error: "an object with name, pipeline, repository and image" },
);

/** A stack's whole configuration, but for its secrets. */
export const schema = z.strictObject({
  cluster,
  pools: z.array(pool, { error: "a list with one object for each architecture" }).min(1, { error: "at least one pool" }),
  fileSystem,
  pipelines,
  namespace,
  builds: z.array(build, { error: "a list of objects with name, pipeline, repository and image" }).default([]),
});

/** Names that the object at a path of the configuration may have. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  let part: z.core.$ZodType = schema;
  for (const key of [...path, undefined]) {
    while ("innerType" in part._zod.def) part = part._zod.def.innerType as z.core.$ZodType;
    if (key === undefined) break;
    if (part instanceof z.ZodArray) part = part.element as z.core.$ZodType;
    else if (part instanceof z.ZodObject) part = part.shape[String(key)] as z.core.$ZodType;
  }
  return part instanceof z.ZodObject ? Object.keys(part.shape) : [];
}
