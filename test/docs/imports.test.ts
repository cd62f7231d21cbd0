import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";

/** What `npm run check` asks of who imports whom: every rule, broken once in a small tree that is otherwise right. */

const root = join(__dirname, "..", "..");
const rules = JSON.parse(readFileSync(join(root, ".dependency-cruiser.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "openshift-multiarch-imports-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The rooms of the rehearsal, from the top floor down: CONTRIBUTING.md. */
const rooms = ["commands", "installer", "images", "aws", "stack", "cluster", "plugins", "services", "toolchain", "machine"];

const rightWay: Record<string, string> = {
  "index.ts": 'import "./tekton/a"; import "./preflight/a"; import "zod";',
  "preflight/a.ts": 'import "../infra/a"; import "../config/a";',
  "tekton/a.ts":
    'import "../cluster/a"; import "../infra/a"; import "../config/a"; import type { Test } from "vitest"; export type T = Test;',
  "cluster/a.ts": 'import "../infra/a"; import "../config/a";',
  "infra/a.ts": 'import "../config/a";',
  "config/a.ts": "export const a = 1;",
  ...Object.fromEntries(
    rooms.map((room, index) => {
      const below = rooms.slice(index + 1).map((lower) => `import "../${lower}/a";`);
      return [`rehearsal/${room}/a.ts`, `import "../../index"; import "vitest"; ${below.join(" ")}`];
    }),
  ),
  "review/a.ts": 'import "../config/a";',
  "test/a.ts": 'import "../rehearsal/commands/a"; import "vitest";',
  "package.json": JSON.stringify({ name: "tree", dependencies: { zod: "4" }, devDependencies: { vitest: "4" } }),
  "tsconfig.json": "{}",
  "node_modules/zod/package.json": JSON.stringify({ name: "zod", main: "index.js" }),
  "node_modules/zod/index.js": "",
  "node_modules/vitest/package.json": JSON.stringify({ name: "vitest", main: "index.js" }),
  "node_modules/vitest/index.js": "",
};

/** Names of the rules that a tree breaks. */
async function broken(changed: Record<string, string>): Promise<string[]> {
  const { cruise } = await import("dependency-cruiser");
  rmSync(folder, { recursive: true, force: true });
  for (const [file, text] of Object.entries({ ...rightWay, ...changed })) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const { options, forbidden } = rules;
  const { output } = await cruise(["index.ts", "config", "infra", "cluster", "tekton", "preflight", "review", "rehearsal", "test"], {
    ...options,
    tsConfig: undefined,
    baseDir: folder,
    validate: true,
    ruleSet: { forbidden },
  });
  if (typeof output === "string") throw new Error(output);
  return [...new Set(output.summary.violations.map(({ rule }) => rule.name))].sort();
}

it("a tree whose imports go one way, index -> tekton -> cluster -> infra -> config, breaks no rule", async () => {
  expect(await broken({})).toEqual([]);
});

/** Rule, file that breaks it, what that file imports. */
const wrong = [
  ["config-imports-no-other-part", "config/b.ts", "../infra/a"],
  ["config-imports-no-other-part", "config/b.ts", "../index"],
  ["infra-imports-config-alone", "infra/b.ts", "../cluster/a"],
  ["infra-imports-config-alone", "infra/b.ts", "../tekton/a"],
  ["cluster-imports-nothing-of-tekton", "cluster/b.ts", "../tekton/a"],
  ["cluster-imports-nothing-of-tekton", "cluster/b.ts", "../preflight/a"],
  ["tekton-imports-not-the-program", "tekton/b.ts", "../index"],
  ["tekton-imports-not-the-program", "tekton/b.ts", "../preflight/a"],
  ["infra-imports-config-alone", "infra/b.ts", "../preflight/a"],
  ["preflight-imports-infra-and-config-alone", "preflight/b.ts", "../tekton/a"],
  ["preflight-imports-infra-and-config-alone", "preflight/b.ts", "../index"],
  ["the-program-imports-no-tool", "preflight/b.ts", "../review/a"],
  ["nothing-imports-the-rehearsal-or-the-tests", "tekton/b.ts", "../rehearsal/machine/a"],
  ["nothing-imports-the-rehearsal-or-the-tests", "config/b.ts", "../test/a"],
  ["the-program-imports-no-tool", "tekton/b.ts", "../review/a"],
  ["the-rehearsal-imports-no-tests", "rehearsal/machine/b.ts", "../../test/a"],
  ["the-rehearsal-has-rooms-alone", "rehearsal/b.ts", "./machine/a"],
  ...rooms.flatMap((room, index) =>
    rooms.slice(0, index).map((above) => [`rehearsal-${room}-imports-no-room-above`, `rehearsal/${room}/b.ts`, `../${above}/a`] as const),
  ),
  ["no-circle", "config/a.ts", "./b"],
  ["no-circle", "rehearsal/machine/a.ts", "./b"],
  ["no-missing-module", "rehearsal/machine/b.ts", "nowhere"],
  ["the-program-has-its-packages", "cluster/b.ts", "vitest"],
] as const;

it.each(wrong)("%s: %s that imports %s is told", async (rule, file, imported) => {
  const back: Record<string, string> = rule === "no-circle" ? { [file.replace("/a.ts", "/b.ts")]: 'import "./a";' } : {};
  expect(await broken({ ...back, [file]: `import "${imported}";` })).toEqual([rule]);
});

it("no rule is without a file that breaks it here", () => {
  const tried: readonly string[] = wrong.map(([rule]) => rule);
  expect(rules.forbidden.map(({ name }: { name: string }) => name).filter((name: string) => !tried.includes(name))).toEqual([]);
});
