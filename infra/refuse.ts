import * as pulumi from "@pulumi/pulumi";

/** By this exit code Pulumi's language host knows that the program has told its error (`cmd/run` of @pulumi/pulumi). */
const toldError = 32;

/**
 * Ends the preview or the update with one message: for an `apply` whose value others are made from. An error that is thrown there
 * would be told once for each resource and lookup that waits for the value, with a stack of Node.js, and half a minute later. A
 * program that ended with exit code 0 would have everything deleted that it has not registered.
 */
export async function refuse(message: string): Promise<never> {
  await pulumi.log.error(message);
  process.exit(toldError);
}
