import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Mistake } from "./mistake";

export const checkout = join(__dirname, "..");

/** The stack of `npm run rehearse`: its state and its secrets are on the machine that it runs on, so no other can preview it. */
const ofOneMachine = "rehearsal";

/** Names of the stacks whose files are committed (or would be: not ignored), in the order of the alphabet. */
export function committedStacks(folder = checkout): string[] {
  const { stdout, status, error } = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "Pulumi.*.yaml"], {
    cwd: folder,
    encoding: "utf8",
  });
  if (error || status !== 0) throw new Mistake(`${folder} is no checkout of git, so it is not known which stacks are committed: name them`);
  return stacksOf(stdout.split("\n"));
}

/** The stacks of a list of files. */
export const stacksOf = (files: readonly string[]): string[] =>
  files
    .flatMap((file) => /^Pulumi\.([A-Za-z0-9_.-]+)\.yaml$/.exec(file)?.[1] ?? [])
    .filter((stack) => stack !== ofOneMachine)
    .sort();

/**
 * The stacks to work on: those that are named, else all committed ones. A named one need not be committed: its file may lie elsewhere
 * (PULUMI_OPTION_CONFIG_FILE).
 */
export function chosenStacks(named: readonly string[], all: () => string[] = committedStacks): string[] {
  const stacks = named.length > 0 ? [...new Set(named)] : all();
  // A name that begins with a dash would be an option of whatever command it is given to.
  const wrong = stacks.find((name) => !/^[A-Za-z0-9_.][A-Za-z0-9_./-]*$/.test(name));
  if (wrong !== undefined) throw new Mistake(`${JSON.stringify(wrong)} is no name of a stack`);
  const preview = stacks.find((name) => stacks.includes(`${name}-preview`));
  if (preview !== undefined)
    throw new Mistake(
      `${preview}-preview is where the previews of ${preview} run (GitHub's environment of that name): a stack that is called so would show them the keys of its deployment. Rename it.`,
    );
  if (stacks.length === 0) throw new Mistake("no stack is committed: there is no file Pulumi.<stack>.yaml but that of the rehearsal");
  return stacks;
}
