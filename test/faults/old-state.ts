import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { begin, prepare, remains } from "./machine";
import { runMain } from "./main";
import { type Exported, sameIds, withIds, withOutputOf } from "./old-state-ids";
import { destroy, pulumi, up } from "./pulumi";

const file = join(__dirname, "old-state.json");
const help = `npm run test:old-state                       brings the recorded state of an earlier commit up by this program
npm run test:old-state -- record CHECKOUT    records it anew, by the program of that checkout (git worktree add), of which node_modules has to be a link

The recorded state is that of the cluster and its file system (test/faults/old-state.json). Its ids are put in the place of those of a cluster that
stands in the emulated account; then pulumi up may update what it holds, but replace and delete nothing.
`;

/** What the file holds. */
interface Recorded {
  readonly commit: string;
  readonly state: Exported;
}

/** Stages whose output has keys of the cluster. */
const withKeys = ["assets", "install", "access"];

async function exported(): Promise<Exported> {
  const { code, output } = await pulumi(["stack", "export", "--show-secrets"]);
  if (code !== 0) throw new Error(output);
  return JSON.parse(output);
}

async function imported(state: Exported): Promise<void> {
  const from = join(process.env.OPENSHIFT_MULTIARCH_HOME ?? "", "run", "old-state.json");
  writeFileSync(from, JSON.stringify(state), { mode: 0o600 });
  const { code, output } = await pulumi(["stack", "import", "--file", from]);
  if (code !== 0) throw new Error(output);
}

async function record(checkout: string): Promise<void> {
  await prepare();
  const { code, output } = await up({ checkout });
  if (code !== 0) throw new Error(output);
  const nothing: Exported = { deployment: { resources: [] } };
  const state = withOutputOf(withKeys, withoutKeys(await exported()), nothing);
  const commit = execFileSync("git", ["-C", checkout, "rev-parse", "HEAD"], { encoding: "utf8" }).trim();
  writeFileSync(file, `${JSON.stringify({ commit, state } satisfies Recorded, undefined, 1)}\n`);
}

/** Without providers and outputs of the stack, which hold the kubeconfig, and without what was given to stages by stdin. */
function withoutKeys(state: Exported): Exported {
  const resources = state.deployment.resources.map(({ inputs, outputs, ...resource }) => {
    const provider = resource.urn.includes("pulumi:providers:kubernetes");
    const clean = ({ stdin, kubeconfig, kubeadminPassword, ...rest }: Record<string, unknown> = {}) =>
      provider ? { ...rest, kubeconfig: "" } : rest;
    return { ...resource, inputs: clean(inputs), outputs: clean(outputs) };
  });
  return { ...state, deployment: { ...state.deployment, resources } };
}

async function check(): Promise<string[]> {
  const { commit, state }: Recorded = JSON.parse(readFileSync(file, "utf8"));
  await prepare();
  await begin("whole");
  const now = await exported();
  await imported(withOutputOf(withKeys, withIds(state, sameIds(state, now)), now));
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

async function main([word, checkout, ...rest]: readonly string[]): Promise<number> {
  if (word !== undefined && !(word === "record" && checkout && existsSync(join(checkout, "index.ts")) && rest.length === 0)) {
    process.stdout.write(help);
    return ["-h", "--help", "help"].includes(word) ? 0 : 2;
  }
  if (checkout !== undefined) {
    await record(resolve(checkout));
    return 0;
  }
  const problems = await check();
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

runMain(main);
