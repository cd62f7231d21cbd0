import { prepare, remains, wipe } from "./machine";
import { runMain } from "./main";
import { afterKill, destroy, endOf, type Outcome, Problem, up } from "./pulumi";
import { randomOf } from "./random";

const help = `npm run test:kills -- COUNT [SEED]      kills pulumi so many times, at moments that the seed decides

Each time an update, or now and then a removal, is killed with its whole process group (SIGKILL) at a random moment. Then comes pulumi up, or now and
then pulumi destroy at once; after a removal that was killed, pulumi up may say that the removal has to go on, which it then does. After each destroy
the emulated AWS account has to be empty. What is tried is the part of the program that is in AWS: the cluster's install and the file system.
`;

interface Tally {
  kills: number;
  /** Commands that ended before their moment came. */
  missed: number;
  recoveries: number;
  left: number;
}

/** Limits of waits that count rounds come sooner: an install that was killed in its bootstrap is asked for five minutes. */
const quick = { clock: 1 } as const;

/** A removal is not gone back on: what the cluster is reached by is in no state any more. */
const toDestroy = /a pulumi destroy was broken off, .* Run pulumi state unprotect --all, pulumi destroy, then pulumi up\./;

/** Kills one command and recovers. @returns problems */
async function once(random: () => number, whole: boolean, took: { up: number; destroy: number }, tally: Tally): Promise<string[]> {
  const victim = whole ? "destroy" : "up";
  const moment = Math.round(random() * took[victim]);
  const recovery = random() < 0.3 ? "destroy" : "up";
  process.stderr.write(`${tally.kills + tally.missed + 1}: ${victim} killed after ${moment} ms, then ${recovery} ...`);
  const killed = await (whole ? destroy : up)({ killAfter: moment });
  if (killed.code !== undefined) {
    tally.missed += 1;
    if (killed.code !== 0) return [describe(victim, killed)];
  } else {
    tally.kills += 1;
    const problem = await afterKill().catch((error: unknown) => {
      if (error instanceof Problem) return error;
      throw error;
    });
    if (problem) return [problem.message];
  }
  const started = Date.now();
  const tried = await (recovery === "up" ? up : destroy)(quick);
  const told = whole && tried.code !== 0 && toDestroy.test(tried.output);
  const next = told ? await destroy(quick) : tried;
  if (next.code !== 0) return [describe(`the next ${recovery}`, next)];
  if (killed.code === undefined) tally.recoveries += 1;
  if (recovery === "up" && !told) took.up = Math.max(took.up, Date.now() - started);
  const left = told || recovery === "destroy" ? await remains() : [];
  tally.left += left.length;
  process.stderr.write(` ok, ${told ? "told to go on with destroy, " : ""}${Math.round((Date.now() - started) / 1000)} s\n`);
  return left;
}

const describe = (command: string, { code, output }: Outcome) => `${command} ended with code ${code}:\n${endOf(output)}`;

async function main([count = "", seed = String(Date.now() % 2 ** 31), ...rest]: readonly string[]): Promise<number> {
  if (["-h", "--help", "help"].includes(count)) {
    process.stdout.write(help);
    return 0;
  }
  if (!/^[1-9]\d*$/.test(count) || !/^\d+$/.test(seed) || rest.length > 0) {
    process.stderr.write(help);
    return 2;
  }
  process.stdout.write(`seed ${seed}\n`);
  await prepare();
  const random = randomOf(Number(seed));
  const tally: Tally = { kills: 0, missed: 0, recoveries: 0, left: 0 };
  // Milliseconds of a whole command, at first guessed.
  const took = { up: 30_000, destroy: 30_000 };
  let whole = false;
  while (tally.kills < Number(count)) {
    const problems = await once(random, whole, took, tally);
    for (const problem of problems) process.stderr.write(`\n${problem}\n`);
    if (problems.length > 0) await wipe("nothing");
    whole = problems.length === 0 && !(await isEmpty()) && random() < 0.5;
    if (whole || problems.length > 0) continue;
    const { code, output } = await destroy();
    const left = code === 0 ? await remains() : [];
    tally.left += left.length;
    if (code === 0 && left.length === 0) continue;
    process.stderr.write(`destroy ended with code ${code}:\n${output}\n${left.join("\n")}\n`);
    await wipe("nothing");
  }
  const { kills, missed, recoveries, left } = tally;
  process.stdout.write(
    `\nseed ${seed}: ${kills} kills, ${recoveries} recoveries, ${left} objects left (${missed} commands had ended before)\n`,
  );
  return recoveries === kills && left === 0 ? 0 : 1;
}

const isEmpty = async () => (await remains()).length === 0;

runMain(main);
