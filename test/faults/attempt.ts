import { pendingCreations } from "../../rehearsal/stack/state";
import { awsFaults, begin, moveToOtherMachine, remains, withoutEffect } from "./machine";
import type { Point } from "./point";
import { afterKill, destroy, endOf, type Faults, type Outcome, Problem, up } from "./pulumi";
import type { Result } from "./table";

/** Lets a point go wrong, does what comes next, and looks what is left. */
export async function tryPoint(point: Point): Promise<Result> {
  const started = Date.now();
  const done: string[] = [];
  let left: string[] = [];
  let problem: string | undefined;
  try {
    await begin(point.from);
    await goWrong(point);
    if (point.more?.elsewhere) moveToOtherMachine();
    await goOn(point, done);
    left = await remains();
    if (left.length > 0) throw new Problem(`left:\n${left.map((line) => `  ${line}`).join("\n")}`);
  } catch (error) {
    problem = error instanceof Problem ? error.message : `${(error as Error).stack}`;
  } finally {
    awsFaults();
  }
  return { name: point.name, seconds: (Date.now() - started) / 1000, next: done.join(", "), left: left.length, problem };
}

async function run(command: "up" | "destroy", faults: Faults = {}): Promise<Outcome> {
  awsFaults(faults.aws);
  const outcome = await (command === "up" ? up : destroy)(faults);
  const idle = [...outcome.unmet.map((pattern) => `${pattern} was not printed`), ...withoutEffect(faults.aws)];
  awsFaults();
  if (idle.length > 0) throw new Problem(`no fault in ${command} (code ${outcome.code}): ${idle.join(", ")}\n${endOf(outcome.output)}`);
  return outcome;
}

async function goWrong({ command, faults, says, next, more: { unheard } = {} }: Point): Promise<void> {
  const { code, output } = await run(command, faults);
  if (!says.test(output)) throw new Problem(`${command} (code ${code}) does not say ${says}:\n${endOf(output)}`);
  if (next === "none" ? code !== 0 : code === 0) throw new Problem(`${command} ended with code ${code}:\n${endOf(output)}`);
  if (unheard !== undefined && !pendingCreations().some((urn) => unheard.test(urn)))
    throw new Problem(`${unheard} is not what the engine was making: ${pendingCreations().join(", ")}`);
  if (code === undefined) await afterKill();
}

async function goOn({ next, command, more: { refused, faults } = {} }: Point, done: string[]): Promise<void> {
  if (refused !== undefined) {
    const { code, output } = await run("up", faults);
    if (code === 0 || !refused.test(output)) throw new Problem(`up (code ${code}) does not say ${refused}:\n${endOf(output)}`);
    done.push("told");
  }
  if (next === "none") done.push("not needed");
  // A destroy that has succeeded has nothing to follow.
  const words = next === "up" ? (["up", "destroy"] as const) : next === "none" && command === "destroy" ? [] : (["destroy"] as const);
  for (const word of words) {
    const { code, output } = await run(word, word === next && refused === undefined ? faults : {});
    if (code !== 0) throw new Problem(`the next ${word} fails (code ${code}):\n${endOf(output)}`);
    done.push(word);
  }
}
