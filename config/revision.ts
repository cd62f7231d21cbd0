/** What git-check-ref-format(1) lets a name be; and no option. */
export const gitName =
  /^(?![-/])(?!@$)(?!.*(?:\.\.|@\{|\/\/|[~^:?*[\\\x7f]))(?!(?:.*\/)?\.)(?!.*\.lock(?:\/|$))(?!.*[./]$)[!-\uffff]{1,250}$/;
export const revisionText = "a branch, a tag or a commit";
