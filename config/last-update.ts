import * as pulumi from "@pulumi/pulumi";

/**
 * The stack's own outputs as its last update left them; none before the first. A preview knows them, so that what is there already
 * needs no question to AWS or to the cluster.
 */
export const lastUpdate = () =>
  new pulumi.StackReference("last-update", { name: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}` });
