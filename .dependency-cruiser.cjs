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
    // The way of the data: a scenario is planned, played, measured, kept, watched and reported.
    only("base-is-a-leaf", "^src/base/", ["^src/base/"]),
    only("client-knows-base", "^src/client/", ["^src/(base|client)/"]),
    only("metrics-is-a-leaf", "^src/metrics/", ["^src/(base|metrics)/"]),
    only("metrics-count-before-they-judge", "^src/metrics/(observation|catalogue|record)/", [
      "^src/(base|metrics/(observation|catalogue|record|stats|result))/",
      "^src/metrics/judge/slo\\.ts$",
    ]),
    only("a-metric-is-a-function-of-an-observation", "^src/metrics/catalogue/", [
      "^src/(base|metrics/(observation|catalogue))/",
    ]),
    only("an-observation-knows-no-metric", "^src/metrics/observation/", ["^src/(base|metrics/observation)/"]),
    only("statistics-know-numbers-only", "^src/metrics/stats/", ["^src/(base|metrics/stats)/"]),
    only("a-dataset-is-made-before-a-scenario", "^src/dataset/", ["^src/(base|dataset)/"]),
    only("sounds-know-no-format-of-datasets", "^src/dataset/sound/", ["^src/(base|dataset/sound)/"]),
    only("importers-read-text-only", "^src/dataset/import/", ["^src/(base|dataset/import)/"]),
    only("a-scenario-knows-what-can-be-sent", "^src/scenario/", [
      "^src/(base|client|scenario|loadgen/audio)/",
      "^src/metrics/(observation/classify|result/result)\\.ts$",
    ]),
    only("a-load-model-knows-no-scenario", "^src/scenario/load/", ["^src/(base|scenario/load)/"]),
    only("loadgen-sees-only-the-transport-seam", "^src/loadgen/", [
      "^src/(base|metrics|scenario|loadgen)/",
      "^src/client/transports?\\.ts$",
    ]),
    only("encodings-know-no-scenario", "^src/loadgen/audio/", [
      "^src/(base|metrics/observation|loadgen/audio)/",
      "^src/client/transport\\.ts$",
    ]),
    only("a-plan-knows-no-engine", "^src/loadgen/plan/", [
      "^src/(base|metrics|scenario|loadgen/(plan|audio))/",
      "^src/client/transport\\.ts$",
    ]),
    only("an-engine-knows-no-process", "^src/loadgen/engine/", [
      "^src/(base|metrics|scenario|loadgen/(plan|audio|engine))/",
      "^src/client/transport\\.ts$",
    ]),
    only("the-store-knows-no-run", "^src/store/", ["^src/(base|metrics|scenario|loadgen|store)/"]),
    only("who-watches-changes-nothing", "^src/watch/", ["^src/(base|metrics|scenario|report/words|watch)/"]),
    only("report-reads-results", "^src/report/", ["^src/(base|metrics|report)/"]),
    only("words-are-said-by-all-reports", "^src/report/words/", ["^src/(base|metrics|report/words)/"]),
    only("charts-know-no-page", "^src/report/chart/", ["^src/(base|metrics|report/(words|chart))/"]),
    only("text-knows-no-page", "^src/report/text/", ["^src/(base|metrics|report/(words|text))/"]),
    only("a-run-is-no-command", "^src/run/", [
      "^src/(base|client|scenario|loadgen|metrics|store|watch|report|run|emulator)/",
    ]),
    only("a-cluster-launches-what-it-does-not-run", "^src/cluster/", [
      "^src/(base|client|scenario|metrics|store|cluster)/",
    ]),
    only("a-rollout-knows-its-ports-only", "^src/rollout/", ["^src/(base|rollout)/"]),
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
        path: "^src/cli/(main|bench|command|operands|run-options)\\.ts$|^src/base/process/(world|machine)\\.ts$|^src/client/transports\\.ts$",
      },
      to: {
        dynamic: false,
        dependencyTypesNot: ["type-only", "core"],
        pathNot: [
          "^src/cli/(bench|command|operands|run-options)\\.ts$",
          "^src/client/transports\\.ts$",
          "^src/base/(clock|errors|system-error|process/[a-z-]+|text/(printable|redact))\\.ts$",
          "node_modules/yargs/",
        ],
      },
    },
    {
      name: "a-local-run-loads-no-nats",
      severity: "error",
      from: {
        path: "^src/",
        pathNot: ["^src/run/nats/", "^src/cli/commands/remote-worker\\.ts$", "\\.test\\.ts$"],
      },
      to: {
        dynamic: false,
        dependencyTypesNot: ["type-only"],
        path: "^src/run/nats/",
        pathNot: "^src/run/nats/broker-options\\.ts$",
      },
    },
    door("@grpc/proto-loader", ["base/riva-proto\\.ts"]),
    door("@grpc/grpc-js", [
      "base/riva-proto\\.ts",
      "client/grpc/(riva-grpc|channel-pool|riva-unary|grpc-endpoint)\\.ts",
      "emulator/[a-z/-]+\\.ts",
    ]),
    door("ws", ["client/websocket/web-socket-call\\.ts", "gateway/[a-z/-]+\\.ts"]),
    door("@grpc/reflection", ["emulator/reflection\\.ts"]),
    door("@fastify/busboy", ["emulator/http/transcriptions\\.ts"]),
    door("prom-client", ["emulator/http/metrics-text\\.ts", "watch/prometheus\\.ts", "gateway/metrics\\.ts"]),
    door("pino", ["cli/gateway/gateway-log\\.ts"]),
    door("hdr-histogram-js", ["metrics/record/histogram\\.ts"]),
    door("protobufjs", ["emulator/reflection\\.ts", "watch/remote-write\\.ts"]),
    door("snappyjs", ["watch/remote-write\\.ts"]),
    door("wavefile", ["base/audio/audio\\.ts"]),
    door("koffi", ["emulator/pocketsphinx/binding\\.ts"]),
    door("sherpa-onnx-node", ["emulator/sherpa/binding\\.ts"]),
    door("libflacjs", ["loadgen/audio/flac-encoder\\.ts", "emulator/audio/flac-input\\.ts"]),
    door("opus-decoder", ["emulator/audio/opus-input\\.ts", "dataset/sound/opus-sound\\.ts"]),
    door("@wasm-audio-decoders/flac", ["dataset/sound/flac-sound\\.ts"]),
    door("mpg123-decoder", ["dataset/sound/mp3-sound\\.ts"]),
    door("codec-parser", ["dataset/sound/opus-sound\\.ts"]),
    door("opusscript", ["loadgen/audio/opus-encoder\\.ts"]),
    door("pure-rand", ["base/random\\.ts"]),
    door("yaml", ["base/yaml\\.ts"]),
    door("zod", [
      "base/(yaml|dataset/manifest)\\.ts",
      "cluster/values-file\\.ts",
      "rollout/(alerts|gateway-upstreams|rollout-file|state)\\.ts",
      "metrics/result/result-schema\\.ts",
      "scenario/(scenario|[a-z]+-schema|load/[a-z/-]+|target/target)\\.ts",
      "gateway/(config|dialects/(recognition-fields|stream-dialect|realtime-session))\\.ts",
    ]),
    door("@opentelemetry/[a-z-]+", ["watch/otlp\\.ts"]),
    door("uplot", ["report/html/uplot\\.ts"]),
    door("cli-table3", ["report/text/table\\.ts"]),
    door("tar", [
      "base/files/unpack\\.ts",
      "dataset/fetch/fetch-archive\\.ts",
      "run/nats/dataset-share\\.ts",
    ]),
    door("@nats-io/[a-z-]+", ["run/nats/broker\\.ts"]),
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
