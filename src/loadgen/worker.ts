/**
 * The worker: computes its share of the plan, warms its connections, waits for the start, makes the load, and reports.
 * It decides nothing about the run; what it sends is merged by the coordinator.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../base/clock.ts";
import { createRunClock } from "../base/clock.ts";
import { loadDataset, padClip, selectClips } from "../base/dataset.ts";
import { BenchError, EXIT, messageOf } from "../base/errors.ts";
import { watchStalls } from "../base/stall-watch.ts";
import type { TransportOptions } from "../client/transports.ts";
import { createTransport } from "../client/transports.ts";
import { sessionFailure } from "../metrics/classify.ts";
import type { Recorder, SnapshotJob } from "../metrics/recorder.ts";
import { createRecorder } from "../metrics/recorder.ts";
import { sessionRecord } from "../metrics/session-record.ts";
import { parseSlo } from "../metrics/slo.ts";
import { readyClip } from "./audio-plan.ts";
import type { Engine, EngineSummary } from "./engine.ts";
import { createEngine } from "./engine.ts";
import { makePlan, planInput } from "./plan.ts";
import type { Channel, FromWorker, ToWorker, WorkerJob, WorkerTarget } from "./protocol.ts";
import type { Scheduler } from "./scheduler.ts";
import { createScheduler, timed } from "./scheduler.ts";
import { openLineLog } from "./session-log.ts";

/** Snapshots leave this often. */
const SNAPSHOT_MS = 1000;
/** Between two slices of one snapshot, so that encoding never holds up a chunk for long. */
const SLICE_MS = 3;
/** Tick gaps from here on are reported; the coordinator judges them. */
const STALL_MS = 100;

type Wire = Channel<FromWorker, ToWorker>;

/** What the outside has to give. */
export interface WorkerWorld {
  clock: Clock;
  /** CPU time used by this process so far, milliseconds. */
  cpuMs(): number;
}

/** Serves one job on `wire`, then is done. */
export function runWorker(wire: Wire, world: WorkerWorld): void {
  let run: Prepared | undefined;
  wire.onMessage((message) => {
    switch (message.type) {
      case "prepare":
        prepare(message.job, wire, world).then(
          (prepared) => {
            run = prepared;
            wire.send({ type: "ready", ...prepared.ready });
          },
          (error: unknown) => {
            const known = error instanceof BenchError ? error : undefined;
            const hint = known?.hint;
            wire.send({
              type: "failed",
              message: messageOf(error),
              exitCode: known?.exitCode ?? EXIT.ourError,
              ...(hint === undefined ? {} : { hint }),
            });
          },
        );
        break;
      case "start":
        run?.start(message.atEpochMs);
        break;
      case "stop":
        run?.stop();
        break;
      case "extend":
        run?.extend(message.windowEndMs);
        break;
      case "abort":
        run?.abort();
        break;
    }
  });
}

interface Prepared {
  ready: { planHash: string; connections: number; warmUpMs: number };
  start(atEpochMs: number): void;
  stop(): void;
  extend(windowEndMs: number): void;
  abort(): void;
}

async function prepare(job: WorkerJob, wire: Wire, world: WorkerWorld): Promise<Prepared> {
  const { scenario } = job;
  const clock = createRunClock(world.clock);
  const dataset = selectClips(await loadDataset(job.datasetPath), scenario.audio.clips);
  const { streamsPerConnection } = scenario.connections;
  const transport = createTransport(scenario.transport, {
    address: job.target.address,
    ...tlsBuffers(job.target),
    metadata: job.target.metadata,
    streamsPerConnection,
    clock,
  });
  const padding = { beforeMs: scenario.audio.paddingBeforeMs, afterMs: scenario.audio.paddingAfterMs };
  const clips = dataset.clips.map((clip) =>
    readyClip(padClip(clip, padding), scenario.audio.chunkMs, (audio) => transport.encodeChunk(audio)),
  );
  const plan = makePlan(planInput(scenario, dataset), job.seed);
  const window = { startMs: scenario.warmupMs, endMs: scenario.warmupMs + scenario.steadyMs };
  const recorder = createRecorder({ window, slos: scenario.slo.map((text) => parseSlo(text)) });
  const log = await openLineLog(job.sessionsFile, (error) =>
    wire.send({
      type: "problem",
      message: `session records can't be written: ${error.message}`,
      hint: "free some disk space or give another folder with --out; the records up to here are kept",
    }),
  );
  const warm = await transport.warmUp(plan.slots(job.shard).length, scenario.session.connectTimeoutMs);
  let engine: Engine | undefined;

  function start(atEpochMs: number): void {
    // The wall clock is read once; from here on only the monotonic clock counts.
    clock.setOrigin(world.clock.nowMs() + (atEpochMs - world.clock.epochMs()));
    const scheduler = createScheduler(clock);
    const running = createEngine({
      plan,
      shard: job.shard,
      clips,
      transport,
      scheduler,
      clock,
      spec: {
        recognition: scenario.recognition,
        encoding: "LINEAR_PCM",
        readyTimeoutMs: scenario.session.connectTimeoutMs,
        flushTimeoutMs: scenario.session.deadlineMs,
      },
      runId: job.runId,
      drainMs: scenario.drainMs,
      judge: sessionFailure,
      onSession(observation) {
        recorder.record(observation);
        log.append(JSON.stringify(sessionRecord(observation)));
      },
      onDone: (summary) => void finish(summary),
    });
    const reporter = startReporter({
      clock,
      scheduler,
      recorder,
      wire,
      cpuMs: world.cpuMs,
      open: running.open,
    });
    engine = running;
    running.start();

    async function finish(summary: EngineSummary): Promise<void> {
      recorder.cutWindow(summary.windowEndMs);
      reporter.last();
      scheduler.stop();
      await transport.close();
      await log.close();
      wire.send({ type: "done", summary });
    }
  }

  return {
    ready: { planHash: plan.hash, connections: warm.connections, warmUpMs: warm.tookMs },
    start,
    stop: () => engine?.stop(),
    extend(windowEndMs) {
      engine?.extend(windowEndMs);
      recorder.extendWindow(windowEndMs);
    },
    abort: () => engine?.abort(),
  };
}

/** Certificates as the transport wants them. */
function tlsBuffers({ tls }: WorkerTarget): Pick<TransportOptions, "tls"> {
  if (tls === undefined) return {};
  const { serverName, ...pems } = tls;
  const buffers = Object.entries(pems).map(([key, pem]) => [key, Buffer.from(pem)] as const);
  return { tls: { ...Object.fromEntries(buffers), ...(serverName === undefined ? {} : { serverName }) } };
}

/** Sends snapshots and health once a second, the encoding cut into slices between chunks. */
function startReporter(options: {
  clock: Clock;
  scheduler: Scheduler;
  recorder: Recorder;
  wire: Wire;
  cpuMs(): number;
  open(): number;
}): { last(): void } {
  const { clock, scheduler, recorder, wire } = options;
  const loopDelay = monitorEventLoopDelay({ resolution: 20 });
  const endWatch = watchStalls(clock, STALL_MS, (gapMs, atMs) => wire.send({ type: "stall", gapMs, atMs }));
  let fromMs = 0;
  let cpuMs = options.cpuMs();
  let job: SnapshotJob | undefined;

  function second(): void {
    const toMs = clock.nowMs();
    const usedMs = options.cpuMs();
    const loopDelayMs = loopDelay.max / 1e6;
    loopDelay.reset();
    const cpuShare = (usedMs - cpuMs) / Math.max(1, toMs - fromMs);
    cpuMs = usedMs;
    wire.send({ type: "health", health: { atMs: toMs, open: options.open(), cpuShare, loopDelayMs } });
    job = recorder.beginSnapshot(fromMs, toMs, { loopDelayMs });
    fromMs = toMs;
    scheduler.add(timed(toMs, slice));
  }

  function slice(): void {
    if (step()) scheduler.add(timed(fromMs + SNAPSHOT_MS, second));
    else scheduler.add(timed(clock.nowMs() + SLICE_MS, slice));
  }

  /** One slice of the encoding; true when the snapshot is complete and sent. */
  function step(): boolean {
    const snapshot = job?.step();
    if (snapshot === undefined) return false;
    job = undefined;
    wire.send({ type: "snapshot", snapshot });
    return true;
  }

  loopDelay.enable();
  scheduler.add(timed(SNAPSHOT_MS, second));
  return {
    last() {
      endWatch();
      loopDelay.disable();
      while (job !== undefined && !step());
      job = recorder.beginSnapshot(fromMs, clock.nowMs());
      while (!step());
    },
  };
}
