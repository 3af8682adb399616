/**
 * `npm run perf`: what the load generator costs and how well it keeps time, against a null server, next to a naive
 * grpc-js client in the same run.
 *
 *     npm run perf -- [--quick] [--json FILE] [--streams 50,200] [--transports riva-h2,riva-grpc,naive] [--repeats N]
 *                     [--streams-per-connection N] [--worker-flags="--max-semi-space-size=32"] [--scaling N]
 *                     [--metrics N] [--metrics-turns N] [--large-dataset N] [--fleet N] [--remote N]
 *                     [--gateway 200,600,1000] [--gateway-flags=FLAGS] [--gateway-upstream riva-grpc|riva-h2]
 *                     [--gateway-dialects direct,stream,realtime]
 *
 * Then what a set of 20 hours costs with N streams (`--large-dataset 0` leaves it out, as `--quick` does; it takes 6 GB of disk for
 * a while), what N workers over NATS cost their coordinator (`--fleet 0`; it needs scripts/get-nats-server.sh), what NATS costs a worker of N
 * streams next to one of a local run (`--remote 0`), what the metrics cost and, unless it is quick, how much they add to the CPU at N streams (`--metrics 0`) and what a
 * second process brings at N streams each (`--scaling 0`). Ends with what the gateway costs and adds at so many sessions, in both
 * dialects (`--gateway 0` leaves it out; `--streams 0` leaves the generator out).
 *
 * Ours runs over one connection, as the naive client does, unless told otherwise: the same work, so that what differs is
 * the client. Runs of the product open a connection for every 50 streams (to stay below the caps of real servers), which
 * costs CPU on both sides; measure that with `--streams-per-connection 50`.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { BenchError, messageOf } from "../src/base/errors.ts";
import { transportsFor } from "../src/client/transports.ts";
import { YOUNG_MEGABYTES } from "../src/cli/gateway/worker-thread.ts";
import { workerNodeFlags } from "../src/run/worker-process.ts";
import { choosePinning } from "./children.ts";
import { measureFleet, renderFleet } from "./fleet.ts";
import { renderGateway } from "./gateway-report.ts";
import { measureGatewaySeries } from "./gateway-series.ts";
import type { Dialect, GatewaySetting } from "./gateway.ts";
import { DIALECTS } from "./gateway.ts";
import type { Contender, Row } from "./measure.ts";
import { measure, medianRow } from "./measure.ts";
import { measureLargeDataset, renderLargeDataset } from "./large-dataset.ts";
import { measureRemoteWorker, renderRemoteWorker } from "./remote-worker.ts";
import { measureMetricsCost } from "./metrics-cost.ts";
import { measureMetricsShare, type MetricsShare, renderMetricsShare } from "./metrics-share.ts";
import { largestHonest, renderMetricsCost, renderReport, renderScaling } from "./report.ts";
import type { Scaling } from "./scaling.ts";
import { measureScaling } from "./scaling.ts";
import type { Timing } from "./workload.ts";

const BASELINE = "naive";

/** Starting the processes of a measurement and ending them. */
const AROUND_MS = 1500;
/** Making and importing a set of 20 hours (most of it), and two runs. */
const LARGE_DATASET_MS = 540_000;
const FLEET_MS = 45_000;
/** Six runs. */
const REMOTE_MS = 380_000;

try {
  await main();
} catch (error) {
  process.stderr.write(`perf: ${messageOf(error)}\n`);
  process.exitCode = error instanceof BenchError ? error.exitCode : 1;
}

async function main(): Promise<void> {
  const options = readOptions();
  const pinning = choosePinning();
  const machine = `${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${availableParallelism()} CPUs, Node ${process.version}, ${process.platform}`;
  print(`${machine}\n${pinning.description}\n`);
  print(`${options.repeats} measurement(s) of ${options.windowMs / 1000} s each, transports interleaved\n`);
  for (const { transport, setting } of options.contenders) print(`${transport}: ${setting}\n`);
  const plannedMs = plannedMsOf(options);
  print(`takes about ${minutes(plannedMs)}\n`);
  const startedMs = performance.now();
  const step = (name: string): void =>
    print(`  ${minutes(performance.now() - startedMs)} of ${minutes(plannedMs)}: ${name}\n`);

  const samples: Row[] = [];
  for (let repeat = 0; repeat < options.repeats; repeat++) {
    for (const streams of options.streams) {
      // Whoever goes first finds another machine than whoever goes second: take turns.
      const order = repeat % 2 === 0 ? options.contenders : [...options.contenders].reverse();
      for (const contender of order) {
        step(`${contender.transport}, ${streams} streams, ${repeat + 1} of ${options.repeats}`);
        samples.push(await measure(contender, streams, timingOf(streams, options), pinning));
      }
    }
  }

  const rows = options.streams.flatMap((streams) =>
    options.contenders.flatMap(({ transport }) => {
      const [first, ...others] = samples.filter(
        (row) => row.streams === streams && row.transport === transport,
      );
      return first === undefined ? [] : [medianRow([first, ...others])];
    }),
  );
  if (rows.length > 0) print(`\n${renderReport(rows, BASELINE)}`);
  const largeDataset =
    options.largeDataset === 0 ? [] : await measureLargeDataset(options.largeDataset, step);
  if (largeDataset.length > 0) print(renderLargeDataset(largeDataset));
  if (options.remote > 0) step(`a worker of ${options.remote} streams, local and over NATS in turns`);
  const remote = options.remote === 0 ? undefined : await measureRemoteWorker(options.remote);
  if (remote !== undefined) print(renderRemoteWorker(remote));
  if (options.fleet > 0) step(`${options.fleet} workers over NATS`);
  const fleet = options.fleet === 0 ? undefined : await measureFleet(options.fleet);
  if (fleet !== undefined) print(renderFleet(fleet));
  const metricsCost = await measureMetricsCost();
  print(renderMetricsCost(metricsCost));
  const metricsShares: MetricsShare[] = [];
  for (const contender of options.metrics === 0 ? [] : options.contenders) {
    if (contender.transport === BASELINE) continue;
    step(`${contender.transport}, metrics on and off at ${options.metrics} streams`);
    const share = await measureMetricsShare(contender, options.metrics, options.metricsTurns, pinning);
    print(renderMetricsShare(share));
    metricsShares.push(share);
  }
  const scaling: Scaling[] = [];
  for (const contender of options.scaling === 0 ? [] : options.contenders) {
    if (contender.transport === BASELINE) continue;
    const timing = timingOf(options.scaling, options);
    step(`${contender.transport}, one and two processes of ${options.scaling} streams`);
    const measured = await measureScaling(contender, options.scaling, options.repeats, timing, pinning);
    print(renderScaling(measured));
    scaling.push(measured);
  }
  const gateway = await measureGatewaySeries(
    { dialects: options.dialects, sessionCounts: options.gateway },
    options.gatewaySetting,
    {
      repeats: options.repeats,
      timingOf: (sessions) => ({ ...timingOf(sessions, options), settleMs: options.gatewaySettleMs }),
    },
    pinning,
    (name, repeat) => step(`${name}, ${repeat + 1} of ${options.repeats}`),
  );
  if (gateway.rows.length > 0) print(`\n${renderGateway(gateway.rows)}`);
  if (options.json !== undefined) {
    const honestStreams = Object.fromEntries(
      options.contenders.map(({ transport }) => [
        transport,
        largestHonest(rows.filter((row) => row.transport === transport)),
      ]),
    );
    const settings = Object.fromEntries(
      options.contenders.map(({ transport, setting }) => [transport, setting]),
    );
    const document = {
      machine,
      pinning: pinning.description,
      settings,
      repeats: options.repeats,
      rows,
      honestStreams,
      largeDataset,
      fleet,
      remote,
      metricsCost,
      metricsShares,
      scaling,
      samples,
      gateway: { setting: options.gatewaySetting, ...gateway },
    };
    writeFileSync(options.json, `${JSON.stringify(document, undefined, 2)}\n`);
  }
}

interface Options {
  json: string | undefined;
  streams: number[];
  contenders: (Contender & { setting: string })[];
  repeats: number;
  /** Of few streams; many take longer. */
  rampMs: number;
  settleMs: number;
  windowMs: number;
  /** Streams under which metrics are switched on and off, and how often; 0 = don't. */
  metrics: number;
  metricsTurns: number;
  /** Streams that play a set of 20 hours; 0 = don't. */
  largeDataset: number;
  /** Workers over NATS; 0 = none. */
  fleet: number;
  remote: number;
  /** Streams of each process when one and two are compared; 0 = don't. */
  scaling: number;
  /** Sessions through the gateway. */
  gateway: number[];
  dialects: Dialect[];
  /** Longer than an utterance: the gateway keeps the audio of one. */
  gatewaySettleMs: number;
  gatewaySetting: GatewaySetting;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      streams: { type: "string", default: "50,200,500,1000,1500" },
      transports: { type: "string", default: [...transportsFor("riva-grpc"), BASELINE].join(",") },
      repeats: { type: "string" },
      "streams-per-connection": { type: "string" },
      scaling: { type: "string" },
      metrics: { type: "string" },
      "metrics-turns": { type: "string", default: "40" },
      "large-dataset": { type: "string" },
      fleet: { type: "string" },
      remote: { type: "string" },
      "worker-flags": { type: "string" },
      gateway: { type: "string" },
      "gateway-dialects": { type: "string", default: DIALECTS.join(",") },
      "gateway-flags": {
        type: "string",
        default: `--min-semi-space-size=${YOUNG_MEGABYTES} --max-semi-space-size=${YOUNG_MEGABYTES}`,
      },
      "gateway-upstream": { type: "string", default: "riva-grpc" },
    },
  });
  const flagsFor = (transport: string): readonly string[] =>
    values["worker-flags"] === undefined ? workerNodeFlags(transport) : flagsOf(values["worker-flags"]);
  const limit = values["streams-per-connection"];
  const known: Options["contenders"] = [
    ...transportsFor("riva-grpc").map((transport) => ({
      transport,
      setting: `${limit === undefined ? "one connection" : `${limit} streams a connection`}, ${flagsFor(transport).join(" ")}`,
      script: "./our-generator.ts",
      args: [
        transport,
        String(limit === undefined ? Infinity : positiveInteger("--streams-per-connection", limit)),
      ],
      nodeFlags: flagsFor(transport),
    })),
    {
      transport: BASELINE,
      setting: "grpc-js and proto-loader as documented, one connection, Node's default flags",
      script: "./naive-client.ts",
      args: [],
      nodeFlags: [],
    },
  ];
  return {
    json: values.json,
    streams: countsOf("--streams", values.streams),
    contenders: values.transports.split(",").map((name) => {
      const contender = known.find(({ transport }) => transport === name);
      if (contender !== undefined) return contender;
      throw BenchError.usage(
        `unknown transport "${name}"; there are ${known.map(({ transport }) => transport).join(", ")}`,
      );
    }),
    repeats: positiveInteger("--repeats", values.repeats ?? (values.quick ? "1" : "2")),
    metrics: streamsOf("--metrics", values.metrics ?? (values.quick ? "0" : "1000")),
    metricsTurns: positiveInteger("--metrics-turns", values["metrics-turns"]),
    largeDataset: streamsOf("--large-dataset", values["large-dataset"] ?? (values.quick ? "0" : "200")),
    fleet: streamsOf("--fleet", values.fleet ?? (values.quick ? "0" : "200")),
    remote: streamsOf("--remote", values.remote ?? (values.quick ? "0" : "200")),
    scaling: streamsOf("--scaling", values.scaling ?? (values.quick ? "0" : "1000")),
    gateway: countsOf("--gateway", values.gateway ?? (values.quick ? "100" : "200,600,1000")),
    dialects: values["gateway-dialects"].split(",").map((name) => {
      const dialect = DIALECTS.find((known) => known === name);
      if (dialect !== undefined) return dialect;
      throw BenchError.usage(`unknown dialect "${name}"; there are ${DIALECTS.join(", ")}`);
    }),
    gatewaySetting: {
      upstream: values["gateway-upstream"],
      gatewayFlags: flagsOf(values["gateway-flags"]),
      callerFlags: flagsFor("gateway"),
    },
    gatewaySettleMs: values.quick ? 1000 : 6000,
    rampMs: values.quick ? 1000 : 2000,
    settleMs: values.quick ? 1000 : 2000,
    windowMs: values.quick ? 3000 : 6000,
  };
}

function timingOf(streams: number, options: Options): Timing {
  // Opening more than 500 streams a second is a load of its own, and not the one that is measured.
  return {
    rampMs: Math.max(options.rampMs, streams * 2),
    settleMs: options.settleMs,
    windowMs: options.windowMs,
  };
}

/** How long it all takes, to a tenth or so. */
function plannedMsOf(options: Options): number {
  const {
    contenders,
    streams,
    repeats,
    largeDataset,
    fleet,
    remote,
    metrics,
    metricsTurns,
    scaling,
    gateway,
    dialects,
  } = options;
  const lastsMs = (count: number, settleMs = options.settleMs): number => {
    const timing = timingOf(count, options);
    return timing.rampMs + settleMs + timing.windowMs + AROUND_MS;
  };
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const ours = contenders.filter(({ transport }) => transport !== BASELINE).length;
  return (
    repeats * contenders.length * sum(streams.map((count) => lastsMs(count))) +
    (largeDataset === 0 ? 0 : LARGE_DATASET_MS) +
    (fleet === 0 ? 0 : FLEET_MS) +
    (remote === 0 ? 0 : REMOTE_MS) +
    // A turn with metrics and one without, a second each.
    (metrics === 0 ? 0 : ours * (2 * metricsTurns * 1000 + AROUND_MS)) +
    (scaling === 0 ? 0 : ours * repeats * 2 * lastsMs(scaling)) +
    repeats * dialects.length * sum(gateway.map((count) => lastsMs(count, options.gatewaySettleMs)))
  );
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;
}

/** From few to many; "0" = none. */
function countsOf(flag: string, value: string): number[] {
  if (value === "0") return [];
  return value
    .split(",")
    .map((count) => positiveInteger(flag, count))
    .sort((a, b) => a - b);
}

function flagsOf(value: string): string[] {
  return value.split(" ").filter((flag) => flag !== "");
}

/** "0" = none. */
function streamsOf(flag: string, value: string): number {
  return value === "0" ? 0 : positiveInteger(flag, value);
}

function positiveInteger(flag: string, value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw BenchError.usage(`${flag} takes positive whole numbers, not "${value}"`);
}

function print(text: string): void {
  process.stdout.write(text);
}
