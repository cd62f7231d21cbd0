import { availableParallelism } from "node:os";
import { imageParts } from "../images";
import { ensureEmulation } from "../machine/binfmt";
import { expectation } from "../machine/first-run";
import { pace } from "../machine/pace";
import { packageParts } from "../machine/packages";
import { doParts, expectedSeconds, type Lane, type Part, secondsLeft } from "../machine/parts";
import { say, seconds } from "../machine/progress";
import { recordedResources } from "../stack/state";
import { type Component, components, finishToolchain, processSeconds, toolchainParts } from "../toolchain";

/** What has to be made before the rest can start, as far as the caches do not have it. */
export interface Preparation {
  readonly toolchain: readonly Component[];
  readonly parts: readonly Part[];
  /** How many times as long as the reference machine this one takes. */
  readonly pace: number;
}

/** Finds out what has to be made, and says it with the time that it takes on this machine. Nothing is downloaded or changed. */
export async function planPreparation(): Promise<Preparation> {
  const toolchain = await components();
  const missing = toolchain.filter(({ ready }) => !ready);
  const parts = [...(await packageParts()), ...(await toolchainParts(missing)), ...imageParts()];
  if (parts.length === 0) return { toolchain, parts, pace: 1 };
  const machine = { cores: availableParallelism(), pace: pace() };
  for (const line of announcement(parts, { ...machine, fresh: recordedResources() === 0 })) say(line);
  return { toolchain, parts, pace: machine.pace };
}

/** Makes it, what does not depend on each other at the same time. */
export async function prepare({ toolchain, parts, pace: guess }: Preparation): Promise<void> {
  const cores = availableParallelism();
  const started = Date.now();
  const total = expectedSeconds(parts, cores);
  await doParts(parts, (part, rest) => {
    const left = expectedSeconds(rest, cores);
    const inSeconds = secondsLeft({ total, left, elapsed: (Date.now() - started) / 1000, pace: guess });
    if (part.lane === "compile" && inSeconds >= 60) say(`about ${minutes(inSeconds)} until all of this is made`);
  });
  await ensureEmulation();
  finishToolchain(toolchain);
  if (parts.some(({ lane }) => lane === "compile")) say(`process seconds of the toolchain (user and system): ${await toolchainSeconds()}`);
}

/** What the whole toolchain took of processors when it was built: user and system, in seconds. */
export async function toolchainSeconds(): Promise<string> {
  const all = [...(await processSeconds()).values()];
  const known = all.filter((value) => value !== undefined);
  const sum = known.reduce((total, value) => total + value, 0);
  return `${sum.toFixed(0)} s${all.length > known.length ? `, and those of ${all.length - known.length} components that do not say` : ""}`;
}

const groups: readonly (readonly [Lane, string])[] = [
  ["machine", "the machine"],
  ["modules", "downloads"],
  ["compile", "toolchain, one component at a time"],
  ["images", "images"],
];

/**
 * What the first run says before it starts. Pure.
 *
 * @param fresh whether the stack is created as well.
 */
export function announcement(
  parts: readonly Omit<Part, "work">[],
  { cores, pace: factor, fresh }: { cores: number; pace: number; fresh: boolean },
): string[] {
  const first = expectedSeconds(parts, cores) * factor;
  const rest = fresh ? expectation("end", "pulumi up and proof").seconds * factor : 0;
  const lines = groups.flatMap(([lane, title]) => {
    const names = parts.filter((part) => part.lane === lane).map(({ name }) => name.replace(/^(toolchain: |Go modules of )/, ""));
    if (names.length === 0) return [];
    return [`  ${title}: ${lane === "modules" ? "Go modules of " : ""}${names.join(", ")}`];
  });
  const speed = `${cores} core${cores === 1 ? "" : "s"}, each taking ${factor.toFixed(1)} times as long as the reference machine's`;
  return [
    `This run takes about ${minutes(first + rest)} on this machine (${speed}).`,
    `First, in about ${minutes(first)}, what is not in the cache, as far as it can be at the same time:`,
    ...lines,
    ...(fresh ? [`Then the cluster, the builds and their proof, in about ${minutes(rest)}.`] : []),
  ];
}

const minutes = (value: number) => (value < 60 ? seconds(value) : `${Math.ceil(value / 60)} min`);
