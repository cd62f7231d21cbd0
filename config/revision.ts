/** What git-check-ref-format(1) lets a name be; and no option. */
export const gitName =
  /^(?![-/])(?!@$)(?!.*(?:\.\.|@\{|\/\/|[~^:?*[\\\x7f]))(?!(?:.*\/)?\.)(?!.*\.lock(?:\/|$))(?!.*[./]$)[!-\uffff]{1,250}$/;
export const revisionText = "a branch, a tag or a commit";

/** The branch that a revision is, if it is one. */
export const branchOf = (revision: string) => revision.replace(/^refs\/heads\//, "");

/** How git-clone writes a branch or a tag of Git in a tag of an image. */
export const asTag = (branch: string) => branch.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[.-]+|-+$/g, "");
