/**
 * The work every generator does. Times ending in `Ms` are machine time (`monotonic.ts`) unless they are lengths.
 */
import type { SessionContext } from "../src/loadgen/engine/session.ts";

/** 100 ms of 16 kHz mono s16 audio: what one stream sends ten times a second. */
export const CHUNK_BYTES = 3200;
export const CHUNK_MS = 100;
export const SAMPLE_RATE_HZ = 16_000;
/** What the null server hears in an utterance, a word every half a second. */
export const SPOKEN_WORDS: readonly string[] = "the null server heard all of it and said so".split(" ");

/** What each session asks for. */
export const SESSION_SPEC: SessionContext["spec"] = {
  recognition: { language: "en-US", interim: true },
  encoding: "LINEAR_PCM",
  readyTimeoutMs: 10_000,
  flushTimeoutMs: 10_000,
};

/** How long the parts of a measurement last. */
export interface Timing {
  rampMs: number;
  settleMs: number;
  windowMs: number;
}

/** One measurement: streams ramp up, settle, run through the measured window, then half-close and drain. */
export interface Plan {
  port: number;
  /** Streams of one generator process. */
  streams: number;
  /** Which of the processes this one is. */
  process: number;
  startMs: number;
  rampMs: number;
  windowStartMs: number;
  windowEndMs: number;
}

/** A plan whose first stream starts at `startMs`. */
export function makePlan(port: number, streams: number, startMs: number, timing: Timing): Plan {
  const windowStartMs = startMs + timing.rampMs + timing.settleMs;
  return {
    port,
    streams,
    process: 0,
    startMs,
    rampMs: timing.rampMs,
    windowStartMs,
    windowEndMs: windowStartMs + timing.windowMs,
  };
}

/** Start of stream `index` on the ramp. */
export function startOfStream(plan: Plan, index: number): number {
  return plan.startMs + (plan.rampMs * index) / plan.streams;
}

/** Place of stream `index` within the chunk interval: streams are spread evenly, so that they never send in a burst. */
export function phaseOfStream(plan: Plan, index: number): number {
  return (plan.startMs + (index * CHUNK_MS) / plan.streams) % CHUNK_MS;
}

/** Number of chunks that keep stream `index` busy to the end of the window, however late it runs. */
export function chunksOfStream(plan: Plan, index: number): number {
  return Math.ceil((plan.windowEndMs - startOfStream(plan, index)) / CHUNK_MS);
}

/** Session id of stream `index`, under which generator and null server report it. */
export function idOfStream(plan: Plan, index: number): string {
  return `perf/${plan.process}/${index}`;
}

/** One chunk of noise, always the same; the null server doesn't look at it. */
export function makeChunk(): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from(
      { length: CHUNK_BYTES },
      () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 24,
    ),
  );
}
