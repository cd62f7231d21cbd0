import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { inSample, mutantName } from "./chosen.mjs";
import type { Folder } from "./folders";
import type { Tried } from "./outcome";
import { ended, started } from "./programs";

/** The part of a report of Stryker's that is read here; its schema is mutation-testing-report-schema. */
export interface Report {
  files: Record<string, { source: string; mutants: ReportedMutant[] }>;
}
interface Position {
  line: number;
  column: number;
}
interface ReportedMutant {
  mutatorName: string;
  replacement?: string;
  status: string;
  location: { start: Position; end: Position };
}

const results: Record<string, Tried["result"]> = {
  Killed: "killed",
  Timeout: "timeout",
  Survived: "survived",
  NoCoverage: "unseen",
  // A mutant that cannot be loaded at all: Stryker counts it as neither.
  CompileError: "invalid",
  RuntimeError: "invalid",
};

export function fromReport({ files }: Report): Tried[] {
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split("\n");
    const cut = ({ start, end }: ReportedMutant["location"]) =>
      start.line === end.line
        ? lines[start.line - 1].slice(start.column - 1, end.column - 1)
        : [
            lines[start.line - 1].slice(start.column - 1),
            ...lines.slice(start.line, end.line - 1),
            lines[end.line - 1].slice(0, end.column - 1),
          ].join("\n");
    return mutants.flatMap(({ mutatorName, replacement = "", status, location }): Tried[] => {
      const result = results[status];
      if (!result) return [];
      const { start, end } = location;
      return [
        {
          file,
          line: start.line,
          text: lines[start.line - 1].trim(),
          mutator: mutatorName,
          original: cut(location),
          replacement,
          result,
          range: `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`,
        },
      ];
    });
  });
}

const same = (a: Tried) => (b: Tried) => a.range === b.range && a.mutator === b.mutator && a.replacement === b.replacement;

/** What a later run says of mutants that an earlier one has tried. */
export const merge = (earlier: readonly Tried[], later: readonly Tried[]): Tried[] =>
  earlier.map((mutant) => {
    const again = later.find(same(mutant));
    return again && again.result !== "unseen" && again.result !== "invalid" ? again : mutant;
  });

export const alive = ({ result }: Tried): boolean => result === "survived" || result === "unseen";

const nameOf = ({ range = "", mutator, replacement }: Tried) => mutantName(range, mutator, replacement);

/** Which mutants of a folder are tried. */
export interface Choice {
  /** Only what of these is alive. */
  readonly only?: readonly Tried[];
  /** One of so many. */
  readonly every?: number;
}

/** Tries all mutants of a folder, or those that are chosen. */
export async function tryTypeScript(folder: Folder, scratch: string, { only, every = 1 }: Choice): Promise<Tried[]> {
  let tried = only
    ? merge(only, await again(only, folder.tests, scratch))
    : (await stryker(folder.files, folder.tests, scratch, { every })).filter((mutant) => inSample(nameOf(mutant), every));
  for (const more of folder.more ?? []) {
    const left = tried.filter(alive);
    if (left.length === 0) break;
    console.log(`${left.length} of ${tried.length} are left; they are shown to ${more}`);
    tried = merge(tried, await again(tried, [more], scratch));
  }
  return tried;
}

function again(tried: readonly Tried[], tests: readonly string[], scratch: string): Promise<Tried[]> {
  const left = tried.filter(alive);
  return stryker([...new Set(left.map(({ range = "" }) => range))], tests, scratch, { names: left.map(nameOf) });
}

type Chosen = { readonly every: number } | { readonly names: readonly string[] };

async function stryker(mutate: readonly string[], tests: readonly string[], scratch: string, chosen: Chosen): Promise<Tried[]> {
  if (mutate.length === 0) return [];
  const [config, report, choice] = [join(scratch, "stryker.json"), join(scratch, "report.json"), join(scratch, "chosen.json")];
  writeFileSync(choice, JSON.stringify({ folder: process.cwd(), ...chosen }));
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: "vitest",
      plugins: ["@stryker-mutator/vitest-runner", resolve("test/mutation/chosen.mjs")],
      checkers: ["chosen"],
      mutate,
      coverageAnalysis: "perTest",
      concurrency: 2,
      reporters: process.stdout.isTTY ? ["progress", "json"] : ["json"],
      jsonReporter: { fileName: report },
      tempDirName: join(scratch, "sandbox"),
      cleanTempDir: "always",
      allowEmpty: true,
      logLevel: "warn",
      // Much of the program is constants and what a beforeAll builds: such mutants take all tests of their folder.
      warnings: { slow: false },
      // Of the time that the same tests took without a mutant, and a time for busy machines.
      timeoutFactor: 3,
      // Tests that start programs take minutes, and more beside other work.
      dryRunTimeoutMinutes: 20,
      timeoutMS: 20_000,
      disableTypeChecks: true,
      vitest: { configFile: "test/mutation/vitest.config.mts", related: false },
    }),
  );
  const child = started(
    spawn(process.execPath, ["node_modules/@stryker-mutator/core/bin/stryker.js", "run", config], {
      detached: true,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        MUTATION_TESTS: JSON.stringify(tests),
        MUTATION_CHOSEN: choice,
        // Pulumi's SDK is half of what a short test takes to start.
        NODE_COMPILE_CACHE: join(scratch, "compiled"),
      },
    }),
  );
  const status = await new Promise<number | null>((done) => child.on("close", done));
  ended(child);
  if (status !== 0) throw new Error(`Stryker ended with exit code ${status}: do the tests ${tests.join(", ")} pass by themselves?`);
  return fromReport(JSON.parse(readFileSync(report, "utf8")));
}
