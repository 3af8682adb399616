/** Who may import whom, one rule a line; each name reads as the sentence. Third-party packages have one door each. */
const only = (name, from, allowed) => ({
  name,
  severity: "error",
  from: { path: from, pathNot: "\\.test\\.ts$" },
  to: { path: "^src/", pathNot: allowed },
});

/** The files that may import a package. */
const door = (npmPackage, files) => ({
  name: `${npmPackage.replace(/\W+/g, "-")}-has-one-door`,
  severity: "error",
  from: { path: "^src/", pathNot: [...files.map((file) => `^src/${file}$`), "\\.test\\.ts$"] },
  to: { path: `node_modules/${npmPackage}/`, dependencyTypesNot: ["type-only"] },
});

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    only("base-is-a-leaf", "^src/base/", ["^src/base/"]),
    only("client-knows-base", "^src/client/", ["^src/(base|client)/"]),
    only("metrics-is-a-leaf", "^src/metrics/", ["^src/(base|metrics)/"]),
    only("loadgen-sees-only-the-transport-seam", "^src/loadgen/", [
      "^src/(base|metrics|loadgen)/",
      "^src/client/(create-)?transports?\\.ts$",
    ]),
    only("report-reads-results", "^src/report/", ["^src/(base|metrics|report)/"]),
    only("emulator-never-shares-client-code", "^src/emulator/", ["^src/(base|emulator)/"]),
    only("gateway-knows-client", "^src/gateway/", ["^src/(base|client|gateway)/"]),
    {
      name: "nobody-imports-the-command-line",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/cli/", "\\.test\\.ts$"] },
      to: { path: "^src/cli/" },
    },
    {
      // What is loaded before a command is known: `--help` and the start of every worker wait for it.
      name: "the-command-line-starts-light",
      severity: "error",
      from: {
        path: "^src/cli/(main|bench|world|machine|operands|run-options)\\.ts$|^src/client/transports\\.ts$",
      },
      to: {
        dynamic: false,
        dependencyTypesNot: ["type-only", "core"],
        pathNot: [
          "^src/cli/(bench|world|machine|operands|npx-parent|run-options)\\.ts$",
          "^src/client/transports\\.ts$",
          "^src/base/(clock|errors|package-root|printable|redact|system-error)\\.ts$",
          "node_modules/yargs/",
        ],
      },
    },
    door("@grpc/proto-loader", ["base/riva-proto\\.ts"]),
    door("@grpc/grpc-js", [
      "base/riva-proto\\.ts",
      "client/(riva-grpc|channel-pool|riva-unary|grpc-endpoint)\\.ts",
      "emulator/[a-z-]+\\.ts",
    ]),
    door("ws", ["client/web-socket-call\\.ts", "gateway/[a-z-]+\\.ts"]),
    door("@grpc/reflection", ["emulator/reflection\\.ts"]),
    door("@fastify/busboy", ["emulator/transcriptions\\.ts"]),
    door("prom-client", ["emulator/metrics-text\\.ts", "metrics/prometheus\\.ts", "gateway/metrics\\.ts"]),
    door("pino", ["cli/gateway-log\\.ts"]),
    door("hdr-histogram-js", ["metrics/histogram\\.ts"]),
    door("protobufjs", ["emulator/reflection\\.ts", "metrics/remote-write\\.ts"]),
    door("snappyjs", ["metrics/remote-write\\.ts"]),
    door("wavefile", ["base/audio\\.ts"]),
    door("libflacjs", ["loadgen/flac-encoder\\.ts", "emulator/flac-input\\.ts"]),
    door("opus-decoder", ["emulator/opus-input\\.ts"]),
    door("opusscript", ["loadgen/opus-encoder\\.ts"]),
    door("pure-rand", ["base/random\\.ts"]),
    door("yaml", ["base/yaml\\.ts"]),
    door("zod", [
      "base/(manifest|yaml|schema)\\.ts",
      "metrics/result-schema\\.ts",
      "loadgen/(scenario|scenario-schema|condition-schema|load-schema|recognition-schema|schema-fields|scoring-schema)\\.ts",
      "cli/target\\.ts",
      "gateway/(config|recognition-fields|stream-dialect|realtime-session)\\.ts",
    ]),
    door("@opentelemetry/[a-z-]+", ["cli/otlp\\.ts"]),
    door("uplot", ["report/uplot\\.ts"]),
    door("cli-table3", ["report/table\\.ts"]),
    door("tar", ["cli/run-archive\\.ts"]),
    door("yargs", ["cli/bench\\.ts"]),
    {
      name: "tests-are-not-products",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(test|perf)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
