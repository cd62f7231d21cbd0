import { defineConfig } from "vitest/config";

/** Only the tests that may see a mutant, as the command of the mutation tests chooses them. */
export default defineConfig({
  test: {
    include: JSON.parse(process.env.MUTATION_TESTS ?? "[]"),
    env: { PULUMI_ERROR_OUTPUT_STRING: "true" },
    testTimeout: 30_000,
    maxWorkers: 1,
    setupFiles: ["test/mutation/setup.ts"],
  },
});
