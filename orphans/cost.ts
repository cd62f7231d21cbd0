import type { Leftover } from "../infra/leftovers/asking";

/** US dollars an hour, of docs/cost.md: list prices of us-east-1, read in January 2026. */
export const hourly: Readonly<Record<string, number>> = { natgateway: 0.045, "elastic-ip": 0.005, loadbalancer: 0.0225 };
/** US dollars a month and GiB, of the same page. */
export const monthly: Readonly<Record<string, number>> = { volume: 0.08, "file-system": 0.3 };
/** US dollars an hour by type; those that the program proposes, and their neighbours: karpenter-provider-aws, generated on 2026-01-19. */
export const machines: Readonly<Record<string, number>> = {
  "m5a.2xlarge": 0.344,
  "m6a.2xlarge": 0.3456,
  "m6g.2xlarge": 0.308,
  "m6i.2xlarge": 0.384,
  "m7g.2xlarge": 0.3264,
  "m7i.2xlarge": 0.4032,
};

export interface Cost {
  readonly dollarsADay: number;
  /** Types of machines that have no price here; the cost is without them. */
  readonly without: readonly string[];
}

/** Roughly what objects cost a day while they are there. A stopped machine counts as one that runs. */
export function cost(objects: readonly Leftover[]): Cost {
  const without = new Set<string>();
  const day = objects.map(({ kind, size }) => {
    if (kind === "instance") {
      if (machines[String(size)] === undefined) without.add(String(size));
      return (machines[String(size)] ?? 0) * 24;
    }
    // 730 hours to a month, as everywhere on that page.
    return (hourly[kind] ?? 0) * 24 + ((monthly[kind] ?? 0) * Number(size ?? 0) * 24) / 730;
  });
  return { dollarsADay: day.reduce((sum, one) => sum + one, 0), without: [...without].sort() };
}
