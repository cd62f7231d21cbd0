// What openshift/installer (pkg/types/aws/validation/platform.go) and AWS take, EFS's patterns TagKey and TagValue, and what is ours.
const clusterLetters = "[A-Za-z0-9_.:/=+@ -]";
const fileSystemLetters = "[\\p{L}\\p{N}\\p{Z}_.:/=+@-]";
/** Where AWS keeps a tag for itself, the installer takes none, its destroyer looks for what to delete, or this program puts one. */
const reserved = "[aA][wW][sS]:|(?:[^/]*\\.)?(?:kubernetes|openshift)\\.io/|sigs\\.k8s\\.io/|openshiftClusterID$|openshift-multiarch/";

/** The letters of a key, keys that belong to others, and the letters of a text. */
export interface TagRules {
  readonly key: string;
  readonly taken: string;
  readonly text: string;
}
export const clusterTags: TagRules = {
  key: `^(?! |.* $)${clusterLetters}{1,128}$`,
  taken: `^(?:${reserved}|[nN][aA][mM][eE]$)`,
  // "Many AWS services accept empty tag values", says the installer, and refuses them for the sake of the others.
  // Elastic Load Balancing's user guide, "Tags": no blank at the beginning or the end.
  text: `^(?! |.* $)${clusterLetters}{1,256}$`,
};
export const fileSystemTags: TagRules = {
  key: `^${fileSystemLetters}{1,128}$`,
  taken: `^(?:${reserved}|Name$)`,
  text: `^${fileSystemLetters}{0,256}$`,
};

const another = "another key: this one belongs to AWS, to the installer, to its destroyer or to this program";

/** Why a tag of the cluster is refused. */
export function clusterTagProblem(key: string, value: string): string | undefined {
  if (!matches(clusterTags.key, key)) return "a tag key of 1 to 128 letters (A to Z), digits, blanks between them and _.:/=+-@";
  if (matches(clusterTags.taken, key)) return another;
  return matches(clusterTags.text, value) ? undefined : "a text of 1 to 256 letters (A to Z), digits, blanks between them and _.:/=+-@";
}

/** The installers of 4.15 and 4.16 take no blank in a tag. */
export const blanksInTags = (minor: number) => minor >= 17;

/** Why a tag of the file system is refused. */
export function fileSystemTagProblem(key: string, value: string): string | undefined {
  if (!matches(fileSystemTags.key, key)) return "a tag key of 1 to 128 letters, digits, blanks and _.:/=+-@";
  if (matches(fileSystemTags.taken, key)) return another;
  return matches(fileSystemTags.text, value) ? undefined : "a text of at most 256 letters, digits, blanks and _.:/=+-@";
}

/** Tags of one object in AWS: 50, and the program gives each a Name. */
export const mostFileSystemTags = 49;

const matches = (pattern: string, text: string) => new RegExp(pattern, "u").test(text);
