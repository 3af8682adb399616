import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // `dist` holds compiled copies of nothing we want to run twice.
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 10_000,
    // End-to-end suites start servers and generators; two cores are all a developer machine may have.
    maxWorkers: 2,
  },
});
