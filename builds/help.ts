export const help = {
  build: `npm run build -- NAME [--revision R] [--rebuild] [--no-follow] [--stack STACK]
npm run build -- NAME --watch RUN | --cancel RUN | --newest [--stack STACK]

Starts a run of a build that the stack has made, like the stack's own but for the revision, and follows it to its end. It prints the image
that was pushed as repository@digest, or the end of the log that says why there is none. Ctrl-C leaves the run going.

  --revision R   another branch, tag or commit than the stack's
  --rebuild      build the image anew, from nothing that is kept, though it is there already; it is signed anew, too
  --no-follow    print the run's name and leave it to itself
  --watch RUN    follow a run that there is, of whoever started it
  --cancel RUN   end a run and free its volume
  --newest       print what the newest run that ended well has pushed: the digest that the tag names. Where no such run is left, it is not
                 known: nothing is printed, and what the stack itself has built is on stderr
  --stack STACK  the stack to ask; else the one that \`pulumi stack select\` has chosen

Exit code: 0 with an image, 1 when the run failed or the newest is not known, 2 when the command could not be carried out, 130 after Ctrl-C.`,
  tekton: `npm run -s tekton -- [--task NAME | --pipeline NAME | --run NAME] [--architectures LIST] [--out FOLDER | --bundle REFERENCE]
npm run -s tekton -- --pac NAME [--stack STACK]

Prints the tasks and pipelines as YAML, with what catalogs expect of them, for any cluster with Tekton Pipelines 0.50 or newer: no stack is
asked, nothing is of one. \`npm run -s tekton | kubectl apply -f -\` puts them into a namespace.

  --task NAME           one task alone
  --pipeline NAME       one pipeline, with the tasks that it uses: containerfile, prepared, prepared-once, nodejs, quarkus
  --run NAME            a run of this pipeline, with placeholders; kubectl create starts it
  --architectures LIST  those that the pipelines build for, separated by commas; else amd64,arm64
  --out FOLDER          write each into a file: tasks/NAME/NAME.yaml, pipelines/NAME/NAME.yaml, and of --run runs/NAME.yaml
  --bundle REFERENCE    push them as a Tekton bundle, by tkn; its pipelines find their tasks in it. With --run, nothing is pushed: the run
                        takes the pipeline from that bundle
  --pac NAME            what Pipelines as Code needs of a build that the stack has made: the Repository for its namespace, and the file
                        .tekton/NAME.yaml for its repository, by which a push to its branch starts a run like the stack's own
  --stack STACK         the stack of that build; else the one that \`pulumi stack select\` has chosen

Exit code: 0, or 2 when the command could not be carried out.`,
} as const;

export type Command = keyof typeof help;
