/**
 * The worker: computes its share of the plan, warms its connections, waits for the start, makes the load, and reports.
 * It decides nothing about the run; what it sends is merged by the coordinator.
 */
import { defined } from "../../base/defined.ts";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../../base/clock.ts";
import { createRunClock } from "../../base/clock.ts";
import type { Padding } from "../../base/dataset/dataset.ts";
import { openDataset, padInfo } from "../../base/dataset/dataset.ts";
import { BenchError, EXIT, messageOf } from "../../base/errors.ts";
import { writePrivate } from "../../base/files/private-files.ts";
import { hideSecrets, redactUrls } from "../../base/text/redact.ts";
import { watchStalls } from "../../base/process/stall-watch.ts";
import type { AsrTransport, TransportOptions } from "../../client/transport.ts";
import { judged } from "../../metrics/observation/classify.ts";
import type { ClipFacts, Observation } from "../../metrics/observation/observation.ts";
import type { Recorder } from "../../metrics/record/recorder.ts";
import { createRecorder } from "../../metrics/record/recorder.ts";
import { inMicroseconds, sessionRecord } from "../../metrics/result/session-record.ts";
import { parseSlo } from "../../metrics/judge/slo.ts";
import type { WireForm } from "../audio/audio-plan.ts";
import { clipFacts } from "../audio/audio-plan.ts";
import { clipSupply } from "../audio/clip-supply.ts";
import { chunkEncoder } from "../audio/encoded-audio.ts";
import type { Engine, EngineSummary } from "../engine/engine.ts";
import { createEngine } from "../engine/engine.ts";
import { planInput } from "../plan/plan-input.ts";
import { inLaterTurns, type LaterTurns } from "../engine/later-turns.ts";
import { playedClips } from "../plan/played-clips.ts";
import { expectedStreams, makePlan } from "../plan/plan.ts";
import { readAhead } from "../plan/read-ahead.ts";
import type {
  Addressed,
  Channel,
  FromWorker,
  ToWorker,
  WorkerHealth,
  WorkerJob,
  WorkerTarget,
} from "./protocol.ts";
import type { Scheduler } from "../engine/scheduler.ts";
import { createScheduler, timed } from "../engine/scheduler.ts";
import { cantWrite, openLineLog } from "./session-log.ts";
import { startRecord } from "./start-record.ts";
import { scoringRules } from "../../scenario/scoring-schema.ts";
import { traceOf } from "../../scenario/load/trace.ts";

/** Snapshots leave this often. */
const SNAPSHOT_MS = 1000;
/** Tick gaps from here on are reported; the coordinator judges them. */
const STALL_MS = 100;

/** Sends to the coordinator of this worker's run. */
type Tell = (message: FromWorker) => void;

/** What the outside has to give. */
export interface WorkerWorld {
  clock: Clock;
  openTransport: (name: string, options: TransportOptions) => AsrTransport | Promise<AsrTransport>;
  /** CPU time used by this process so far, milliseconds. */
  cpuMs(): number;
}

/** Serves one job on `wire`, then is done. Without its coordinator it ends its sessions and records nothing more. */
export function runWorker(
  wire: Channel<Addressed<FromWorker>, Addressed<ToWorker>>,
  world: WorkerWorld,
): void {
  let runId: string | undefined;
  let run: Prepared | undefined;
  const tell: Tell = (message) => wire.send({ ...message, runId: runId ?? "" });
  wire.onClose(() => run?.orphan());
  wire.onMessage((message) => {
    runId ??= message.runId;
    if (message.runId !== runId) return;
    switch (message.type) {
      case "prepare":
        prepare(message.job, tell, world).then(
          (prepared) => {
            run = prepared;
            tell({ type: "ready", ...prepared.ready });
          },
          (error: unknown) => {
            const known = error instanceof BenchError ? error : undefined;
            const hint = known?.hint;
            tell({
              type: "failed",
              message: messageOf(error),
              exitCode: known?.exitCode ?? EXIT.ourError,
              ...defined({ hint }),
            });
          },
        );
        break;
      case "start":
        run?.start(message.atMachineMs);
        break;
      case "settle":
        run?.settle();
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
  start(atMachineMs: number): void;
  settle(): void;
  stop(): void;
  extend(windowEndMs: number): void;
  abort(): void;
  /** The coordinator is gone: what ends from now on ends because of that and is not worth a record. */
  orphan(): void;
}

async function prepare(job: WorkerJob, tell: Tell, world: WorkerWorld): Promise<Prepared> {
  const { scenario } = job;
  const clock = createRunClock(world.clock);
  const dataset = playedClips(await openDataset(job.datasetPath), scenario.audio, job.seed);
  const { streamsPerConnection } = scenario.connections;
  const transport = await world.openTransport(job.target.transport, {
    address: job.target.address,
    path: job.target.path,
    ...tlsBuffers(job.target),
    metadata: job.target.metadata,
    ...defined({ route: job.target.route }),
    firstAddress: job.share.remainders[0] ?? 0,
    streamsPerConnection,
    clock,
  });
  const padding: Padding = {
    beforeMs: scenario.audio.paddingBeforeMs,
    afterMs: scenario.audio.paddingAfterMs,
  };
  const { encoding, chunkMs } = scenario.audio;
  const wire: WireForm = {
    encoding,
    encoder: await chunkEncoder(encoding),
    frame: (bytes, runtimeConfig) => transport.encodeChunk(bytes, runtimeConfig),
    runtimeConfig: scenario.recognition.runtimeConfig,
  };
  const scoring = scoringRules(scenario);
  const answers = new Map(job.unloaded);
  const facts = dataset.clips.map((clip): ClipFacts => {
    const unloaded = answers.get(clip.id);
    return { ...clipFacts(padInfo(clip, padding)), scoring, ...defined({ unloaded }) };
  });
  const clips = await clipSupply({
    ...{ dataset, facts, padding, chunkMs, wire, processes: job.processes },
    onError: (error) => tell({ type: "problem", message: messageOf(error) }),
  });
  const plan = makePlan(planInput(scenario, dataset, await traceOf(scenario.load)), job.seed);
  const window = { startMs: scenario.warmupMs, endMs: scenario.warmupMs + scenario.steadyMs };
  const recorder = createRecorder({ window, slos: scenario.slo.map((text) => parseSlo(text)) });
  const log = await openLineLog(job.sessionsFile, (error) =>
    tell({ type: "problem", ...cantWrite("session records", error) }),
  );
  const starts = await openLineLog(job.startsFile, (error) =>
    tell({ type: "problem", ...cantWrite("session starts", error) }),
  );
  if (job.writesClips) writeClips(job.clipsFile, facts);
  const warm = await transport.warmUp(expectedStreams(plan, job.share), scenario.session.connectTimeoutMs);
  const planAhead = readAhead(plan, job.share, (clip) => clips.want(clip));
  await clips.settled();
  const ended = inLaterTurns(clock, (observation: Observation) =>
    log.append(recordOf(observation, recorder, job)),
  );
  let engine: Engine | undefined;
  let orphaned = false;

  function start(atMachineMs: number): void {
    clock.setOrigin(world.clock.nowMs() + (atMachineMs - world.clock.machineMs()));
    const scheduler = createScheduler(clock);
    const running = createEngine({
      plan: planAhead,
      share: job.share,
      clips,
      transport,
      scheduler,
      clock,
      spec: {
        recognition: scenario.recognition,
        encoding,
        readyTimeoutMs: scenario.session.connectTimeoutMs,
        flushTimeoutMs: scenario.session.deadlineMs,
      },
      runId: job.runId,
      traceRatio: job.traceRatio,
      drainMs: scenario.drainMs,
      onStart(session) {
        if (!orphaned) starts.append(JSON.stringify(startRecord(session, clock.nowMs(), job.worker)));
      },
      onWindowOver: (windowEndMs) => tell({ type: "window-over", windowEndMs }),
      onSession(observation) {
        if (!orphaned) ended.add(observation);
      },
      onDone: (summary) => void finish(summary),
    });
    const reporter = startReporter({
      clock,
      scheduler,
      ended,
      recorder,
      tell,
      cpuMs: world.cpuMs,
      open: running.open,
      sessionsByAddress: () => transport.sessionsByAddress(),
    });
    engine = running;
    running.start();

    async function finish(summary: EngineSummary): Promise<void> {
      ended.flush();
      recorder.cutWindow(summary.windowEndMs);
      reporter.endTiming();
      while (recorder.scoreNext()) await new Promise(setImmediate);
      reporter.last();
      scheduler.stop();
      // Silence is taken for death, and a slow disk may take its time.
      const atMs = clock.nowMs();
      const endBeats = beat(clock, () =>
        tell({ type: "health", health: { atMs, open: 0, cpuShare: 0, loopDelayMs: 0 } }),
      );
      await transport.close();
      await Promise.all([log.close(), starts.close()]);
      endBeats();
      tell({ type: "done", summary, ...addressPart(transport.sessionsByAddress()) });
    }
  }

  return {
    ready: { planHash: plan.hash, connections: warm.connections, warmUpMs: warm.tookMs },
    start,
    settle: () => engine?.release(),
    stop() {
      engine?.stop();
      // The sessions that are followed to their end go on after the window; they are not part of it.
      recorder.cutWindow(Math.max(clock.nowMs(), scenario.warmupMs));
    },
    extend(windowEndMs) {
      const missedMs = engine?.extend(windowEndMs) ?? 0;
      // What began between the old end and now is not of the window, which has a hole there.
      if (missedMs > 0) tell({ type: "stall", gapMs: missedMs, atMs: clock.nowMs() });
      recorder.extendWindow(windowEndMs);
    },
    abort: () => engine?.abort(),
    orphan() {
      orphaned = true;
      engine?.abort();
    },
  };
}

/** Judges and records a session; returns its line in the log. */
function recordOf(
  raw: Observation,
  recorder: Recorder,
  { scenario, target: { secrets } }: WorkerJob,
): string {
  const observation = inMicroseconds(judged(raw, scenario.scoring.failures));
  if (observation.outcome?.ok === false) {
    const { failure } = observation.outcome;
    failure.message = hideSecrets(redactUrls(failure.message), secrets);
    if (failure.example !== undefined) failure.example.answer = hideSecrets(failure.example.answer, secrets);
  }
  recorder.record(observation);
  return JSON.stringify(sessionRecord(observation));
}

/** @throws BenchError when the file can't be written */
function writeClips(path: string, clips: readonly ClipFacts[]): void {
  try {
    writePrivate(path, clips.map((facts) => `${JSON.stringify(facts)}\n`).join(""));
  } catch (error) {
    throw new BenchError(`${path} can't be written: ${messageOf(error)}`, { hint: "Free some disk space." });
  }
}

/** Calls `once` every second until the returned function is called. */
function beat(clock: Clock, once: () => void): () => void {
  let cancel = clock.wakeAt(clock.nowMs() + SNAPSHOT_MS, again);
  function again(): void {
    once();
    cancel = clock.wakeAt(clock.nowMs() + SNAPSHOT_MS, again);
  }
  return () => cancel();
}

function addressPart(sessionsByAddress: Record<string, number>): Pick<WorkerHealth, "sessionsByAddress"> {
  return Object.keys(sessionsByAddress).length === 0 ? {} : { sessionsByAddress };
}

/** Certificates as the transport wants them. */
function tlsBuffers({ tls }: WorkerTarget): Pick<TransportOptions, "tls"> {
  if (tls === undefined) return {};
  const { serverName, ...pems } = tls;
  const buffers = Object.entries(pems).map(([key, pem]) => [key, Buffer.from(pem)] as const);
  return { tls: { ...Object.fromEntries(buffers), ...(serverName === undefined ? {} : { serverName }) } };
}

/** Once a second: says how the worker is, writes down what has ended, and sends what was recorded. */
function startReporter(options: {
  clock: Clock;
  scheduler: Scheduler;
  ended: LaterTurns<Observation>;
  recorder: Recorder;
  tell: Tell;
  cpuMs(): number;
  open(): number;
  sessionsByAddress(): Record<string, number>;
}): { endTiming(): void; last(): void } {
  const { clock, scheduler, ended, recorder, tell } = options;
  const loopDelay = monitorEventLoopDelay({ resolution: 20 });
  const endWatch = watchStalls(clock, STALL_MS, (gapMs, atMs) => tell({ type: "stall", gapMs, atMs }));
  let fromMs = 0;
  let cpuMs = options.cpuMs();

  function second(): void {
    const toMs = clock.nowMs();
    const usedMs = options.cpuMs();
    const loopDelayMs = loopDelay.max / 1e6;
    loopDelay.reset();
    const cpuShare = (usedMs - cpuMs) / Math.max(1, toMs - fromMs);
    cpuMs = usedMs;
    const sessionsByAddress = options.sessionsByAddress();
    tell({
      type: "health",
      health: { atMs: toMs, open: options.open(), cpuShare, loopDelayMs, ...addressPart(sessionsByAddress) },
    });
    ended.work(() => {
      tell({ type: "snapshot", snapshot: recorder.snapshot(fromMs, toMs, { loopDelayMs }) });
      fromMs = toMs;
      scheduler.add(timed(toMs + SNAPSHOT_MS, second));
    });
  }

  loopDelay.enable();
  scheduler.add(timed(SNAPSHOT_MS, second));
  return {
    endTiming() {
      endWatch();
      loopDelay.disable();
    },
    last() {
      tell({ type: "snapshot", snapshot: recorder.snapshot(fromMs, clock.nowMs()) });
    },
  };
}
