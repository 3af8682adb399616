/**
 * Runs of the load generator against the emulator's own queues on a virtual clock, without a network: what every figure
 * reads when a server is offered a known multiple of what it can take.
 */
import { ALL } from "../../src/loadgen/plan/share.ts";
import { keptClips } from "./kept-clips.ts";
import { VirtualClock } from "./virtual-clock.ts";
import type { Clock } from "../../src/base/clock.ts";
import type { Outcome } from "../../src/base/outcome.ts";
import type { AsrStream, AsrTransport, StreamListener } from "../../src/client/transport.ts";
import { InferenceMeter } from "../../src/emulator/timing/inference-meter.ts";
import { overloadPace } from "../../src/emulator/timing/overload.ts";
import type { Pace } from "../../src/emulator/timing/pace.ts";
import { queuePace } from "../../src/emulator/timing/pace.ts";
import { findProfile } from "../../src/emulator/timing/profiles.ts";
import { Timetable } from "../../src/emulator/timing/timetable.ts";
import type { ReadyClip } from "../../src/loadgen/audio/audio-plan.ts";
import { createEngine } from "../../src/loadgen/engine/engine.ts";
import type { OpenPlanInput, PlanInput } from "../../src/loadgen/plan/plan-input.ts";
import { makePlan } from "../../src/loadgen/plan/plan.ts";
import { createScheduler } from "../../src/loadgen/engine/scheduler.ts";
import { judged } from "../../src/metrics/observation/classify.ts";
import type { Check, Summary } from "../../src/metrics/result/result.ts";
import { collapseCheck } from "../../src/metrics/judge/collapse.ts";
import type { Observation } from "../../src/metrics/observation/observation.ts";
import { createRecorder } from "../../src/metrics/record/recorder.ts";
import { inMicroseconds } from "../../src/metrics/result/session-record.ts";
import { parseSlo } from "../../src/metrics/judge/slo.ts";
import { steadyStateCheck } from "../../src/metrics/judge/steady-state.ts";
import { createTotals } from "../../src/metrics/record/totals.ts";

export interface OverloadSpec {
  /** `closed`: callers wait for their final; `open`: sessions come at an even rate, whatever the server does. */
  model: "closed" | "open";
  /** Streams that send at once if the server keeps up. */
  streams: number;
  /** Lengths of the clips, in equal shares. */
  clipsMs: readonly number[];
  /** `planted`: the emulator's `--overload`; `capacity`: its `--capacity`, streams / (1 + percent / 100). */
  server: "planted" | "capacity";
  /** What the load is above what the server can take; 0 = it has twice what it needs. */
  percent: number;
  /** Audio that the server takes at a time. */
  serverChunkMs?: number;
  chunkMs?: number;
  pace?: number;
  warmupMs?: number;
  steadyMs?: number;
  /** Limit from the end of sending to the final. */
  deadlineMs?: number;
  slos?: readonly string[];
}

export interface OverloadRun {
  metrics: Record<string, Summary>;
  collapse?: Check;
  steadyState: Check;
  sessions: readonly Observation[];
}

/** Words come this often. */
const WORD_MS = 400;

/** Runs it all at once; the same every time. */
export function simulateOverload(spec: OverloadSpec): OverloadRun {
  const { warmupMs = 10_000, steadyMs = 60_000, deadlineMs = 10_000, clipsMs } = spec;
  const clock = new VirtualClock(0);
  const window = { startMs: warmupMs, endMs: warmupMs + steadyMs };
  const config = {
    window,
    slos: (spec.slos ?? ["final_from_last_chunk p95 < 800ms"]).map((text) => parseSlo(text)),
  };
  const recorder = createRecorder(config);
  const totals = createTotals(config);
  const sessions: Observation[] = [];
  let done = false;
  createEngine({
    plan: makePlan(planOf(spec, warmupMs, steadyMs), 1),
    share: ALL,
    clips: keptClips(clipsMs.map((audioMs) => clipOf(audioMs, spec.chunkMs ?? 100))),
    transport: transportTo(serverOf(spec, clock), clock, spec, deadlineMs),
    scheduler: createScheduler(clock),
    clock,
    spec: {
      recognition: { language: "en-US", interim: true },
      encoding: "LINEAR_PCM",
      readyTimeoutMs: 10_000,
      flushTimeoutMs: deadlineMs,
    },
    runId: "simulated",
    drainMs: Math.max(...clipsMs) / (spec.pace ?? 1) + deadlineMs + 1000,
    onSession(raw) {
      const observation = inMicroseconds(judged(raw));
      recorder.record(observation);
      sessions.push(observation);
    },
    onDone: () => (done = true),
  }).start();
  for (let toMs = 1000; !done; toMs += 1000) {
    clock.advanceTo(toMs);
    totals.add(recorder.snapshot(toMs - 1000, toMs));
  }
  const metrics = totals.summaries();
  const backlogSlope = metrics["backlog_slope"];
  const timeline = totals.timeline();
  const meanAudioMs = clipsMs.reduce((sum, ms) => sum + ms, 0) / clipsMs.length;
  const collapse = collapseCheck({
    timeline,
    meanAudioMs,
    ...(backlogSlope === undefined ? {} : { backlogSlope }),
  });
  return {
    metrics,
    sessions,
    steadyState: steadyStateCheck(timeline),
    ...(collapse === undefined ? {} : { collapse }),
  };
}

function planOf(spec: OverloadSpec, warmupMs: number, steadyMs: number): PlanInput | OpenPlanInput {
  const { model, streams, clipsMs, pace = 1, chunkMs = 100 } = spec;
  const common = {
    ...{ warmupMs, steadyMs, chunkMs, pace, phase: "spread" as const },
    clipIds: clipsMs.map(String),
    padding: { beforeMs: 0, afterMs: 0 },
    datasetSha256: "",
  };
  const meanS = clipsMs.reduce((sum, ms) => sum + ms, 0) / clipsMs.length / 1000 / pace;
  if (model === "closed") return { ...common, streams, rampInMs: meanS * 1000, thinkMs: 0 };
  const rate = streams / meanS;
  return {
    ...common,
    segments: [{ fromMs: 0, toMs: Infinity, from: rate, to: rate, spacing: "even" }],
    maxOpen: 100_000,
    expectedOpen: streams,
  };
}

function clipOf(audioMs: number, chunkMs: number): ReadyClip {
  const words = Array.from({ length: Math.floor((audioMs - 50) / WORD_MS) }, (_, n) => ({
    word: wordOf(n),
    startMs: 100 + n * WORD_MS,
    endMs: 100 + (n + 1) * WORD_MS - 50,
  }));
  // A byte a millisecond.
  const chunks = Array.from(
    { length: Math.ceil(audioMs / chunkMs) },
    (_, k) => new Uint8Array(Math.min(chunkMs, audioMs - k * chunkMs)),
  );
  const facts = {
    id: String(audioMs),
    audioMs,
    onsetMs: 100,
    speechEndMs: words.at(-1)?.endMs ?? audioMs,
    text: textOf(words.length),
    words,
  };
  return { facts, sampleRateHz: 16_000, chunks, chunkMs };
}

function serverOf({ server, percent, streams, serverChunkMs, pace = 1 }: OverloadSpec, clock: Clock): Pace {
  const capacity = percent === 0 ? 2 * streams * pace : (streams * pace) / (1 + percent / 100);
  const profile = findProfile("nim", {
    capacity,
    ...(serverChunkMs === undefined ? {} : { chunkMs: serverChunkMs }),
  });
  const meter = new InferenceMeter(["simulated"], 0);
  if (server === "planted" && percent > 0) return overloadPace(profile, percent, clock, meter);
  return queuePace(profile, clock, new Timetable(clock, { exact: false }), meter);
}

/** A transport to that server: what is sent has arrived, and every full server chunk of audio is answered. */
function transportTo(pace: Pace, clock: Clock, spec: OverloadSpec, deadlineMs: number): AsrTransport {
  return {
    name: "simulated",
    encodeChunk: (audio) => audio,
    sessionsByAddress: () => ({}),
    warmUp: () => Promise.resolve({ connections: 1, tookMs: 0 }),
    close: () => Promise.resolve(),
    open: (_, listener) => streamTo(pace, clock, spec, listener, deadlineMs),
  };
}

function streamTo(
  pace: Pace,
  clock: Clock,
  { serverChunkMs = 160 }: OverloadSpec,
  listener: StreamListener,
  deadlineMs: number,
): AsrStream {
  const call = {};
  let receivedMs = 0;
  let answeredMs = 0;
  let sent = 0;
  let over = false;

  function end(outcome: Outcome): void {
    over = true;
    pace.drop(call);
    listener.onEnd(clock.nowMs(), outcome);
  }
  function answer(processedMs: number, last: boolean): void {
    const weight = (processedMs - answeredMs) / serverChunkMs;
    answeredMs = processedMs;
    const release = (leavesMs: number): void => {
      clock.wakeAt(leavesMs, () => {
        if (over) return;
        const text = textOf(Math.max(0, Math.floor((processedMs - 50) / WORD_MS)));
        listener.onResponse({ atMs: clock.nowMs(), final: last, text, audioProcessedS: processedMs / 1000 });
        if (last) end({ ok: true });
      });
    };
    pace.submit({ arrivedMs: clock.nowMs(), weight, last, call, model: "simulated", release });
  }

  clock.wakeAt(clock.nowMs() + 1, () => {
    if (!over) listener.onOpen(clock.nowMs(), clock.nowMs());
  });
  return {
    send(chunk) {
      listener.onAccepted(sent++, clock.nowMs());
      receivedMs += chunk.length;
      while (answeredMs + serverChunkMs <= receivedMs) answer(answeredMs + serverChunkMs, false);
      return true;
    },
    finish() {
      answer(receivedMs, true);
      clock.wakeAt(clock.nowMs() + deadlineMs, () => {
        if (!over) end({ ok: false, failure: { ...GIVEN_UP, class: "deadline", origin: "server" } });
      });
    },
    setReading: () => undefined,
    cancel() {
      if (!over) end({ ok: false, failure: { ...GIVEN_UP, class: "cancelled", origin: "generator" } });
    },
  };
}

const GIVEN_UP = { phase: "flush", code: "CANCELLED", message: "simulated" } as const;

function textOf(words: number): string {
  return Array.from({ length: words }, (_, n) => wordOf(n)).join(" ");
}

function wordOf(n: number): string {
  return `w${"abcdefghij"[n % 10]}`;
}
