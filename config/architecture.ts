/** Kubernetes and OCI names; tools that say x86_64 or aarch64 are served by `machineArchitecture`. */
export const architectures = ["amd64", "arm64"] as const;
export type Architecture = (typeof architectures)[number];

/** The same architecture as `uname -m`, the CoreOS stream and the AWS API call it. */
export const machineArchitecture = { amd64: "x86_64", arm64: "aarch64" } as const satisfies Record<Architecture, string>;

/** The form of an EC2 instance type that a node can run on: no Mac. */
export const instanceTypePattern =
  /^(?!mac)[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.(?:nano|micro|small|medium|large|xlarge|[1-9][0-9]{0,2}xlarge|metal(?:-[0-9]+xl)?)$/;
// Graviton families carry a `g` right behind the generation number (m6g, c7gn, r8gd, x2gd, im4gn, is4gen); a1 is the first of them.
// g4dn, g5 and gr6 are x86 with a graphics card: there the g stands in front of the number. p6e-gb200 has an Arm processor.
const armFamily = "(?:a1|[a-z]+[0-9]+g[a-z]*|p[0-9]+e-gb[0-9]+)";
/** Instance types of each architecture, among all that have the form of one. */
export const typesOf = { amd64: `^(?!${armFamily}\\.)`, arm64: `^${armFamily}\\.` } as const satisfies Record<Architecture, string>;
/**
 * Types that have what a node needs: OpenShift asks for 2 vCPUs and 8 GiB (openshift/installer, pkg/asset/installconfig/aws/validation.go,
 * computeReq, which sees the amd64 pool alone). No size below `large` has both; of the families c and a1, which have 2 GiB a vCPU, `large`
 * has half of it. The oldest families have a little less than their successors: 7.5 GiB for 8, 15 for 16.
 */
export const nodeSizePattern = /^(?!.*\.(?:nano|micro|small|medium)$|(?:a1|c[0-9]+[a-z]*(?:-flex)?|m[13])\.large$|c[134]\.xlarge$)/;
/** Of those whose size says that they have 8 vCPUs, without the old ones that have less, or less than 16 GiB: the same file, controlPlaneReq. */
export const controlPlanePattern = /^(?!(?:c[34]|m2)\.2xlarge$)/;

export const isInstanceType = (text: string) => instanceTypePattern.test(text);

/** The architecture of an EC2 instance type, told by its family, for example `m7g.2xlarge` -> `arm64`. */
export function architectureOfInstanceType(instanceType: string): Architecture {
  return new RegExp(typesOf.arm64).test(instanceType) ? "arm64" : "amd64";
}

/** Virtual CPUs of an EC2 instance type, told by its size; undefined for `metal`. */
export function cpusOfInstanceType(instanceType: string): number | undefined {
  const size = instanceType.split(".")[1] ?? "";
  const multiple = /^([1-9][0-9]{0,2})xlarge$/.exec(size);
  if (multiple) return 4 * Number(multiple[1]);
  return ({ nano: 2, micro: 2, small: 2, medium: 1, large: 2, xlarge: 4 } as Record<string, number>)[size];
}
