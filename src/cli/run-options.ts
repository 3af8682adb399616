/** The flags of `bench run`. */
import type { Argv } from "yargs";
import { transportNames } from "../client/transports.ts";
import type { ArgsOf } from "./command.ts";

export type RunArguments = ArgsOf<typeof runOptions>;

/** `--resolve`, of every command that makes load or looks at a target. */
export const RESOLVE_OPTION = {
  choices: ["all", "first"],
  default: "all",
  describe: "Which addresses of the target's name get sessions: all in turn, or the first alone",
} as const;

/** Stored runs, the operands of every command that only reads them. */
export const STORED_RUNS = {
  type: "string",
  array: true,
  demandOption: true,
  describe: "Run folders, or their result.json",
} as const;

/** `--streams`, of every command that takes a scenario. */
export const STREAMS_OPTION = {
  type: "number",
  describe: "Concurrent callers instead of the scenario's",
} as const;

/** `--rate`, of every command that takes a scenario of any load. */
export const RATE_OPTION = {
  type: "number",
  describe: "Sessions a second instead of the scenario's",
} as const;

/** `--quiet`, of every command that makes load. */
export const QUIET_OPTION = { alias: "q", type: "boolean", default: false, describe: "No progress" } as const;

/** `--nats` and how to get in, of every command that speaks to a broker. */
export const NATS_OPTIONS = {
  nats: {
    type: "string",
    describe:
      "NATS server (with JetStream) at which the run and its workers meet, nats://host:4222 or tls://",
  },
  "nats-creds": { type: "string", describe: "Credentials file for NATS (or NATS_CREDS)" },
  "nats-nkey": { type: "string", describe: "File with the seed of an nkey for NATS (or NATS_NKEY)" },
  "nats-token-file": {
    type: "string",
    describe: "File with a token for NATS (or the token itself in NATS_TOKEN)",
  },
  "nats-ca": {
    type: "string",
    describe: "CA certificate of the NATS server, PEM (or NATS_CA)",
  },
  "nats-cert": { type: "string", describe: "Client certificate for NATS, PEM (or NATS_CERT)" },
  "nats-key": { type: "string", describe: "Its private key, PEM (or NATS_KEY)" },
  "join-timeout": {
    type: "string",
    default: "2m",
    describe: "With --nats: how long the run and its workers wait for each other",
  },
} as const;

/** Flags that put the workers on other machines, of every command that makes load. */
export const REMOTE_OPTIONS = {
  ...NATS_OPTIONS,
  run: {
    type: "string",
    describe: "With --nats: the name that workers know the run by [default: one is made and printed]",
  },
  "expect-workers": { type: "number", describe: "With --nats: how many workers take part" },
} as const;

export function runOptions(yargs: Argv) {
  return yargs
    .option("scenario", {
      alias: "s",
      type: "string",
      default: "smoke",
      describe: "Name (see `bench scenarios`) or file",
    })
    .option("target", {
      alias: "t",
      type: "string",
      describe: "Name in targets/, file, or grpc://host:port; default: RIVA_HOST, else the emulator",
    })
    .option("resolve", RESOLVE_OPTION)
    .option("out", { alias: "o", type: "string", describe: "Run folder [default: results/<run id>]" })
    .option("seed", { type: "number", default: 1, describe: "Decides clips and phases; one seed, one plan" })
    .option("streams", STREAMS_OPTION)
    .option("rate", RATE_OPTION)
    .option("duration", { type: "string", describe: "Steady window instead of the scenario's (60, 90s, 2m)" })
    .option("warmup", { type: "string", describe: "Warm-up instead of the scenario's" })
    .option("chunk", { type: "string", describe: "Chunk length instead of the scenario's (20ms to 1s)" })
    .option("transport", {
      choices: ["auto", ...transportNames] as const,
      describe:
        "What carries the streams; auto: what the target speaks, riva-h2 from 300 streams a worker on and for audio.anchor: at-start",
    })
    .option("workers", {
      type: "string",
      default: "auto",
      describe:
        "Processes that make the load; auto: one for every 10,000 chunks a second, one core left free",
    })
    .options(REMOTE_OPTIONS)
    .option("shard", {
      type: "string",
      describe:
        "Carry only part I of N of the plan, as I/N: several machines without a broker (then: bench merge)",
    })
    .option("start-at", {
      type: "string",
      describe: "With --shard: when the load begins, the same for all, such as 2027-03-14T09:26:00Z",
    })
    .option("slo", {
      type: "string",
      array: true,
      describe: 'Another SLO, such as "final_from_close p95 < 800ms"',
    })
    .option("until-certified", {
      type: "string",
      describe: "Lengthen the window until this percentile (p50 to p99.9) of the gated metrics is certified",
    })
    .option("budget", {
      type: "string",
      default: "30m",
      describe: "Longest window that --until-certified may make",
    })
    .option("metrics-port", {
      type: "number",
      describe: "Serve Prometheus metrics at :N/metrics while the run lasts; 0 = any free port",
    })
    .option("metrics-linger", {
      type: "string",
      describe: "How long to go on serving after the run, such as 20s [default: two scrapes, 30s at most]",
    })
    .option("remote-write", {
      type: "string",
      describe:
        "Also send the metrics to this Prometheus remote-write URL (http://user:password@... or BENCH_REMOTE_WRITE_TOKEN), for runs too short to be scraped",
    })
    .option("pushgateway", {
      type: "string",
      describe: "Leave the figures of the finished run in the Pushgateway at this URL",
    })
    .option("otlp", {
      type: "string",
      describe: "Send traces of failed, slow and sampled sessions to the OpenTelemetry collector at this URL",
    })
    .option("otlp-sample", {
      type: "number",
      describe: "Share of sessions traced whatever becomes of them [default: 0.01]",
    })
    .option("json", { type: "boolean", default: false, describe: "Print result.json instead of the table" })
    .option("quiet", QUIET_OPTION)
    .option("json-lines", {
      type: "boolean",
      default: false,
      describe: "Print the run as JSON lines while it lasts; the last one is the result",
    })
    .example("$0 --scenario concurrency-50", "fifty callers against the built-in emulator")
    .example("$0 --scenario concurrency-50 --target grpc://gpu-box:50051", "the same against a server")
    .example("$0 --scenario soak --metrics-port 9464", "watched by Prometheus, see dashboards/")
    .example("$0 --scenario smoke --slo 'rtfx > 20' --out out/smoke", "another gate, a folder of your choice")
    .example(
      "$0 -s soak -t nim --nats nats://broker:4222 --run night --expect-workers 4",
      "four machines that run `bench worker`, see docs/scale-out.md",
    )
    .example(
      "$0 -s soak -t nim --shard 3/8 --start-at 2027-03-14T09:26:00Z",
      "the third of eight machines that share a plan without a broker",
    )
    .example(
      "$0 --scenario nvidia-table --streams 64 --target nim",
      "NVIDIA's own procedure, for its tables",
    );
}
