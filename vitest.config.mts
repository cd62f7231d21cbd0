import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // An Output in a template literal throws instead of becoming a sentence about Outputs.
    env: { PULUMI_ERROR_OUTPUT_STRING: "true" },
    testTimeout: 30_000,
    // Many tests wait for programs that they start.
    maxWorkers: 3,
  },
});
