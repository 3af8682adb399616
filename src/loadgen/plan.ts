/**
 * The plan: everything that is decided before the run, as a pure function of scenario, dataset and seed. No clock, no I/O.
 *
 * Closed model: per slot (caller) a seeded endless sequence of clips and think times; when a session starts follows from
 * when the one before it ended. The hash therefore covers sequences and windows, not start times.
 */
import { createHash } from "node:crypto";
import type { Dataset } from "../base/dataset.ts";
import { randomStream, shuffled } from "../base/random.ts";
import type { RunPhase } from "../metrics/observation.ts";
import type { RunnableScenario } from "./scenario.ts";

/** What of a scenario the plan depends on. */
export interface PlanInput {
  streams: number;
  /** Callers come in evenly over this long. */
  rampInMs: number;
  thinkMs: number;
  /** Each caller does exactly so many sessions and all of them are recorded; undefined = go on until the window ends. */
  iterations?: number;
  warmupMs: number;
  /** The judged window; with `iterations` the longest it may last. */
  steadyMs: number;
  chunkMs: number;
  pace: number;
  phase: "aligned" | "spread" | "random";
  clipIds: readonly string[];
  padding: { beforeMs: number; afterMs: number };
  /** Identity of the audio. */
  datasetSha256: string;
}

/**
 * What a scenario and the clips it plays mean for the plan.
 * @param dataset the selected clips, not yet padded
 */
export function planInput(scenario: RunnableScenario, dataset: Dataset): PlanInput {
  const { load, audio } = scenario;
  return {
    streams: load.streams,
    rampInMs: load.rampInMs,
    thinkMs: load.thinkMs,
    ...(load.iterations === undefined ? {} : { iterations: load.iterations }),
    warmupMs: scenario.warmupMs,
    steadyMs: scenario.steadyMs,
    chunkMs: audio.chunkMs,
    pace: audio.pace,
    phase: audio.phase,
    clipIds: dataset.clips.map((clip) => clip.id),
    padding: { beforeMs: audio.paddingBeforeMs, afterMs: audio.paddingAfterMs },
    datasetSha256: dataset.sha256,
  };
}

/** One caller. */
export interface SlotPlan {
  slot: number;
  /** When the first session starts, milliseconds after T0. */
  firstStartMs: number;
  /** Chunk phase [phi], milliseconds in [0, chunk / pace). */
  phaseOffsetMs: number;
  /** The next clip (index into the clip list) and the pause before it; endless. */
  next(): { clip: number; thinkMs: number };
}

/** Share `index` of `of` of the callers; a local run is the share 0 of 1. */
export interface Shard {
  index: number;
  of: number;
}

export interface Plan {
  seed: number;
  input: PlanInput;
  /** Hash over all that decides what is sent. Two runs with one seed and scenario have the same. */
  hash: string;
  /** Fresh sequences for a shard's callers (every `of`-th slot). */
  slots(shard: Shard): SlotPlan[];
}

/** How many picks of each caller go into the hash: more than any test asks for, few enough to be quick. */
const HASHED_PICKS = 64;

/** Makes the plan. */
export function makePlan(input: PlanInput, seed: number): Plan {
  const slotPlan = (slot: number): SlotPlan => ({
    slot,
    firstStartMs: (slot * input.rampInMs) / input.streams,
    phaseOffsetMs: phaseOffset(input, seed, slot),
    next: clipSequence(input, seed, slot),
  });
  const hash = createHash("sha256").update(JSON.stringify({ seed, input }));
  for (let slot = 0; slot < input.streams; slot++) {
    const { firstStartMs, phaseOffsetMs, next } = slotPlan(slot);
    const picks = Array.from({ length: HASHED_PICKS }, () => next().clip);
    hash.update(JSON.stringify([firstStartMs, phaseOffsetMs, picks]));
  }
  return {
    seed,
    input,
    hash: hash.digest("hex"),
    slots(shard) {
      const slots: SlotPlan[] = [];
      for (let slot = shard.index; slot < input.streams; slot += shard.of) slots.push(slotPlan(slot));
      return slots;
    },
  };
}

/** Phase of a caller: 0 (aligned: every chunk of every caller at once), evenly spread by slot, or seeded. */
function phaseOffset(input: PlanInput, seed: number, slot: number): number {
  const periodMs = input.chunkMs / input.pace;
  switch (input.phase) {
    case "aligned":
      return 0;
    case "spread":
      return (slot * periodMs) / input.streams;
    case "random":
      return randomStream(seed, `phase/${slot}`)() * periodMs;
  }
}

/** Seeded shuffles one after the other, so that each caller plays every clip before it plays one twice. */
function clipSequence(input: PlanInput, seed: number, slot: number): SlotPlan["next"] {
  const random = randomStream(seed, `clips/${slot}`);
  const all = input.clipIds.map((_, index) => index);
  let round: number[] = [];
  return () => {
    if (round.length === 0) round = shuffled(all, random);
    return { clip: round.pop() ?? 0, thinkMs: input.thinkMs };
  };
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
