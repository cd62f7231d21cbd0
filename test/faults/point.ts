import type { Start } from "./machine";
import type { Faults } from "./pulumi";

/** One way in which an update or a removal goes wrong, and what comes next. */
export interface Point {
  /** `stage: what goes wrong`. */
  readonly name: string;
  readonly from: Start;
  readonly command: "up" | "destroy";
  readonly faults: Faults;
  /** What the command prints, which shows that the fault was where it should be. */
  readonly says: RegExp;
  /** What comes next and has to succeed; what `up` brings is destroyed then. `none`: the command itself succeeds, fault or not. */
  readonly next: "up" | "destroy" | "none";
  /** With what is tried next, and how. */
  readonly more?: More;
}

export interface More {
  /** What comes next is on a machine that has nothing but the state. */
  readonly elsewhere?: true;
  /** An `up` before what comes next, which has to fail and to say this. */
  readonly refused?: RegExp;
  /** URNs of what was being made when the command was killed, of which the engine has not heard. */
  readonly unheard?: RegExp;
  /** What goes wrong, or is set, while these run. */
  readonly faults?: Faults;
  /** Part of `npm test`. */
  readonly few?: true;
}

/** Makes points of a stage: they begin in the same state, with the same command. */
export const of =
  (stage: string, from: Start, command: Point["command"]) =>
  (what: string, faults: Faults, says: RegExp, next: Point["next"], more: More = {}): Point => ({
    name: `${stage}: ${what}`,
    from,
    command,
    faults,
    says,
    next,
    more,
  });

/** The installer stays at a step, and the whole process group of `pulumi` is killed. */
export const killedAt = (step: string): Faults => ({ installer: `${step}=hang`, killAt: /fault: hang at/ });

/** The stages' clocks go on by what their sleeps are, which are short: for waits that count their rounds. */
export const quick: Faults = { clock: 1 };
