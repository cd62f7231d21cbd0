import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { planText } from "./plan";
import { configOf, planned, stacksOf } from "./planned";

/** `npm run expected`: writes the plan of every stack that has a file to test/expected, or to the folder that is named. */

const root = join(__dirname, "..");

/** The program anew: it reads the configuration when it is loaded. */
async function index(): Promise<unknown> {
  for (const file of Object.keys(require.cache)) {
    if (!file.includes(`${sep}node_modules${sep}`) && !file.startsWith(__dirname)) delete require.cache[file];
  }
  return require("../index");
}

async function main(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const stacks = stacksOf(root);
  for (const stack of stacks) {
    const plan = await planned(stack, configOf(root, stack), index).catch((error: Error) => {
      throw new Error(`Pulumi.${stack}.yaml: ${error.message}`);
    });
    writeFileSync(join(folder, `${stack}.json`), planText(plan));
  }
  for (const file of readdirSync(folder)) {
    if (file.endsWith(".json") && !stacks.includes(file.slice(0, -".json".length))) rmSync(join(folder, file));
  }
}

main(resolve(process.argv[2] ?? join(__dirname, "expected"))).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
