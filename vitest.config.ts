import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  // The page's build (vite.config.ts) is none of the tests' business.
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/setup/global-setup.ts",
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    retry: 0,
  },
});
