import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * Stryker takes parts of files, and tries all mutants in them. This is a checker for it
 * (https://stryker-mutator.io/docs/stryker-js/plugins), by which it tries chosen mutants alone: it hears that the others are no programs.
 */

/** Names a mutant; `range` is `<file>:<line>:<column>-<line>:<column>`, lines from 1 and columns from 0. */
export const mutantName = (range, mutator, replacement) => `${range} ${mutator} ${replacement}`;

/** Whether a sample of one in so many has it. The same sample each time. */
export const inSample = (name, every) => createHash("sha256").update(name).digest().readUInt32BE() % every === 0;

/** A file names them: `{"folder", "every"}` or `{"folder", "names"}`. */
function choice() {
  const { folder, every, names } = JSON.parse(readFileSync(process.env.MUTATION_CHOSEN ?? "", "utf8"));
  const wanted = names && new Set(names);
  return ({ fileName, location: { start, end }, mutatorName, replacement }) => {
    const file = fileName.replace(`${folder}/`, "");
    const name = mutantName(`${file}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`, mutatorName, replacement);
    return wanted ? wanted.has(name) : inSample(name, every);
  };
}

const check = async (mutants) => {
  const chosen = choice();
  const answer = (mutant) => (chosen(mutant) ? { status: "passed" } : { status: "compileError", reason: "not chosen" });
  return Object.fromEntries(mutants.map((mutant) => [mutant.id, answer(mutant)]));
};

export const strykerPlugins = [{ kind: "Checker", name: "chosen", factory: () => ({ init: async () => {}, check }) }];
