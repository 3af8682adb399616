import type { ViteUserConfig } from "vitest/config";
import { defineConfig } from "vitest/config";

// End-to-end tests measure: they run alone, one file after the other, when the quick ones are done.
const alone = { fileParallelism: false, maxWorkers: 1, testTimeout: 120_000, hookTimeout: 60_000 } as const;

const SPINE = ["test/e2e/emulated-run.test.ts", "test/e2e/run-scenario.test.ts"];

const PATIENT = ["overload", "pace"].map((name) => `test/slow/${name}.test.ts`);

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "src/**/*.test.ts",
            "test/*.test.ts",
            "test/docs/**/*.test.ts",
            "test/conformance/**/*.test.ts",
          ],
          testTimeout: 20_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      // With "unit" it is what `npm test` runs: the main job from the built command line, and from a program.
      { test: { name: "spine", include: SPINE, ...alone, sequence: { groupOrder: 1 } } },
      // The built command line and the gateway where nothing is measured: two files at a time.
      {
        test: {
          name: "cli",
          include: ["test/cli/**/*.test.ts"],
          ...alone,
          fileParallelism: true,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: SPINE,
          ...alone,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts"],
          ...alone,
          sequence: { groupOrder: 3 },
        },
      },
      // Pages, in the system's Chromium (scripts/install-browser.sh).
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          ...alone,
          sequence: { groupOrder: 4 },
        },
      },
      // The documentation site, built by the test, in the same browser.
      {
        test: {
          name: "site",
          include: ["test/site/**/*.test.ts"],
          ...alone,
          sequence: { groupOrder: 11 },
        },
      },
      // Workers on other machines, with a real nats-server (scripts/get-nats-server.sh).
      {
        test: {
          name: "nats",
          include: ["test/nats/**/*.test.ts"],
          ...alone,
          // They mostly wait for silences to last.
          fileParallelism: true,
          maxWorkers: 2,
          sequence: { groupOrder: 8 },
        },
      },
      // The Helm chart, rendered by a real helm (scripts/get-helm.sh).
      {
        test: {
          name: "chart",
          include: ["test/chart/**/*.test.ts"],
          ...alone,
          sequence: { groupOrder: 9 },
        },
      },
      // The GPU host on AWS: its template, units and scripts, against moto (scripts/get-aws-tools.sh) and the emulator.
      {
        test: {
          name: "aws",
          include: ["test/aws/**/*.test.ts"],
          ...alone,
          // Programs of Python, one after the other; nothing is measured.
          fileParallelism: true,
          maxWorkers: 2,
          testTimeout: 600_000,
          sequence: { groupOrder: 11 },
        },
      },
      // Runs in a real Kubernetes (scripts/local-cluster.sh, or BENCH_CLUSTER_IMAGE with KUBECONFIG). By hand.
      {
        test: {
          name: "cluster",
          include: ["test/cluster/**/*.test.ts"],
          ...alone,
          sequence: { groupOrder: 10 },
        },
      },
      // The image of deploy/Dockerfile, built and run (scripts/test-image.sh).
      {
        test: {
          name: "image",
          include: ["test/image/**/*.test.ts"],
          ...alone,
          sequence: { groupOrder: 11 },
        },
      },
      // Real Prometheus and Alertmanager of Debian, fetched by scripts/get-prometheus.sh.
      {
        test: {
          name: "observability",
          include: ["test/observability/**/*.test.ts"],
          ...alone,
          sequence: { groupOrder: 5 },
        },
      },
      // Whole investigations, minutes each: capacity searches, comparisons. By hand, on a machine with nothing else to do.
      {
        test: {
          name: "proof",
          include: ["test/proof/**/*.test.ts"],
          ...alone,
          sequence: { groupOrder: 7 },
        },
      },
      // Published tables of a few samples each, where one hiccup of a shared machine is a whole percentile; a whole CI pipeline.
      {
        test: {
          name: "slow",
          retry: 2,
          include: ["test/slow/**/*.test.ts"],
          exclude: PATIENT,
          ...alone,
          sequence: { groupOrder: 6 },
        },
      },
      // Those of them that mostly wait: a few callers each, for a minute or more. Side by side they are no load for the machine.
      {
        test: {
          name: "patient",
          retry: 2,
          include: PATIENT,
          ...alone,
          fileParallelism: true,
          maxWorkers: PATIENT.length,
          sequence: { groupOrder: 8 },
        },
      },
    ],
  },
});

export default config;
