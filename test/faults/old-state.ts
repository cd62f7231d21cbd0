import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkout as ours, places } from "../../rehearsal/machine/places";
import { begin, prepare, remains } from "./machine";
import { runMain } from "./main";
import { type Exported, type Resource, sameIds, withIds, withOutputOf } from "./old-state-ids";
import { destroy, pulumi, up } from "./pulumi";

const file = join(__dirname, "old-state.json");
const help = `npm run test:old-state                     brings the recorded state of an earlier commit up by this program
npm run test:old-state -- record COMMIT    records it anew, by the program of that commit with today's packages

The recorded state is that of the cluster and its file system (test/faults/old-state.json). Its ids are put in the place of those of a cluster that
stands in the emulated account; then pulumi up may update what it holds, but replace and delete nothing.
`;

/** What the file holds. */
interface Recorded {
  readonly commit: string;
  readonly resources: Resource[];
}

/** Stages whose output has keys of the cluster. */
const withKeys = ["assets", "install", "access"];

async function exported(): Promise<Exported> {
  const { code, output } = await pulumi(["stack", "export", "--show-secrets"]);
  if (code !== 0) throw new Error(output);
  return JSON.parse(output);
}

async function imported(state: Exported): Promise<void> {
  const from = join(places.run, "old-state.json");
  writeFileSync(from, JSON.stringify(state), { mode: 0o600 });
  const { code, output } = await pulumi(["stack", "import", "--file", from]);
  if (code !== 0) throw new Error(output);
}

async function record(commit: string): Promise<void> {
  const git = (...words: string[]) => execFileSync("git", ["-C", ours, ...words], { maxBuffer: 2 ** 30 });
  const checkout = mkdtempSync(join(tmpdir(), "openshift-multiarch-old-"));
  try {
    execFileSync("tar", ["-x", "-C", checkout], { input: git("archive", commit) });
    symlinkSync(join(ours, "node_modules"), join(checkout, "node_modules"));
    await prepare();
    const { code, output } = await up({ checkout });
    if (code !== 0) throw new Error(output);
    const nothing: Exported = { deployment: { resources: [] } };
    const state = withOutputOf(withKeys, withoutKeys(await exported()), nothing);
    const recorded: Recorded = { commit: git("rev-parse", commit).toString().trim(), resources: state.deployment.resources };
    writeFileSync(file, `${JSON.stringify(recorded, undefined, 1)}\n`);
  } finally {
    rmSync(checkout, { recursive: true, force: true });
  }
}

/** Without the kubeconfig of the provider and of the stack's outputs, what was given to stages by stdin, and where in which program a line was. */
function withoutKeys(state: Exported): Exported {
  const resources = state.deployment.resources.map(({ inputs, outputs, stackTrace, sourcePosition, created, modified, ...resource }) => {
    const provider = resource.urn.includes("pulumi:providers:kubernetes");
    const clean = ({ stdin, kubeconfig, kubeadminPassword, ...rest }: Record<string, unknown> = {}) =>
      provider ? { ...rest, kubeconfig: "" } : rest;
    return { ...resource, inputs: clean(inputs), outputs: clean(outputs) };
  });
  return { ...state, deployment: { ...state.deployment, resources } };
}

async function check(): Promise<string[]> {
  const { commit, resources }: Recorded = JSON.parse(readFileSync(file, "utf8"));
  await prepare();
  await begin("whole");
  const now = await exported();
  const old: Exported = { ...now, deployment: { ...now.deployment, resources } };
  await imported(withOutputOf(withKeys, withIds(old, sameIds(old, now)), now));
  const { code, output } = await up();
  process.stdout.write(`${output}\n`);
  const changes = output.split("\n").filter((line) => /^\s*(\+-|-\+|--|\+\+|-)\s/.test(line));
  const problems = changes.length > 0 ? [`replaced or deleted:\n${changes.join("\n")}`] : [];
  if (code !== 0) return [...problems, `up ended with code ${code}`];
  const removal = await destroy();
  if (removal.code !== 0) return [...problems, `destroy ended with code ${removal.code}:\n${removal.output}`];
  process.stdout.write(`the state of ${commit.slice(0, 7)}: ${changes.length} replaced or deleted\n`);
  return [...problems, ...(await remains())];
}

async function main([word, commit, ...rest]: readonly string[]): Promise<number> {
  if (word !== undefined && !(word === "record" && commit !== undefined && rest.length === 0)) {
    process.stdout.write(help);
    return ["-h", "--help", "help"].includes(word) ? 0 : 2;
  }
  if (commit !== undefined) {
    await record(commit);
    return 0;
  }
  const problems = await check();
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

runMain(main);
