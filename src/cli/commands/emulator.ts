/** `bench emulator`: the emulated Riva server in a process of its own, started by hand or by a run. */
import type { Argv } from "yargs";
import { defined } from "../../base/defined.ts";
import { once } from "node:events";
import { loadDataset } from "../../base/dataset/dataset.ts";
import { durationFlag } from "../../base/duration.ts";
import { BenchError, messageOf } from "../../base/errors.ts";
import { bareHost, joinHostPort } from "../../base/host-port.ts";
import { watchStalls } from "../../base/process/stall-watch.ts";
import type { EmulatorStats } from "../../emulator/call/counts.ts";
import { FAULT_KINDS, parseFaults } from "../../emulator/faults/fault-spec.ts";
import { findProfile, PROFILE_NAMES } from "../../emulator/timing/profiles.ts";
import { checkOverload } from "../../emulator/timing/overload.ts";
import type { ExactDelays } from "../../emulator/timing/pace.ts";
import { parseDelays } from "../../emulator/timing/pace.ts";
import type { ProcessUsage } from "../../emulator/http/metrics-text.ts";
import type { Emulator, EmulatorOptions } from "../../emulator/server.ts";
import type { WordErrorRates } from "../../emulator/recognizer/word-errors.ts";
import { parseErrorRate } from "../../emulator/recognizer/word-errors.ts";
import { createEmulator } from "../../emulator/server.ts";
import { loadServerTls } from "../../emulator/tls.ts";
import { tellParent } from "../../run/child.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { writeDelays, writeStats } from "./emulator-files.ts";
import { markWord } from "../../base/server-mark.ts";
import { HOSTED_ENGINES } from "../../emulator/engines/engines.ts";
import { EMULATED, hostedEngineOf } from "./emulator-engine.ts";
import { packageVersion } from "../../base/process/machine.ts";
import { mustBePort } from "../../base/port-flag.ts";
import type { World } from "../../base/process/world.ts";

/** A process that did not run for so long may have spoilt what is being measured. */
const STALL_MS = 100;
/** An emulator that has lost its parent is gone within this long. */
const ORPHAN_LIMIT_MS = 1000;

export const emulatorCommand = command(options, emulate);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .option("port", { type: "number", default: 50_051, describe: "0 = any free port" })
    .option("http-port", {
      type: "number",
      describe: "Also a NIM's HTTP port: health, models, metrics, transcriptions; 0 = any free port",
    })
    .option("host", { type: "string", default: "127.0.0.1", describe: "Address to listen on" })
    .option("profile", {
      type: "string",
      default: "nim",
      describe: `Server to imitate: ${PROFILE_NAMES.join(", ")}`,
    })
    .option("engine", {
      type: "string",
      default: EMULATED,
      describe: `What recognises: ${[EMULATED, ...HOSTED_ENGINES].join(", ")}; all but the first really listen`,
    })
    .option("language-model", {
      type: "string",
      describe: "Of pocketsphinx: general, or closed-domain (made of the dataset's own texts)",
    })
    .option("search", {
      type: "string",
      describe: "Of pocketsphinx, how hard it searches: default, fast, fastest",
    })
    .option("model", {
      type: "string",
      describe: "Folder of the models of an engine that really listens; sherpa needs it",
    })
    .option("recognizers", {
      type: "number",
      describe: "Processes that recognise; default: CPUs less one (sherpa, which has threads: 1)",
    })
    .option("batch", {
      type: "number",
      describe: "sherpa only: the most streams whose steps are computed together; default 8",
    })
    .option("stop-history", {
      type: "string",
      describe: "Pause that ends an utterance when a client asks for no other; default 800ms",
    })
    .option("capacity", { type: "number", describe: "The most streams that it serves in real time" })
    .option("slots", {
      type: "number",
      describe: "Streams it serves at once; the others connect and get nothing until one ends",
    })
    .option("chunk", {
      type: "string",
      describe: "Audio the server takes at a time, e.g. 100ms: a response for each; default: the profile's",
    })
    .option("delays", {
      type: "string",
      describe:
        "Answer after exactly this long: partial=80,final=120 (ms), or with units: partial=80ms,final=1.2s",
    })
    .option("overload", {
      type: "number",
      describe: "Percent by which it is offered more than it can take, at any load: plants a slow collapse",
    })
    .conflicts("overload", ["delays", "capacity"])
    .conflicts("chunk", "delays")
    .option("wer", {
      type: "string",
      describe:
        "Word error rate to plant, e.g. 12%: words are changed, left out or put in, alike for each clip",
    })
    .option("wer-overload", {
      type: "string",
      describe: "What is added to --wer as the server falls behind, all of it at a second, e.g. 30%",
    })
    .option("seed", { type: "number", default: 1, describe: "Decides which words --wer gets wrong" })
    .option("fault", {
      type: "string",
      describe: `What goes wrong, e.g. "error:rate=2%,status=UNAVAILABLE"; ${Object.keys(FAULT_KINDS).join(", ")}`,
    })
    .option("tls-cert", { type: "string", describe: "Serve TLS on both ports: PEM certificate" })
    .option("tls-key", { type: "string", describe: "PEM private key of --tls-cert" })
    .option("tls-client-ca", {
      type: "string",
      describe: "Demand client certificates that this authority signed (mTLS)",
    })
    .option("dataset", { type: "string", default: "default", describe: "Speech it recognises" })
    .option("stats-file", {
      type: "string",
      describe: "Append its counts to this file, a JSON line a second",
    })
    .option("delays-file", {
      type: "string",
      describe: "Append to this file, a JSON line a stream, by how long each of its replies was held back",
    })
    .option("json", { type: "boolean", default: false, describe: "Print JSON lines" })
    .example("$0 emulator --port 50051", "then: bench run --target grpc://127.0.0.1:50051")
    .example("$0 emulator --capacity 20", "a small server, to see one saturate")
    .example("$0 emulator --overload 2", "falls behind by 20 ms every second, to see a slow collapse")
    .example('$0 emulator --fault "latency:add=300ms,rate=5%; reset:rate=1%,after=1s"', "a bad day")
    .example(
      "$0 emulator --engine pocketsphinx --language-model closed-domain",
      "a recogniser that really listens, on the CPU",
    )
    .example(
      "$0 emulator --engine sherpa --model nemotron-560ms",
      "a streaming model of your own, on the CPU",
    )
    .example("$0 emulator --capacity 20 --wer-overload 30%", "begins to lose words beyond 20 streams")
    .example("$0 emulator --http-port 9000", "with health, metrics and transcriptions, as a NIM")
    .example("$0 emulator --delays partial=80,final=120", "known delays, to check a harness against");
}

async function emulate(world: World, args: Args): Promise<void> {
  const byHand = process.send === undefined;
  try {
    const log = args.delaysFile === undefined ? undefined : await writeDelays(world, args.delaysFile);
    const emulator = await start(world, args, log?.onServed);
    try {
      const stopStats =
        args.statsFile === undefined
          ? undefined
          : await writeStats(world, () => emulator.stats(), args.statsFile);
      // Before the announcement: who reads it may end the process at once.
      const over = byHand ? interrupted(world) : parentGone(world, emulator);
      if (byHand) announce(world, args, emulator);
      await over;
      await stopStats?.();
      if (byHand) world.stdout.write(lastWords(emulator.stats(), args.json));
    } finally {
      await emulator.close();
      await log?.close();
    }
  } catch (error) {
    const hint = error instanceof BenchError ? error.hint : undefined;
    tellParent({ type: "failed", message: messageOf(error), ...(hint === undefined ? {} : { hint }) });
    throw error;
  }
}

async function start(world: World, args: Args, onServed: EmulatorOptions["onServed"]): Promise<Emulator> {
  const { port, httpPort } = args;
  const host = bareHost(args.host);
  mustBePort("--port", port);
  if (httpPort !== undefined) mustBePort("--http-port", httpPort);
  const profile = findProfile(args.profile, {
    ...defined({ capacity: args.capacity, slots: args.slots }),
    ...(args.chunk === undefined ? {} : { chunkMs: durationFlag("--chunk", args.chunk) }),
  });
  const delays: { delays?: ExactDelays } =
    args.delays === undefined ? {} : { delays: parseDelays(args.delays) };
  const overload = args.overload === undefined ? {} : { overloadPercent: checkOverload(args.overload) };
  const wordErrors = wordErrorsOf(args);
  const faults = args.fault === undefined ? {} : { faults: parseFaults(args.fault) };
  const tls = await loadServerTls({ cert: args.tlsCert, key: args.tlsKey, clientCa: args.tlsClientCa });
  const dataset = await loadDataset(args.dataset, { root: world.root });
  const stopHistory =
    args.stopHistory === undefined ? {} : { stopHistoryMs: durationFlag("--stop-history", args.stopHistory) };
  const engine = await hostedEngineOf(world, args, { dataset, ...stopHistory });
  const http =
    httpPort === undefined
      ? {}
      : { http: { port: httpPort, version: packageVersion(world.root), usage: () => processUsage(world) } };
  return createEmulator({
    ...defined({ onServed, engine, wordErrors }),
    ...stopHistory,
    profile,
    ...delays,
    ...overload,
    ...faults,
    ...http,
    tls,
    dataset,
    clock: world.clock,
    host,
    port,
  });
}

function wordErrorsOf({ wer, werOverload, seed }: Args): WordErrorRates | undefined {
  if (wer === undefined && werOverload === undefined) return undefined;
  return {
    rate: parseErrorRate("--wer", wer ?? "0"),
    overloadRate: parseErrorRate("--wer-overload", werOverload ?? "0"),
    seed,
  };
}

function processUsage(world: World): ProcessUsage {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    startedAtEpochMs: world.clock.epochMs() - process.uptime() * 1000,
  };
}

function announce(world: World, args: Args, { port, httpPort, model, mark }: Emulator): void {
  const { host, profile, json, tlsCert, tlsClientCa } = args;
  const security = tlsCert === undefined ? "plain" : tlsClientCa === undefined ? "tls" : "mtls";
  const http = httpPort === undefined ? "" : `, HTTP on ${joinHostPort(bareHost(host), httpPort)}`;
  world.stdout.write(
    json
      ? `${JSON.stringify({ ready: true, host, port, httpPort, security, ...(mark.emulated ? { profile } : {}), model, ...mark })}\n`
      : `riva-bench emulator (${markWord(mark) ?? ""}, ${mark.emulated ? `profile ${profile}` : `model ${model}`}, ${security}) listening on ${joinHostPort(bareHost(host), port)}${http}\n`,
  );
}

function interrupted(world: World): Promise<unknown> {
  return new Promise((resolve) => {
    const ignore = world.onInterrupt(
      (signal) => {
        ignore();
        resolve(signal);
      },
      ["SIGHUP"],
    );
  });
}

/** Serves the process that started this one, over its channel, until it lets go or dies. */
async function parentGone(world: World, emulator: Emulator): Promise<void> {
  // Ctrl-C reaches the whole process group; the parent decides what it means.
  const listenAgain = world.onInterrupt(() => undefined);
  const endWatch = watchStalls(world.clock, STALL_MS, (gapMs) =>
    tellParent({ type: "stall", gapMs, atMachineMs: world.clock.machineMs() }),
  );
  process.on("message", (message: { type?: unknown } | null) => {
    if (message?.type === "stats") tellParent({ type: "stats", stats: emulator.stats() });
  });
  const gone = process.connected ? once(process, "disconnect") : undefined;
  const { port, httpPort, model } = emulator;
  tellParent({ type: "ready", port, httpPort, model });
  await gone;
  setTimeout(() => process.kill(process.pid, "SIGKILL"), ORPHAN_LIMIT_MS).unref();
  endWatch();
  listenAgain();
}

function lastWords(stats: EmulatorStats, json: boolean): string {
  if (json) return `${JSON.stringify({ stats })}\n`;
  const { started, completed, failed, cancelled, maxOpen, audioSeconds } = stats;
  return (
    `${started} streams (at most ${maxOpen} at once): ${completed} completed, ${failed} failed, ${cancelled} cancelled; ` +
    `${audioSeconds.toFixed(1)} s of audio\n`
  );
}
