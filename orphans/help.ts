export const help = `npm run orphans -- REGION [--metadata FOLDER] [--json]

Lists clusters of this program in a region of AWS that no stack knows: those with its tag (openshift-multiarch/cluster) whose infra ID is in
the state of no stack of the backend (PULUMI_BACKEND_URL, or what \`pulumi login\` has chosen). A stack of another backend is not seen: ask for
each. For each cluster: since when it is there, what it has, roughly what it costs a day, and the steps that remove it. Deletes nothing.

  --metadata FOLDER  write the metadata.json that openshift-install needs to remove each into FOLDER/INFRA-ID
  --json             print the same as JSON

Exit code: 0 without orphans, 1 with some, 2 when it could not be told.`;
