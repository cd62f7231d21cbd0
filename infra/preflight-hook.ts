import * as pulumi from "@pulumi/pulumi";

export interface PreflightArgs {
  /** Whether an earlier update made the cluster. */
  readonly installed: pulumi.Input<boolean>;
  /**
   * Called once before anything is made of a cluster that has no name yet, with the account that Pulumi works in, in previews as well; what it
   * is rejected with stops the update.
   */
  readonly preflight: (account: string) => Promise<void>;
}

/**
 * A hook of the first two stages, which the engine calls when they are made and never else: not for a cluster that is there or half made,
 * whose names and machines would look like somebody else's. The second stage is made alone where an earlier update ended after the first.
 *
 * @param cluster the component's name.
 */
export function preflightHook(
  cluster: string,
  account: pulumi.Output<string>,
  { installed, preflight }: PreflightArgs,
): pulumi.ResourceHook {
  const known = new Promise<readonly [string, boolean]>((resolve) => {
    pulumi.all([account, installed]).apply(resolve);
  });
  let looked: Promise<void> | undefined;
  return new pulumi.ResourceHook(
    `${cluster}-preflight`,
    async (stage) => {
      const [accountId, there] = await known;
      // The tools of a cluster that is there are made anew when somebody asks for it.
      if (there && stage.name === `${cluster}-tools`) return;
      looked ??= preflight(accountId);
      await looked;
    },
    { onDryRun: true },
  );
}
