import * as z from "zod";
import { architectures, isInstanceType } from "./architecture";
import { defaults } from "./defaults";
import { parseNetwork } from "./networks";

/** Minor versions of OpenShift 4 whose installer this program knows. */
const supportedMinors = { first: 15, last: 22 } as const;

// The error text of every part says what would be right; `parseSettings` puts key and value in front of it.

const text = (pattern: RegExp, right: string) => z.string({ error: right }).regex(pattern, { error: right });
const whole = (right: string, min: number, max: number) => z.int({ error: right }).min(min, { error: right }).max(max, { error: right });

const label = "lower-case letters, digits and dashes, with a letter first";
const instanceType = z.string({ error: 'an EC2 instance type such as "m6a.2xlarge"' }).refine(isInstanceType, {
  error: 'an EC2 instance type such as "m6a.2xlarge" (amd64) or "m7g.2xlarge" (arm64)',
});
export const zoneName = text(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'an availability zone such as "eu-west-3a"');
const cidr = z.string({ error: 'an IPv4 network such as "10.0.0.0/16"' }).refine((value) => parseNetwork(value) !== undefined, {
  error: 'an IPv4 network such as "10.0.0.0/16", with no bit set behind the prefix',
});

const volumeTypes = ["gp3", "gp2", "io1", "io2"] as const;
const rootVolume = (minimum: number) =>
  z.strictObject(
    {
      type: z.enum(volumeTypes, { error: `one of ${volumeTypes.join(", ")}` }).default("gp3"),
      size: whole(`the size in GiB, from ${minimum} to 16384`, minimum, 16384),
      iops: whole("operations a second, from 100 to 64000", 100, 64000).optional(),
    },
    { error: "an object with type, size (GiB) and iops" },
  );

/** Where AWS keeps a tag for itself or the cluster's destroyer looks for what to delete. */
const reservedTag = /^(?:Name$|aws:|kubernetes\.io\/|openshiftClusterID$|openshift\.io\/|sigs\.k8s\.io\/)/;
const tags = z
  .record(
    z.string().regex(/^[\p{L}\p{N} _.:/=+\-@]{1,128}$/u, { error: "a tag key of 1 to 128 letters, digits and _.:/=+-@" }),
    z.string({ error: "a text" }).max(256, { error: "a text of at most 256 characters" }),
    { error: "an object of tag keys and texts" },
  )
  .superRefine((value, context) => {
    if (Object.keys(value).length > 25) context.addIssue({ code: "custom", message: "at most 25 tags" });
    for (const key of Object.keys(value).filter((name) => reservedTag.test(name))) {
      context.addIssue({
        code: "custom",
        path: [key],
        message: "another key: this one belongs to AWS, to the installer or to its destroyer",
      });
    }
  });

const versionText = `a full OpenShift version from 4.${supportedMinors.first} to 4.${supportedMinors.last}, in quotes, such as "4.19.42"`;
const version = text(/^\d+\.\d+\.\d+(?:-rc\.\d+)?$/, versionText).refine((value) => {
  const [major, minor] = value.split(".").map(Number);
  return major === 4 && minor !== undefined && minor >= supportedMinors.first && minor <= supportedMinors.last;
}, versionText);

const httpsUrl = (right: string, path: boolean) =>
  z.string({ error: right }).refine(
    (value) => {
      if (!URL.canParse(value)) return false;
      const url = new URL(value);
      return url.protocol === "https:" && url.username === "" && url.search === "" && (path || url.pathname === "/");
    },
    { error: right },
  );

export const cluster = z.strictObject(
  {
    name: text(/^(?=.{1,54}$)[a-z](?:[a-z0-9-]*[a-z0-9])?$/, `${label}, at most 54 characters, such as "multiarch"`),
    baseDomain: text(
      /^(?=.{4,200}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/,
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
    tags: tags.default({}),
    sshKey: text(
      /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]+=*(?: .*)?\n?$/,
      'one public SSH key, such as "ssh-ed25519 AAAA... you@example.com"',
    ).optional(),
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

export const pool = z.strictObject(
  {
    architecture: z.enum(architectures, { error: `one of ${architectures.join(", ")}` }),
    instanceType,
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

const lifecycles = [1, 7, 14, 30, 60, 90, 180, 270, 365].map((days) => `AFTER_${days}_DAY${days === 1 ? "" : "S"}`) as [
  string,
  ...string[],
];
const fileSystem = z
  .strictObject(
    {
      lifecycle: z
        .enum([...lifecycles, "NEVER"] as [string, ...string[]], {
          error: `when unused files move to the cheaper class: NEVER, ${lifecycles.join(", ")}`,
        })
        .default(defaults.fileSystem.lifecycle),
      tags: tags.default({}),
    },
    { error: "an object with lifecycle and tags" },
  )
  .prefault({});

export const pipelines = z
  .strictObject(
    {
      channel: text(/^(?:latest|pipelines-\d+\.\d+)$/, '"latest" or a channel of OpenShift Pipelines such as "pipelines-1.21"').default(
        defaults.pipelines.channel,
      ),
      keep: whole("the number of finished runs to keep, from 1 to 1000", 1, 1000).default(defaults.pipelines.keep),
    },
    { error: "an object with channel and keep" },
  )
  .prefault({});

const registryHost = "(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\\d{1,5})?)";
const repositoryPath = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*";
const imageTag = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}";
const imageReference = new RegExp(`^(${registryHost})/(${repositoryPath})(?::(${imageTag}))?$`);
const imageWithDigest = new RegExp(`^${registryHost}/${repositoryPath}(?::${imageTag}|(?::${imageTag})?@sha256:[0-9a-f]{64})$`);
const hasRegistry = (image: string) => /^(?:localhost|[^/]*[.:][^/]*)\//.test(image);

const taskImage = (image: string) =>
  z
    .string({ error: `an image with registry and tag or digest, such as "${image}"` })
    .refine((value) => imageWithDigest.test(value) && hasRegistry(value), {
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
const gitUrlText = 'an https://, http:// or git:// address without user and password, such as "https://github.com/example/app.git"';
export const build = z.strictObject(
  {
    name: text(/^(?=.{1,40}$)[a-z](?:[a-z0-9-]*[a-z0-9])?$/, `${label}, at most 40 characters`),
    pipeline: z.enum(pipelineKinds, { error: `one of ${pipelineKinds.join(", ")}` }),
    repository: z.string({ error: gitUrlText }).refine(
      (value) => {
        if (!/^(?:https?|git):\/\/[^\s/]+\/\S+$/.test(value) || !URL.canParse(value)) return false;
        const url = new URL(value);
        return url.username === "" && url.password === "";
      },
      { error: gitUrlText },
    ),
    revision: text(/^(?!-)(?!.*\.\.)[A-Za-z0-9._/+@-]{1,250}$/, "a branch, a tag or a commit").default(defaults.build.revision),
    context: insideRepository("a folder of the repository, relative and without ..").default(defaults.build.context),
    containerfile: insideRepository("a file below the context, relative and without ..").default(defaults.build.containerfile),
    image: z
      .string({ error: 'where to push, such as "quay.io/example/app:latest"' })
      .refine((value) => imageReference.test(value) && hasRegistry(value), {
        error: 'registry, lower-case repository and tag, without a digest, such as "quay.io/example/app:latest"',
      })
      .transform((value) => (imageReference.exec(value)?.[3] === undefined ? `${value}:latest` : value)),
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
