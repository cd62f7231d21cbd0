import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, UnreachableError } from "./kubernetes-api";

/**
 * How long the API server may be away. The one of a single-node control plane is away for more than a minute whenever its
 * configuration changes, as it does for some time after an install; a VPN may need longer to come back.
 */
export const patienceSeconds = 300;

/** What passes by itself: no connection, a server that is starting, stopping or overloaded. Any other refusal is final. */
export const passes = (error: unknown): boolean =>
  error instanceof UnreachableError || (error instanceof ApiError && (error.status >= 500 || error.status === 429));

export interface Patience {
  /** Seconds after which an error that passes is given up as well. @default patienceSeconds */
  readonly seconds?: number;
  /** Seconds between two tries. @default 3 */
  readonly pause?: number;
  /** Is told of each try that failed. */
  readonly tell?: (why: string) => void;
}

/** Repeats a call for as long as its errors are such that pass. @throws the last error. */
export async function patiently<T>(call: () => Promise<T>, { seconds = patienceSeconds, pause = 3, tell }: Patience = {}): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!passes(error) || Date.now() + pause * 1000 > end) throw error;
      tell?.((error as Error).message);
      await sleep(pause * 1000);
    }
  }
}

/** What one look at the cluster found. */
export type Look<T> =
  | { readonly kind: "ready"; readonly value: T }
  | { readonly kind: "waiting"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string };

export interface Wait {
  /** What is waited for, as it is called in messages. */
  readonly subject: string;
  /** Seconds until the wait is given up. */
  readonly seconds: number;
  /** Seconds between two looks. @default 1.5 */
  readonly pause?: number;
  /** Seconds after which a reason that stays is said again. @default 15 */
  readonly heartbeat?: number;
  /** Seconds for which the API server may be away. @default patienceSeconds */
  readonly away?: number;
  readonly tell?: (line: string) => void;
}

/**
 * Looks until what is waited for is ready, says why it is not, and waits out an API server that is away.
 * @throws Error with the subject and the reason, when a look says that it failed, or when time is up.
 */
export async function waitUntil<T>(
  look: () => Promise<Look<T>>,
  { subject, seconds, pause = 1.5, heartbeat = 15, away = patienceSeconds, tell = tellOnStderr }: Wait,
): Promise<T> {
  const began = Date.now();
  const say = sparingly((line) => tell(`${subject}: ${line}`), heartbeat);
  for (;;) {
    const found = await patiently(look, { seconds: away, tell: say }).catch((error: Error) => {
      throw new Error(`${subject}: ${error.message}${passes(error) ? `, for ${away} s` : ""}`);
    });
    if (found.kind === "ready") return found.value;
    if (found.kind === "failed") throw new Error(`${subject}: ${found.why}`);
    if (Date.now() - began > seconds * 1000) throw new Error(`${subject}: not ready after ${seconds} s: ${found.why}`);
    say(found.why);
    await sleep(pause * 1000);
  }
}

/** Says a line when it is a new one; the same again, with the time since, only every so many seconds. */
export function sparingly(tell: (line: string) => void, seconds = 15): (line: string) => void {
  let last = "";
  let first = 0;
  let said = 0;
  return (line) => {
    const now = Date.now();
    if (line !== last) {
      last = line;
      first = now;
      tell(line);
    } else if (now - said >= seconds * 1000) {
      tell(`${line} (${Math.round((now - first) / 1000)} s)`);
    } else return;
    said = now;
  };
}

/** One line of progress. */
export const tellOnStderr = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
