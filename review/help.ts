export const help = {
  preview: `npm run preview -- [STACK...] [--out FILE] [--save FOLDER | --from FOLDER] [--comment] [-- PULUMI-OPTION...]

What pulumi up would do to each stack, as Markdown. Without names: every stack whose Pulumi.<stack>.yaml is committed, but the
rehearsal's. Changes nothing. A stack that fails does not keep the others from having theirs.

  --out FILE     write the Markdown there instead of to stdout
  --save FOLDER  write what came of each stack there as <stack>.json, for --from
  --from FOLDER  run nothing: render what --save has written, of all that is there or of the stacks that are named
  --comment      write it into the pull request as well: GITHUB_TOKEN, GITHUB_REPOSITORY, PULL_REQUEST (its number)
                 Where COMMIT is set, the text says that it is of that commit. What has no room in it goes to stderr, whole.
  --list         print the stacks as JSON, and nothing else

Exit code: 0 when every preview succeeded, 1 when one failed, 2 when the command itself could not be carried out.`,
  deploy: `npm run deploy -- STACK [--minutes N] [-- PULUMI-OPTION...]

pulumi up of one stack, without questions. AWS credentials of an install must be long-lived, unless cluster.credentialsMode is manual: docs/aws.md.

  --minutes N    interrupt it in good order after N minutes; the next deployment goes on from there

Exit code: 0 when all is there and every image is built, else 2.`,
  drift: `npm run drift -- [STACK...] [--out FILE]

Whether what is there is what the state says (pulumi refresh --preview-only), and whether the program wants just that (pulumi preview).
Changes nothing. Needs the cluster's API server.

  --out FILE     write the result there as Markdown instead of to stdout

Exit code: 0 without drift, 1 with drift, 2 when it could not be told.`,
  preflight: `npm run preflight -- STACK

Whether an install of a stack would come to its end: credentials, DNS, instance types, quotas, pull secret, registries, Git repositories, the
installer's release and this machine. Prints a line for each. Changes nothing, pushes nothing, and needs no cluster. pulumi up does the
same before it makes a cluster.

Exit code: 0 without a problem, 1 with one, 2 when the command itself could not be carried out.`,
} as const;

export type Command = keyof typeof help;
