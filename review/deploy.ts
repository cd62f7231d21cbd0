import { Mistake } from "./mistake";
import { known, pulumi } from "./pulumi";

/**
 * `pulumi up` of one stack, its output shown as it comes.
 *
 * @param minutes after which it is interrupted in good order: what it began is brought to an end or taken note of, and the next
 *   deployment goes on from there. A machine that is taken away in the middle leaves that to `pulumi cancel` and the next one.
 * @throws Mistake when it does not end well.
 */
export async function deploy(stack: string, minutes: number | undefined, more: readonly string[]): Promise<void> {
  // Says what is missing, with a remedy, before anything begins.
  await known(stack);
  const started = Date.now();
  const outcome = await pulumi(["up", "--yes", "--stack", stack, ...more], { shown: true, ...(minutes !== undefined && { minutes }) });
  if (outcome.code === 0) return;
  const late = minutes !== undefined && Date.now() - started >= minutes * 60_000;
  throw new Mistake(
    late
      ? `${stack}: not finished after ${minutes} minutes, and interrupted. The next deployment goes on from here.`
      : `${stack}: pulumi up ${outcome.code === undefined ? "was ended" : `failed (code ${outcome.code})`}, see above.`,
  );
}
