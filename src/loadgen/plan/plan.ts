/**
 * The plan: everything that is decided before the run, as a pure function of scenario, dataset and seed. No clock, no I/O.
 *
 * Closed loads: per slot (caller) a seeded endless sequence of clips and think times; when a session starts follows from
 * when the one before it ended. The hash therefore covers sequences and windows, not start times. Open loads, whose start
 * times are planned too: `open-plan.ts`.
 */
import { createHash } from "node:crypto";
import { randomStream } from "../../base/random.ts";
import { sum } from "../../base/sum.ts";
import type { RunPhase } from "../../metrics/observation/observation.ts";
import { clipOrder } from "./clip-order.ts";
import { stageAt } from "../../scenario/load/load-shape.ts";
import type { Span } from "../../scenario/load/level.ts";
import { activeSpans, exponential } from "../../scenario/load/level.ts";
import type { OpenPlan } from "./open-plan.ts";
import { GOLDEN, makeOpenPlan } from "./open-plan.ts";
import type { OpenPlanInput, PlanInput } from "./plan-input.ts";
import type { Share } from "./share.ts";
import { numbersOf, shareOfWhole } from "./share.ts";

/** One caller. */
export interface SlotPlan {
  slot: number;
  /** When the first session starts, milliseconds after T0. */
  firstStartMs: number;
  /** Chunk phase [phi] of the first session, milliseconds in [0, chunk / pace). */
  phaseOffsetMs: number;
  /** The next session; endless. */
  next(): Turn;
  /** When the caller may begin a session that is wanted at `atMs`: then, or when it is in again; undefined = never again. */
  admit(atMs: number): number | undefined;
  /** Chunk phase of a session by its planned start and its caller. */
  phaseOffsetAt(atMs: number, caller: number): number;
}

/** A session of a caller: what is played, and the pause before it. */
export interface Turn {
  /** Index into the clip list. */
  clip: number;
  thinkMs: number;
  /** Which of the callers that follow each other in this slot. */
  caller: number;
}

export type Plan = ClosedPlan | OpenPlan;

export interface ClosedPlan {
  kind: "closed";
  seed: number;
  input: PlanInput;
  /** Hash over all that decides what is sent. Two runs with one seed and scenario have the same. */
  hash: string;
  /** Fresh sequences for the callers of a share. */
  slots(share: Share): SlotPlan[];
}

/** How many picks of each caller go into the hash: more than any test asks for, few enough to be quick. */
const HASHED_PICKS = 64;

/** Makes the plan. */
export function makePlan(input: PlanInput, seed: number): ClosedPlan;
export function makePlan(input: PlanInput | OpenPlanInput, seed: number): Plan;
export function makePlan(input: PlanInput | OpenPlanInput, seed: number): Plan {
  return "streams" in input ? makeClosedPlan(input, seed) : makeOpenPlan(input, seed);
}

/** The part of a plan's load that some shares, dealt together, make up, from 0 to 1: by callers of a closed load, by sessions of an open one. */
export function shareOfLoad(input: PlanInput | OpenPlanInput, shares: readonly Share[]): number {
  if ("streams" in input)
    return sum(shares.map((share) => numbersOf(share, input.streams).length)) / input.streams;
  return sum(shares.map(({ remainders }) => remainders.length)) / (shares[0]?.of ?? 1);
}

/** Streams that a share will have open at its busiest, if all goes well: for connections to be warm. */
export function expectedStreams(plan: Plan, share: Share): number {
  return plan.kind === "closed"
    ? plan.slots(share).length
    : Math.ceil(plan.input.expectedOpen * shareOfWhole(share));
}

function makeClosedPlan(input: PlanInput, seed: number): ClosedPlan {
  const hash = createHash("sha256").update(JSON.stringify({ seed, input }));
  for (let slot = 0; slot < input.streams; slot++) {
    const { firstStartMs, phaseOffsetMs, next } = slotPlan(input, seed, slot);
    const picks = Array.from({ length: HASHED_PICKS }, () => next()).flatMap(({ clip, thinkMs }) => [
      clip,
      thinkMs,
    ]);
    hash.update(JSON.stringify([firstStartMs, phaseOffsetMs, picks]));
  }
  return {
    kind: "closed",
    seed,
    input,
    hash: hash.digest("hex"),
    slots: (share) => numbersOf(share, input.streams).map((slot) => slotPlan(input, seed, slot)),
  };
}

function slotPlan(input: PlanInput, seed: number, slot: number): SlotPlan {
  const spans = spansOf(input, slot);
  const firstStartMs = spans[0]?.fromMs ?? 0;
  const phaseOffsetAt = phaseOffsets(input, seed, slot);
  return {
    slot,
    firstStartMs,
    phaseOffsetMs: phaseOffsetAt(firstStartMs, 0),
    next: picksOf(input, seed, slot),
    admit(atMs) {
      const span = spans.find(({ toMs }) => atMs < toMs);
      return span === undefined ? undefined : Math.max(atMs, span.fromMs);
    },
    phaseOffsetAt,
  };
}

/** When a caller is in: from its turn in the ramp-in on, or as the level of the load says. */
function spansOf({ segments, streams, rampInMs }: PlanInput, slot: number): Span[] {
  if (segments !== undefined) return activeSpans(segments, slot);
  return [{ fromMs: (slot * rampInMs) / streams, toMs: Infinity }];
}

/**
 * Phase of a caller: 0 (aligned: every chunk of every caller at once), spread by slot, or seeded. Spread is even over
 * the callers there are; where their number changes, by the golden ratio, which is nearly even for any number of them.
 */
function phaseOffsets(input: PlanInput, seed: number, slot: number): SlotPlan["phaseOffsetAt"] {
  const periodMs = input.chunkMs / input.pace;
  const spreadShare = input.segments === undefined ? slot / input.streams : (slot * GOLDEN) % 1;
  return (atMs, caller) => {
    switch (stageAt(input.stages ?? [], atMs)?.phase ?? input.phase) {
      case "aligned":
        return 0;
      case "spread":
        return spreadShare * periodMs;
      case "random":
        return randomStream(seed, streamName("phase", slot, caller))() * periodMs;
    }
  };
}

function picksOf(input: PlanInput, seed: number, slot: number): () => Turn {
  const { sessionsPerCaller = Infinity, thinkMs, thinkDistribution } = input;
  const orderOf = (caller: number): (() => number) =>
    clipOrder(input.clipIds.length, input.weights, randomStream(seed, streamName("clips", slot, caller)));
  const thinking = randomStream(seed, `think/${slot}`);
  let nextClip = orderOf(0);
  let caller = 0;
  let sessions = 0;
  return () => {
    if (sessions === sessionsPerCaller) {
      sessions = 0;
      nextClip = orderOf(++caller);
    }
    sessions++;
    const pauseMs = thinkDistribution === "exponential" ? thinkMs * exponential(thinking) : thinkMs;
    return { clip: nextClip(), thinkMs: pauseMs, caller };
  };
}

/** The first caller of a slot keeps the name without number, whatever comes after it. */
function streamName(purpose: string, slot: number, caller: number): string {
  return caller === 0 ? `${purpose}/${slot}` : `${purpose}/${slot}/${caller}`;
}

/** Which part of the run a session belongs to: by its scheduled start, so that slow sessions are never dropped. */
export function phaseAt(
  input: Pick<PlanInput, "warmupMs" | "steadyMs" | "iterations">,
  scheduledMs: number,
): RunPhase {
  if (input.iterations !== undefined) return "steady";
  if (scheduledMs < input.warmupMs) return "warmup";
  return scheduledMs < input.warmupMs + input.steadyMs ? "steady" : "drain";
}
