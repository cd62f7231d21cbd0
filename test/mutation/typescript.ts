import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Folder } from "./folders";
import type { Tried } from "./outcome";

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

/** Tries all mutants of a folder, or those of these that are alive. */
export async function tryTypeScript(folder: Folder, scratch: string, only?: readonly Tried[]): Promise<Tried[]> {
  let tried = only
    ? merge(
        only,
        await stryker(
          only.filter(alive).map(({ range }) => range ?? ""),
          folder.tests,
          scratch,
        ),
      )
    : await stryker(folder.files, folder.tests, scratch);
  for (const more of folder.more ?? []) {
    const left = tried.filter(alive);
    if (left.length === 0) break;
    console.log(`${left.length} of ${tried.length} are left; they are shown to ${more}`);
    tried = merge(tried, await stryker([...new Set(left.map(({ range }) => range ?? ""))], [more], scratch));
  }
  return tried;
}

async function stryker(mutate: readonly string[], tests: readonly string[], scratch: string): Promise<Tried[]> {
  if (mutate.length === 0) return [];
  const [config, report] = [join(scratch, "stryker.json"), join(scratch, "report.json")];
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: "vitest",
      plugins: ["@stryker-mutator/vitest-runner"],
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
      timeoutMS: 10_000,
      disableTypeChecks: true,
      vitest: { configFile: "test/mutation/vitest.config.mts", related: false },
    }),
  );
  const status = await new Promise<number | null>((done) =>
    spawn(process.execPath, ["node_modules/@stryker-mutator/core/bin/stryker.js", "run", config], {
      stdio: ["ignore", "inherit", "inherit"],
      // Pulumi's SDK is half of what a short test takes to start.
      env: { ...process.env, MUTATION_TESTS: JSON.stringify(tests), NODE_COMPILE_CACHE: join(scratch, "compiled") },
    }).on("close", done),
  );
  if (status !== 0) throw new Error(`Stryker ended with exit code ${status}: do the tests ${tests.join(", ")} pass by themselves?`);
  return fromReport(JSON.parse(readFileSync(report, "utf8")));
}
