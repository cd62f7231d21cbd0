import { endRun } from "./exec";
import { say, silenceSteps } from "./progress";

/** How long something takes on the reference machine while nothing else runs. */
export interface Expected {
  /** Of wall time. */
  readonly seconds: number;
  /** Of processors, user and system. */
  readonly processor: number;
}

/** What keeps parts from being done at the same time: compilers the cores and memory, apt and pip the machine's packages, ... */
export type Lane = "compile" | "modules" | "machine" | "images";

/** A piece of the first run that others do not wait for unless they say so. */
export interface Part {
  readonly name: string;
  /** Parts of one lane are done one after another. */
  readonly lane: Lane;
  /** Names of parts that must be finished before; those that are not in the list are. */
  readonly after: readonly string[];
  readonly expected: Expected;
  readonly work: () => Promise<void>;
}

type Place = Pick<Part, "name" | "lane" | "after">;

/** The parts that can start now: of each free lane the first one that waits for nothing. Pure. */
export function startable<P extends Place>(waiting: readonly P[], busy: readonly Place[]): P[] {
  const open = new Set([...waiting, ...busy].map(({ name }) => name));
  const taken = new Set(busy.map(({ lane }) => lane));
  return waiting.filter(({ lane, after }) => {
    if (taken.has(lane) || after.some((name) => open.has(name))) return false;
    taken.add(lane);
    return true;
  });
}

/**
 * Does all parts, each as soon as what it comes after is finished and its lane is free; of one lane in the order of the list.
 *
 * @param finished is told of each part that is done, with those that are not.
 * @throws the error of the first part that fails. The programs of the others are ended then, but for those that are indivisible.
 */
export async function doParts(parts: readonly Part[], finished: (part: Part, left: readonly Part[]) => void = () => {}): Promise<void> {
  const waiting = [...parts];
  const busy = new Map<Part, Promise<void>>();
  while (waiting.length > 0 || busy.size > 0) {
    for (const part of startable(waiting, [...busy.keys()])) {
      waiting.splice(waiting.indexOf(part), 1);
      const done = () => {
        busy.delete(part);
        finished(part, [...busy.keys(), ...waiting]);
      };
      busy.set(part, part.work().then(done));
    }
    if (busy.size === 0) throw new Error(`these parts wait for each other: ${waiting.map(({ name }) => name).join(", ")}`);
    try {
      await Promise.race(busy.values());
    } catch (error) {
      await giveUp([...busy.values()]);
      throw error;
    }
  }
}

/** Ends what is under way; what must not be cut in two is waited for. */
async function giveUp(busy: readonly Promise<void>[]): Promise<void> {
  const all = Promise.allSettled(busy);
  silenceSteps();
  endRun();
  const late = setTimeout(() => say("A part has failed. What must not be cut off is waited for ..."), 3000);
  await all;
  clearTimeout(late);
}

/** With more cores, what keeps all of them busy is taken to be quicker in proportion; nothing was measured on more than this. */
const referenceCores = 2;

/** What a part takes where it has all cores for itself. */
function alone({ seconds, processor }: Expected, cores: number): number {
  const keepsCoresBusy = processor > 1.5 * seconds;
  return keepsCoresBusy ? (seconds * referenceCores) / cores : seconds;
}

/** Seconds that all parts take at their pace on the reference machine: what the cores need, or what waits for each other. Pure. */
export function expectedSeconds(parts: readonly Omit<Part, "work">[], cores: number): number {
  const processor = parts.reduce((sum, { expected }) => sum + expected.processor, 0);
  return Math.max(processor / cores, chain(parts, cores));
}

/** When the last part is finished, were there cores for all of them. */
function chain(parts: readonly Omit<Part, "work">[], cores: number): number {
  const waiting = [...parts];
  const busy = new Map<(typeof waiting)[number], number>();
  let now = 0;
  while (true) {
    for (const part of startable(waiting, [...busy.keys()])) {
      waiting.splice(waiting.indexOf(part), 1);
      busy.set(part, now + alone(part.expected, cores));
    }
    const [next] = [...busy].sort(([, a], [, b]) => a - b);
    if (!next) return now;
    now = next[1];
    busy.delete(next[0]);
  }
}

/**
 * Seconds that are left, by what the parts before took here. Pure.
 *
 * @param pace how many times as long as the reference machine this one takes, as it was guessed at the start.
 */
export function secondsLeft({ total, left, elapsed, pace }: { total: number; left: number; elapsed: number; pace: number }): number {
  const done = total - left;
  // A minute of work says more than a guess; less may be one slow answer.
  return left * (done < 60 ? pace : elapsed / done);
}
