import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // An Output in a template literal throws instead of becoming a sentence about Outputs.
    env: { PULUMI_ERROR_OUTPUT_STRING: "true" },
    // Longer than npm tries again by itself (10 and 60 s), so that a failure is in its words.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Many tests wait for programs that they start.
    maxWorkers: 3,
  },
});
