import * as pulumi from "@pulumi/pulumi";

/**
 * The stack's own outputs as its last update left them; none before the first. A preview knows them, so that what is there already
 * needs no question to AWS or to the cluster.
 *
 * The engine's function is called that a StackReference is made of (pulumi/pulumi, pkg/resource/deploy/builtins.go): the resource
 * itself would hold a copy of the outputs in the state, and show it as drift at each refresh.
 */
export function lastUpdate(): { getOutput<T>(name: string): pulumi.Output<T | undefined> } {
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const outputs = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name: stack }).then(({ outputs = {} }) => outputs);
  return { getOutput: (name) => pulumi.output(outputs).apply((all) => all[name]) };
}
