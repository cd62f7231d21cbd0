/** Why a tag of the cluster is refused: what openshift/installer (pkg/types/aws/validation/platform.go) and AWS take, and what is ours. */
export function clusterTagProblem(key: string, value: string): string | undefined {
  if (!/^[A-Za-z0-9_.:/=+@ -]{1,128}$/.test(key)) return "a tag key of 1 to 128 letters (A to Z), digits, blanks and _.:/=+-@";
  if (reservedKey(key) || /^name$/i.test(key)) return reserved;
  // "Many AWS services accept empty tag values", says the installer, and refuses them for the sake of the others.
  return /^[A-Za-z0-9_.:/=+@ -]{1,256}$/.test(value) ? undefined : "a text of 1 to 256 letters (A to Z), digits, blanks and _.:/=+-@";
}

/** The installers of 4.15 and 4.16 take no blank in a tag. */
export const blanksInTags = (minor: number) => minor >= 17;

/** Why a tag of the file system is refused: EFS's patterns TagKey and TagValue, and what is ours. */
export function fileSystemTagProblem(key: string, value: string): string | undefined {
  if (!/^[\p{L}\p{N}\p{Z}_.:/=+@-]{1,128}$/u.test(key)) return "a tag key of 1 to 128 letters, digits, blanks and _.:/=+-@";
  if (reservedKey(key) || key === "Name") return reserved;
  return /^[\p{L}\p{N}\p{Z}_.:/=+@-]{0,256}$/u.test(value) ? undefined : "a text of at most 256 letters, digits, blanks and _.:/=+-@";
}

/** Tags of one object in AWS: 50, and the program gives each a Name. */
export const mostFileSystemTags = 49;

const reserved = "another key: this one belongs to AWS, to the installer or to its destroyer";
/** Where AWS keeps a tag for itself, the installer takes none, or its destroyer looks for what to delete. */
const reservedKey = (key: string) =>
  /^aws:/i.test(key) ||
  /^(?:[^/]*\.)?(?:kubernetes|openshift)\.io\//.test(key) ||
  /^sigs\.k8s\.io\//.test(key) ||
  key === "openshiftClusterID";
