/** What of a scenario and its audio a plan depends on: plain data, and part of the plan's hash. */
import { defined } from "../../base/defined.ts";
import type { ClipInfo, Dataset } from "../../base/dataset/dataset.ts";
import { BenchError, nearestName } from "../../base/errors.ts";
import type { LongForm } from "../../base/dataset/long-form.ts";
import type { AudioEncoding } from "../../client/transport.ts";
import type { Condition } from "../../scenario/conditions.ts";
import { meanExtraMs } from "../../scenario/conditions.ts";
import type { StageMark } from "../../scenario/load/load-shape.ts";
import { loadShape } from "../../scenario/load/load-shape.ts";
import type { ChunkPhase, ClosedLoad } from "../../scenario/load/load.ts";
import { isClosed, isUnpaced, iterationsOf } from "../../scenario/load/load.ts";
import type { Segment } from "../../scenario/load/level.ts";
import { meanLevel, peakLevel } from "../../scenario/load/level.ts";
import type { RunnableScenario } from "../../scenario/scenario.ts";
import type { Trace } from "../../scenario/load/trace.ts";

interface PlanCommon {
  /** Each caller does exactly so many sessions and all of them are recorded; undefined = go on until the window ends. */
  iterations?: number;
  warmupMs: number;
  /** The judged window; with `iterations` the longest it may last. */
  steadyMs: number;
  chunkMs: number;
  /** Absent = LINEAR_PCM. */
  encoding?: AudioEncoding;
  /** Infinity: no pace, as fast as the server takes it. */
  pace: number;
  phase: ChunkPhase;
  /** When the microphone opens; absent = after-ready. */
  anchor?: "at-start" | "at-schedule";
  /** Absent: every session is left in peace. */
  conditions?: readonly Condition[];
  /** Absent: one stage, `main`. */
  stages?: readonly StageMark[];
  clipIds: readonly string[];
  /** Of the clips, in their order; absent = each comes as often as the others. */
  weights?: readonly number[];
  /** The clips are recordings made of others. */
  longForm?: LongForm;
  padding: { beforeMs: number; afterMs: number };
  /** Identity of the audio. */
  datasetSha256: string;
}

/** Of a closed load. */
export interface PlanInput extends PlanCommon {
  /** Callers, at the most. */
  streams: number;
  /** Callers come in evenly over this long. */
  rampInMs: number;
  /** How many callers are in over the run, when that is not simply `streams` after the ramp-in. */
  segments?: readonly Segment[];
  thinkMs: number;
  thinkDistribution?: "exponential";
  sessionsPerCaller?: number;
  /** Absent: the next session follows on the answer to the one before it. */
  next?: "after-sending";
}

/** Of an open load. */
export interface OpenPlanInput extends PlanCommon {
  /** Rate over the run, sessions a second; empty for a trace. */
  segments: readonly Segment[];
  /** Starts that were recorded elsewhere, in order; `clip` is an index into `clipIds`. */
  trace?: readonly { startMs: number; clip?: number }[];
  maxOpen: number;
  /** Sessions that will be open at the busiest time, if the server keeps up: for connections to be warm. */
  expectedOpen: number;
}

/** A plan holds no more starts than this: its hash covers each of them. */
const MOST_PLANNED = 20_000_000;
/** Set-up and the wait for the final, roughly: what a session lasts beyond its audio. */
export const AROUND_AUDIO_MS = 1000;
/** Places for this many times the sessions that a server which keeps up has open. */
const OPEN_MARGIN = 4;
const LEAST_MAX_OPEN = 50;

/**
 * What a scenario and the clips it plays mean for the plan.
 *
 * @param dataset the selected clips, not yet padded
 * @param trace what the scenario's trace file holds, where it has one
 * @throws BenchError (exit 2) for a load without sane bounds, or a trace with clips that are not there
 */
export function planInput(
  scenario: RunnableScenario,
  dataset: Dataset<ClipInfo>,
  trace?: Trace,
): PlanInput | OpenPlanInput {
  const { load, audio } = scenario;
  const iterations = iterationsOf(load);
  const { segments, stages } = loadShape(load, scenario.warmupMs);
  const clipIds = dataset.clips.map((clip) => clip.id);
  const common: PlanCommon = {
    ...defined({ iterations }),
    warmupMs: scenario.warmupMs,
    steadyMs: scenario.steadyMs,
    chunkMs: audio.chunkMs,
    ...(audio.encoding === "LINEAR_PCM" ? {} : { encoding: audio.encoding }),
    pace: isUnpaced(load) ? Infinity : audio.pace,
    phase: audio.phase,
    ...(audio.anchor === "after-ready" ? {} : { anchor: audio.anchor }),
    ...(scenario.conditions.length === 0 ? {} : { conditions: scenario.conditions }),
    ...(stages.length === 1 ? {} : { stages }),
    clipIds,
    ...(audio.mix === undefined ? {} : { weights: clipIds.map((id) => audio.mix?.[id] ?? 0) }),
    ...defined({ longForm: audio.longForm }),
    padding: { beforeMs: audio.paddingBeforeMs, afterMs: audio.paddingAfterMs },
    datasetSha256: dataset.sha256,
  };
  if (isClosed(load)) return { ...common, ...closedPart(load, segments) };
  const paddingMs = audio.paddingBeforeMs + audio.paddingAfterMs;
  const aroundMs = AROUND_AUDIO_MS + meanExtraMs(scenario.conditions);
  const lengthsMs = dataset.clips.map((clip) => (clip.audioMs + paddingMs) / audio.pace + aroundMs);
  const longestMs = Math.max(...lengthsMs);
  const known = trace === undefined ? undefined : tracePart(trace, clipIds);
  const meanMs = lengthsMs.reduce((sum, ms) => sum + ms, 0) / lengthsMs.length;
  const busiest =
    known === undefined ? (peakLevel(segments) * longestMs) / 1000 : mostWithin(known, longestMs);
  if (known === undefined) checkSize(scenario, segments);
  return {
    ...common,
    segments,
    ...defined({ trace: known }),
    maxOpen:
      load.maxOpen === "auto" ? Math.max(LEAST_MAX_OPEN, Math.ceil(OPEN_MARGIN * busiest)) : load.maxOpen,
    expectedOpen: Math.ceil((busiest * meanMs) / longestMs),
  };
}

function closedPart(load: ClosedLoad, segments: readonly Segment[]): Omit<PlanInput, keyof PlanCommon> {
  const { rampInMs, thinkMs, thinkDistribution, sessionsPerCaller, next } = load;
  const streams = Math.ceil(peakLevel(segments));
  // One level after one ramp-in is the plain case: the phases of its callers can be spread evenly by number.
  const plain = segments.every(
    (segment, index) => segment.to === streams && (index === 0 || segment.from === streams),
  );
  const comesInMs = segments[0]?.from === 0 ? segments[0].toMs : 0;
  return {
    streams,
    rampInMs: plain ? comesInMs : rampInMs,
    ...(plain ? {} : { segments }),
    thinkMs,
    ...defined({ thinkDistribution, sessionsPerCaller, next }),
  };
}

function checkSize({ name, warmupMs, steadyMs }: RunnableScenario, segments: readonly Segment[]): void {
  const endMs = warmupMs + steadyMs;
  const planned = (meanLevel(segments, 0, endMs) * endMs) / 1000;
  if (planned <= MOST_PLANNED) return;
  throw BenchError.usage(
    `scenario ${name}: the load plans ${Math.round(planned / 1e6)} million sessions, ${MOST_PLANNED / 1e6} million are the most`,
    "Lower the rate or the duration.",
  );
}

function tracePart(
  { file, starts }: Trace,
  clipIds: readonly string[],
): { startMs: number; clip?: number }[] {
  const indexes = new Map(clipIds.map((id, index) => [id, index]));
  return starts.map(({ startMs, clip, line }) => {
    if (clip === undefined) return { startMs };
    const index = indexes.get(clip);
    if (index !== undefined) return { startMs, clip: index };
    const near = nearestName(clip, clipIds);
    throw BenchError.usage(
      `${file}:${line}: clip: "${clip}" is not among the clips that the scenario plays`,
      near === undefined ? undefined : `Did you mean "${near}"?`,
    );
  });
}

/** Most starts within any stretch of this length. */
function mostWithin(starts: readonly { startMs: number }[], lengthMs: number): number {
  let most = 0;
  let first = 0;
  for (const [index, { startMs }] of starts.entries()) {
    while ((starts[first]?.startMs ?? startMs) < startMs - lengthMs) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
