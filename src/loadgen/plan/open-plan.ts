/** The plan of an open load: every session's start, clip and chunk phase, known before the run. Pure. */
import { createHash } from "node:crypto";
import { randomStream } from "../../base/random.ts";
import { clipOrder } from "./clip-order.ts";
import { stageAt } from "../../scenario/load/load-shape.ts";
import { plannedStarts } from "../../scenario/load/level.ts";
import type { OpenPlanInput } from "./plan-input.ts";
import type { Share } from "./share.ts";
import { belongsTo, numbersOf } from "./share.ts";

/** One session, planned. */
export interface Arrival {
  /** Its number in the whole plan. */
  seq: number;
  /** Milliseconds after T0. */
  scheduledMs: number;
  /** Index into the clip list. */
  clip: number;
  /** Chunk phase [phi], milliseconds in [0, chunk / pace). */
  phaseOffsetMs: number;
  stage: string;
}

export interface OpenPlan {
  kind: "open";
  seed: number;
  input: OpenPlanInput;
  /** Over all planned starts up to the end of the window, with their clips. */
  hash: string;
  /** Fresh, in order of time, endless where the rate is held: the sessions of a share. */
  arrivals(share: Share): Generator<Arrival, void>;
  /** Numbers of the places of a share: so many of its sessions may be open at once. Together the shares have `maxOpen` places, or a few more: every share has at least one. */
  places(share: Share): number[];
}

/** Fraction of the golden ratio: multiples of it, modulo 1, are spread evenly however many are taken in a row. */
export const GOLDEN: number = (Math.sqrt(5) - 1) / 2;

/** Hashed at a time. */
const HASH_BLOCK = 8192;

export function makeOpenPlan(input: OpenPlanInput, seed: number): OpenPlan {
  return {
    kind: "open",
    seed,
    input,
    hash: planHash(input, seed),
    *arrivals(share) {
      const isOwn = belongsTo(share);
      for (const arrival of allArrivals(input, seed)) if (isOwn(arrival.seq)) yield arrival;
    },
    places(share) {
      const own = numbersOf(share, input.maxOpen);
      // Its first number, which lies beyond all others' places then.
      return own.length > 0 ? own : share.remainders.slice(0, 1);
    },
  };
}

/** Times, clips and phases are drawn from streams of their own, so that one does not shift the others. */
function* allArrivals(input: OpenPlanInput, seed: number): Generator<Arrival, void> {
  const nextClip = clipOrder(input.clipIds.length, input.weights, randomStream(seed, "clips"));
  const phases = randomStream(seed, "phases");
  const periodMs = input.chunkMs / input.pace;
  let seq = 0;
  for (const { startMs, clip } of startsOf(input, seed)) {
    const stage = stageAt(input.stages ?? [], startMs);
    const drawn = phases();
    const phase = stage?.phase ?? input.phase;
    const share = phase === "aligned" ? 0 : phase === "spread" ? (seq * GOLDEN) % 1 : drawn;
    yield {
      seq,
      scheduledMs: startMs,
      clip: clip ?? nextClip(),
      phaseOffsetMs: share * periodMs,
      stage: stage?.name ?? "main",
    };
    seq++;
  }
}

function* startsOf(input: OpenPlanInput, seed: number): Generator<{ startMs: number; clip?: number }, void> {
  if (input.trace !== undefined) {
    yield* input.trace;
    return;
  }
  for (const startMs of plannedStarts(input.segments, randomStream(seed, "starts"))) yield { startMs };
}

function planHash(input: OpenPlanInput, seed: number): string {
  // The starts of a trace are hashed as starts.
  const parameters = { ...input, trace: undefined };
  const hash = createHash("sha256").update(JSON.stringify({ seed, input: parameters }));
  const endMs = input.warmupMs + input.steadyMs;
  const block = new Float64Array(HASH_BLOCK);
  let filled = 0;
  for (const { scheduledMs, clip, phaseOffsetMs } of allArrivals(input, seed)) {
    if (scheduledMs >= endMs) break;
    if (filled + 3 > HASH_BLOCK) {
      hash.update(new Uint8Array(block.buffer, 0, filled * 8));
      filled = 0;
    }
    block[filled++] = scheduledMs;
    block[filled++] = clip;
    block[filled++] = phaseOffsetMs;
  }
  return hash.update(new Uint8Array(block.buffer, 0, filled * 8)).digest("hex");
}
