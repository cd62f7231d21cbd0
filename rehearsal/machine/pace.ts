/** Milliseconds that `calculation` takes on the reference machine, at best, with Node.js 22. */
const reference = 21;

/** A little of everything that a compiler does to numbers and to memory near at hand. */
function calculation(): void {
  const table = new Uint32Array(1 << 16);
  let value = 1;
  for (let i = 0; i < 20_000_000; i++) {
    value = (Math.imul(value, 1664525) + 1013904223) >>> 0;
    const place = value >>> 16;
    table[place] = (table[place] ?? 0) ^ value;
  }
}

/**
 * How many times as long as the reference machine this one takes for the same calculation, one core against one: a guess for what no
 * run here has measured yet. The best of seven, so that what else runs at the moment counts little. Takes a quarter of a second.
 */
export function pace(): number {
  const times = Array.from({ length: 7 }, () => {
    const started = performance.now();
    calculation();
    return performance.now() - started;
  });
  return Math.min(...times) / reference;
}
