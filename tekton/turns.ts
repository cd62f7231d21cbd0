import { patiently } from "../cluster/patience";

/** Calls to the API server at a time, and a second, of all that is followed together. */
const callsAtATime = 8;
export const callsASecond = 20;

const queue: (() => void)[] = [];
let calling = 0;

/** Makes a call when it is its turn. @throws what the call throws. */
export async function inTurn<T>(call: () => Promise<T>): Promise<T> {
  if (calling < callsAtATime) calling++;
  else await new Promise<void>((resolve) => queue.push(resolve));
  try {
    return await call();
  } finally {
    const next = queue.shift();
    if (next) next();
    else calling--;
  }
}

/** The same, again and again while the API server is away. */
export const ask = <T>(call: () => Promise<T>): Promise<T> => patiently(() => inTurn(call));
