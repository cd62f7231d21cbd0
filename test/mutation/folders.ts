/** One line of the result: files that are changed, and the tests that are to notice. Globs, from the project's folder. */
export interface Folder {
  readonly name: string;
  readonly language: "TypeScript" | "shell";
  readonly files: readonly string[];
  readonly tests: readonly string[];
  /** Slower tests, such as those that start programs, which are shown only what the others did not notice. */
  readonly more?: readonly string[];
}

const program = "test/index*.test.ts";

export const folders: readonly Folder[] = [
  { name: "index.ts", language: "TypeScript", files: ["index.ts"], tests: [program] },
  { name: "config", language: "TypeScript", files: ["config/**/*.ts"], tests: ["test/config/**/*.test.ts"] },
  {
    name: "infra",
    language: "TypeScript",
    files: ["infra/**/*.ts"],
    tests: ["test/infra/!(stages*).test.ts"],
    more: ["test/infra/stages{*,/**/*}.test.ts", program],
  },
  {
    name: "cluster",
    language: "TypeScript",
    files: ["cluster/**/*.ts"],
    tests: ["test/cluster/!(program|*-ready|feature-flags|drain-claims).test.ts"],
    more: ["test/cluster/{program,*-ready,feature-flags,drain-claims}.test.ts", program],
  },
  {
    name: "tekton",
    language: "TypeScript",
    files: ["tekton/**/*.ts"],
    tests: ["test/tekton/!(scripts*|follow|tasks).test.ts"],
    more: ["test/tekton/{follow,tasks}.test.ts", program],
  },
  { name: "preflight", language: "TypeScript", files: ["preflight/**/*.ts"], tests: ["test/preflight/*.test.ts"] },
  { name: "policy", language: "TypeScript", files: ["policy/**/*.ts"], tests: ["test/policy/*.test.ts"] },
  { name: "stages", language: "shell", files: ["infra/stages/**/*.sh"], tests: ["test/infra/stages{*,/**/*}.test.ts"] },
  { name: "tasks", language: "shell", files: ["tekton/steps/**/*.sh"], tests: ["test/tekton/scripts{*,/**/*}.test.ts"] },
];

/** What the project wants to reach, in per cent. */
export const aims = { TypeScript: 85, shell: 80 } as const;
