import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { aims, type Folder, folders } from "./folders";
import { describeMutant, type Equivalent, score, stale, survivors, type Tried, table } from "./outcome";
import { endPrograms } from "./programs";
import { tryShell } from "./shell";
import { tryTypeScript } from "./typescript";

const checkout = resolve(__dirname, "../..");
/** Results of the folders, for the table and for the next run. */
const kept = join(checkout, "node_modules", ".cache", "mutation");

interface Kept {
  readonly commit: string;
  readonly date: string;
  /** One of so many mutants was tried. */
  readonly every?: number;
  readonly tried: Tried[];
}

const help = `npm run test:mutation                          all folders: hours on two cores
npm run test:mutation -- FOLDER...             these folders only: ${folders.map(({ name }) => name).join(", ")};
                                               or "typescript", "shell"
npm run test:mutation -- FOLDER --survivors    only what the last run left alive, after tests were added
npm run test:mutation -- FOLDER --every=4      only one of so many mutants, the same ones each time: what all would take too long for
npm run test:mutation -- --write               also writes docs/mutation.md from the last result of each folder

Changes the program in a thousand small ways and looks which of them the unit tests notice. The checkout stays as it is: all of
that happens in copies of it. Survivors that change nothing are listed in test/mutation/equivalent.json, with the reason.
`;

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.some((arg) => ["-h", "--help", "help"].includes(arg))) return void process.stdout.write(help);
  const [flags, names] = [args.filter((arg) => arg.startsWith("--")), args.filter((arg) => !arg.startsWith("--"))];
  const unknown = [
    ...flags.filter((flag) => !/^--(?:survivors|write|every=[1-9]\d*)$/.test(flag)),
    ...names.filter((name) => chosen(name).length === 0),
  ];
  if (unknown.length > 0) throw new Error(`${unknown.join(", ")}: there is no such folder or option\n\n${help}`);
  const asked = flags.find((flag) => flag.startsWith("--every="))?.split("=")[1];
  const wanted = names.length > 0 ? names.flatMap(chosen) : flags.includes("--write") ? [] : folders;

  const scratch = mkdtempSync(join(tmpdir(), "openshift-multiarch-mutation-"));
  const clean = () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      endPrograms();
      clean();
      process.exit(130);
    });
  }
  mkdirSync(kept, { recursive: true });
  process.env.MUTATION_SCRATCH = scratch;
  // Tests may give up root.
  chmodSync(scratch, 0o755);
  try {
    for (const folder of wanted) {
      console.log(`\n== ${folder.name} (${folder.language})`);
      const before = flags.includes("--survivors") ? last(folder) : undefined;
      const every = before?.every ?? Number(asked ?? 1);
      const started = Date.now();
      const tried = await (folder.language === "shell" ? tryShell : tryTypeScript)(folder, scratch, {
        only: before?.tried,
        every,
      });
      writeFileSync(file(folder), JSON.stringify({ commit: commit(), date: new Date().toISOString(), every, tried } satisfies Kept));
      for (const mutant of survivors(tried, equivalents())) console.log(describeMutant(mutant));
      for (const { file: of, original, replacement } of stale(tried, equivalents()))
        console.log(`equivalent.json: ${of}: no survivor is ${original} -> ${replacement} any more: take it out`);
      console.log(
        `${folder.name}: ${score(tried, equivalents()).percent.toFixed(1)} %, ${Math.round((Date.now() - started) / 60_000)} minutes`,
      );
    }
  } finally {
    clean();
  }
  const results = folders.flatMap((folder) => {
    const result = last(folder);
    return result ? [{ folder, ...result }] : [];
  });
  console.log(`\n${table(results, equivalents())}`);
  if (flags.includes("--write")) writeDocument(results);
  // Below the aim is a failure only for what was just tried.
  const below = results.filter(
    ({ folder, tried }) => wanted.includes(folder) && score(tried, equivalents()).percent < aims[folder.language],
  );
  if (below.length > 0) {
    console.log(`below the aim: ${below.map(({ folder }) => folder.name).join(", ")}`);
    process.exitCode = 1;
  }
}

const chosen = (name: string): Folder[] =>
  folders.filter((folder) => folder.name === name || folder.language.toLowerCase() === name.toLowerCase());
const file = ({ name }: Folder) => join(kept, `${name}.json`);
const last = (folder: Folder): Kept | undefined => (existsSync(file(folder)) ? JSON.parse(readFileSync(file(folder), "utf8")) : undefined);
const equivalents = (): Equivalent[] => JSON.parse(readFileSync(join(__dirname, "equivalent.json"), "utf8"));
const commit = () => spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: checkout, encoding: "utf8" }).stdout.trim();

function writeDocument(results: readonly (Kept & { folder: Folder })[]): void {
  const missing = folders.filter(({ name }) => !results.some(({ folder }) => folder.name === name)).map(({ name }) => name);
  const measured = results.map(
    ({ folder, commit: of, date, every = 1 }) =>
      `- ${folder.name}: ${date.slice(0, 10)}, commit ${of}, ${every === 1 ? "all mutants" : `a sample, one mutant of ${every}`}`,
  );
  writeFileSync(
    join(checkout, "docs", "mutation.md"),
    `# Mutation tests

Written by \`npm run test:mutation -- --write\`. Each mutant is the program with one small change; the unit tests should notice it.
[Stryker](https://stryker-mutator.io) makes those of TypeScript, \`test/mutation/shell-mutants.ts\` those of the shell scripts: a
statement dropped, a test negated, an operator swapped, a flag dropped, a number changed, a message emptied. The score counts
mutants that change something; the others are in \`test/mutation/equivalent.json\`, each with its reason. Not part of CI: it takes hours.

${table(results, equivalents())}

What was measured:

${measured.join("\n")}${missing.length > 0 ? `\n- ${missing.join(", ")}: not measured` : ""}
`,
  );
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
