import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { efsDelays, setDelays } from "../cluster/efs-driver";
import { run } from "../machine/exec";
import { checkout, places } from "../machine/places";
import { UserError } from "../machine/progress";
import { configFile } from "../stack/environment";
import { stackOutputs } from "../stack/state";
import { compareBuilds } from "./bench-builds";
import { preview, previewsOfBuilds } from "./bench-previews";
import { comparePushes, kubectlOfBuilds } from "./bench-push";
import { type Row, report, rowsOf } from "./bench-rows";
import { destroy } from "./destroy";
import { toolchainSeconds } from "./first-run";
import { parts } from "./status";
import { pulumiUp, up } from "./up";

/** From nothing: the environment is destroyed and made anew, the caches stay. */
async function environment(): Promise<Row[]> {
  if (existsSync(places.stack)) await destroy({ force: false, cache: false });
  const rows: Row[] = [];
  const started = Date.now();
  // As on AWS: otherwise a build that asks for many small files would cost nothing here.
  await up(efsDelays);
  rows.push({ what: "npm run rehearse, toolchain cached", aim: "240 s", measured: `${((Date.now() - started) / 1000).toFixed(0)} s` });
  rows.push({ what: "  of which the three builds", aim: "240 s", measured: `${(await secondsOfBuilds()).toFixed(0)} s` });
  rows.push({ what: "  each file of EFS read / changed in", aim: "", measured: `${efsDelays.read} ms / ${efsDelays.write} ms` });
  rows.push({ what: "pulumi up, no change", aim: "15 s", measured: `${(await pulumiUp()).toFixed(1)} s` });
  return rows;
}

async function previews(): Promise<Row[]> {
  const rows: Row[] = [];
  const program = join(places.run, "program-seconds");
  rows.push({
    what: "pulumi preview, warm (median of 3)",
    aim: "6 s",
    measured: `${median(await times(3, () => countedPreview(program))).toFixed(1)} s`,
  });
  rows.push({ what: "  of which the program, process seconds", aim: "3 s", measured: `${median(processSeconds(program)).toFixed(1)} s` });
  const plans = median(await times(3, async () => void (await run(["npm", "run", "--silent", "expected"], { cwd: checkout }))));
  rows.push({ what: "expected plans of all stacks (median of 3)", aim: "20 s", measured: `${plans.toFixed(1)} s` });
  const { seconds, each } = await previewsOfBuilds();
  rows.push({
    what: "pulumi preview with 1 / 10 / 100 builds",
    aim: "",
    measured: [1, 10, 100].map((count) => `${seconds[count as 1].toFixed(1)} s`).join(" / "),
  });
  rows.push({ what: "  each build more", aim: "60 ms", measured: `${each.toFixed(0)} ms` });
  return rows;
}

async function builds(): Promise<Row[]> {
  setDelays(efsDelays);
  try {
    const { packaged, application } = await compareBuilds();
    return [
      ...rowsOf("A package of the distribution", "1/2 of it", packaged),
      ...rowsOf("A Node.js application of 40,000 files", "1/3 of it", application),
    ];
  } finally {
    setDelays();
  }
}

/** Without delays: its 43,000 files would take a quarter of an hour more to prepare, and a push reads few, large ones. */
async function pushes(): Promise<Row[]> {
  setDelays();
  const push = await comparePushes();
  const seconds = push.members + push.index;
  return [
    { what: "push of a 200 MB image for two architectures, archives (article)", aim: "", measured: `${push.archives.toFixed(1)} s` },
    {
      what: "  the same, both members from their nodes and the index",
      aim: "1/20 of it",
      measured: `${push.members.toFixed(1)} s + ${push.index.toFixed(1)} s, 1/${(push.archives / seconds).toFixed(1)}`,
    },
  ];
}

async function rest(): Promise<Row[]> {
  const all = parts();
  const total = (key: "rss" | "pss") => all.reduce((sum, row) => sum + row[key], 0) / 1024;
  return [
    { what: "memory at rest, shared pages counted once", aim: "3 GiB", measured: `${total("pss").toFixed(2)} GiB` },
    { what: "memory at rest, sum of resident sizes", aim: "", measured: `${total("rss").toFixed(2)} GiB` },
    { what: "toolchain when it was built, process seconds", aim: "", measured: await toolchainSeconds() },
  ];
}

const measured: Readonly<Record<string, () => Promise<Row[]>>> = { environment, previews, builds, pushes, rest };

/**
 * Measures what the README promises, the alternative beside it in the same run: `npm run bench`. Not measured here, because it would
 * throw the caches away: the very first run (`OPENSHIFT_MULTIARCH_HOME=/some/new/folder npm run rehearse` prints the time of each of its
 * steps).
 *
 * @param names of parts, in the environment that is up. Default: all, in one made anew.
 * @throws UserError for an unknown part, or where no environment is up.
 */
export async function bench(names: readonly string[]): Promise<void> {
  const known = Object.keys(measured);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UserError(`bench has no part \`${unknown}\`; there are ${known.join(", ")}`);
  if (names.length > 0 && names[0] !== "environment" && !existsSync(places.stack)) {
    throw new UserError("no environment is up: npm run rehearse makes one, or name the part `environment` first");
  }
  const rows: Row[] = [];
  for (const name of names.length > 0 ? names : known) rows.push(...((await measured[name]?.()) ?? []));
  console.log(`\n${report(rows)}`);
}

/** @param file gets a line with the process seconds (user and system) of the program. */
const countedPreview = (file: string) =>
  preview(configFile, { NODE_OPTIONS: `--require=${join(__dirname, "program-seconds.cjs")}`, PROGRAM_SECONDS: file });

/** The lines of the file, which is removed. */
function processSeconds(file: string): number[] {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  rmSync(file);
  return lines.map(Number);
}

/** Seconds of each of `count` calls, one after another. */
async function times(count: number, work: () => Promise<void>): Promise<number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = Date.now();
    await work();
    seconds.push((Date.now() - started) / 1000);
  }
  return seconds;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

interface PipelineRunSeen {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string };
  readonly status?: { readonly completionTime?: string };
}

/** From the start of the first run to the end of the last. */
async function secondsOfBuilds(): Promise<number> {
  const { images } = (await stackOutputs()) as { images: Record<string, string> };
  const { items }: { items: PipelineRunSeen[] } = JSON.parse(await kubectlOfBuilds(["get", "pipelineruns", "-o", "json"]));
  const runs = items.filter(({ metadata }) => Object.keys(images).some((name) => metadata.name.startsWith(`${name}-`)));
  const start = Math.min(...runs.map(({ metadata }) => Date.parse(metadata.creationTimestamp)));
  const end = Math.max(...runs.map(({ status }) => Date.parse(status?.completionTime ?? "")));
  return (end - start) / 1000;
}
