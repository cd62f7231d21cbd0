import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/rehearsal/**/*.e2e.ts"],
    // One environment, one machine: each step stands on the one before it, so the first failure ends the run.
    fileParallelism: false,
    bail: 1,
    // The toolchain may have to be built first.
    testTimeout: 75 * 60_000,
    hookTimeout: 10 * 60_000,
    disableConsoleIntercept: true,
  },
});
