/**
 * Where the wait for finals went in a run, and an estimate of what it would have been with another `stop_history`.
 *
 * The model: the server looks at the silence each time it has processed another of its chunks (positions a step apart, read from
 * what it said), and closes the utterance at the first one with a silence of `stop_history` or more behind it. The speech is taken
 * to have ended where the data set says, or as near to it as the decision that was observed allows. The final then comes as long
 * after its audio as it did in the run. At the setting of the run itself the estimate of a session is what was measured.
 */
import { audioWaitMs } from "../catalogue/endpointing.ts";
import { type FinalParts, finalParts } from "../observation/final-parts.ts";
import {
  chunkAt,
  chunkEndMs,
  hasText,
  lastFinal,
  latencyOf,
  planned,
  processedMs,
} from "../observation/moments.ts";
import type { Observation } from "../observation/observation.ts";
import type { Summary } from "../result/result.ts";
import { quantile } from "../stats/bootstrap.ts";
import { certifiedPercentiles } from "../stats/certainty.ts";
import { PERCENTILES } from "../stats/percentiles.ts";

/** Percentiles of milliseconds over sessions. */
export type Spread = Pick<Summary, "unit" | "count" | "p50" | "p90" | "p95" | "p99" | "certified">;

/** Finals of one kind: the whole wait, and its parts where they can be told apart. */
export interface FinalWaits {
  total: Spread;
  /** By endpointing `endpointing_wait`; at the end of the stream the audio that was sent after the speech. */
  audio: Spread;
  compute: Spread;
  flush: Spread;
}

/** Finals with one setting. */
export interface AtSetting {
  stopHistoryMs: number;
  /** `final_from_speech_end`. */
  final: Spread;
  /** Sessions whose final comes by endpointing; the others' comes at the end of the stream. */
  endpointed: number;
  /** Sessions whose pauses are known, those of them that are cut in at least one, and the finals too many that this makes. */
  pauses: { sessions: number; cutSessions: number; extraFinals: number };
}

/** The estimate, for sessions that can be modelled. */
export interface WhatIf {
  /** The `stop_history` of the run. */
  measuredAtMs: number;
  /** Audio from one position at which the server decides to the next. */
  stepMs: number;
  /** Finals by endpointing that came when the model has them, with the annotated end of speech. */
  explained: number;
  /** The same sessions as they were. */
  measured: AtSetting;
  estimates: AtSetting[];
}

/** Why sessions are not in a figure. */
export interface LeftOut {
  why: string;
  sessions: number;
}

export interface EndpointingStudy {
  /** Sessions with a `final_from_speech_end`. */
  sessions: number;
  endpointed: FinalWaits;
  atStreamEnd: FinalWaits;
  /** Sessions whose wait can't be taken apart. */
  notApart: LeftOut[];
  /** Absent when no setting was asked for, and where no two positions of the server were seen. */
  whatIf?: WhatIf;
  /** Sessions that are taken apart and not modelled. */
  notModelled: LeftOut[];
}

/** Positions are float32 seconds on the wire, so that they miss their place by a few hundredths of a millisecond. */
const POSITION_ERROR_MS = 0.1;

/** What the estimate needs of a session; its observation is without responses and chunks, so that many can be kept. */
interface Modelled {
  session: Observation;
  parts: FinalParts;
  totalMs: number;
  /** From the audio of the final to the final. */
  ownMs: number;
  /** From the last chunk to the final that answers the end of the stream. */
  flushMs: number;
  /** Position of the server that was seen before its last one. */
  seenMs: number;
  /** Finals beyond the first, and pauses that a setting may cut; undefined where the pauses are not known. */
  cuts: number | undefined;
  pauses: readonly Pause[] | undefined;
}

type Pause = readonly [fromMs: number, toMs: number];

/** Adds up the completed sessions of a window, one after the other. */
export class EndpointingTally {
  readonly #measuredAtMs: number | undefined;
  readonly #settingsMs: readonly number[];
  #sessions = 0;
  readonly #endpointed = emptyWaits();
  readonly #atStreamEnd = emptyWaits();
  readonly #notApart = new Map<string, number>();
  readonly #notModelled = new Map<string, number>();
  /** How often two positions that followed each other were so far apart, whole milliseconds. */
  readonly #steps = new Map<number, number>();
  readonly #modelled: Modelled[] = [];

  /**
   * @param measuredAtMs the `stop_history` of the run; undefined for no estimate
   * @param settingsMs those to estimate
   */
  constructor(measuredAtMs: number | undefined, settingsMs: readonly number[]) {
    this.#measuredAtMs = measuredAtMs;
    this.#settingsMs = settingsMs;
  }

  add(session: Observation): void {
    const parts = session.pace === Infinity ? undefined : finalParts(session);
    if (parts === undefined) return;
    this.#sessions++;
    if ("why" in parts) return count(this.#notApart, parts.why);
    const audioMs = audioWaitMs(session, parts, planned);
    const ownMs = latencyOf(session, parts.final, planned);
    if (audioMs === undefined || ownMs === undefined)
      return count(this.#notApart, "the microphone never opened");
    const waits = parts.endpointed ? this.#endpointed : this.#atStreamEnd;
    waits.total.push(audioMs + ownMs);
    waits.audio.push(audioMs);
    const computeMs = parts.before === undefined ? undefined : latencyOf(session, parts.before, planned);
    if (computeMs !== undefined) {
      waits.compute.push(computeMs);
      waits.flush.push(ownMs - computeMs);
    }
    if (this.#measuredAtMs !== undefined) this.#keep(session, parts, audioMs + ownMs, ownMs);
  }

  #keep(session: Observation, parts: FinalParts, totalMs: number, ownMs: number): void {
    countSteps(this.#steps, session);
    if (session.faults !== undefined)
      return count(this.#notModelled, "a condition of the scenario changed the audio or its way");
    const seenMs = parts.endpointed || parts.before === undefined ? undefined : processedMs(parts.before);
    if (!parts.endpointed && seenMs === undefined)
      return count(this.#notModelled, "no partial shows at which positions the server decides");
    const finals = session.responses.filter((response) => response.final && hasText(response)).length;
    const pauses = pausesOf(session);
    const leastMs = Math.min(...this.#settingsMs);
    this.#modelled.push({
      session: { ...session, responses: [], sentMs: [], acceptedMs: [] },
      ...{ parts, totalMs, ownMs, seenMs: seenMs ?? parts.decidedMs },
      flushMs: flushOf(session, parts, ownMs),
      cuts: pauses === undefined ? undefined : finals - 1,
      pauses: pauses?.filter(([fromMs, toMs]) => toMs - fromMs > leastMs - 1),
    });
  }

  /** `whatIf` is absent where no step of the server was seen. */
  end(): EndpointingStudy {
    const whatIf = this.#measuredAtMs === undefined ? undefined : this.#estimate(this.#measuredAtMs);
    return {
      sessions: this.#sessions,
      endpointed: spreads(this.#endpointed),
      atStreamEnd: spreads(this.#atStreamEnd),
      notApart: leftOut(this.#notApart),
      notModelled: leftOut(this.#notModelled),
      ...(whatIf === undefined ? {} : { whatIf }),
    };
  }

  #estimate(measuredAtMs: number): WhatIf | undefined {
    const stepMs = commonest(this.#steps);
    if (stepMs === undefined) return undefined;
    const measured = new SettingTally(measuredAtMs);
    const tallies = this.#settingsMs.map((ms) => new SettingTally(ms));
    let explained = 0;
    for (const one of this.#modelled) {
      const model = modelOf(one, stepMs, measuredAtMs);
      if (one.parts.endpointed && model.heardEndMs === one.session.clip.speechEndMs) explained++;
      measured.add(one.totalMs, one.parts.endpointed, one.cuts);
      for (const tally of tallies) {
        const { latencyMs, endpointed } = finalAt(one, model, tally.stopHistoryMs);
        tally.add(latencyMs, endpointed, cutsAt(one, model, tally.stopHistoryMs));
      }
    }
    return {
      ...{ measuredAtMs, stepMs, explained, measured: measured.end() },
      estimates: tallies.map((tally) => tally.end()),
    };
  }
}

/** How the server decided in one session. */
interface Model {
  /** A position at which it decided, or might have, and the distance from one to the next. */
  positionMs: number;
  stepMs: number;
  /** Where it heard the speech end. */
  heardEndMs: number;
}

function modelOf(
  { session: { clip }, parts, seenMs }: Modelled,
  stepMs: number,
  measuredAtMs: number,
): Model {
  const positions = { positionMs: seenMs, stepMs };
  const earliestMs = (decidedMs: number): number => decidedMs - stepMs - measuredAtMs + 2 * POSITION_ERROR_MS;
  if (!parts.endpointed) {
    // It had not decided at its last position within the audio: that would have been the next one at the earliest.
    const beyondMs = nextPosition(positions, clip.audioMs + 2 * POSITION_ERROR_MS);
    return { ...positions, heardEndMs: Math.max(clip.speechEndMs, earliestMs(beyondMs)) };
  }
  const latestMs = parts.decidedMs - measuredAtMs;
  // A tie within the error of positions is none.
  const endMs = clip.speechEndMs <= latestMs + POSITION_ERROR_MS ? clip.speechEndMs : latestMs;
  return { ...positions, heardEndMs: Math.max(endMs, earliestMs(parts.decidedMs)) };
}

/** The first position at or after `ms` at which the server decides. */
function nextPosition({ positionMs, stepMs }: Pick<Model, "positionMs" | "stepMs">, ms: number): number {
  return positionMs + stepMs * Math.ceil((ms - POSITION_ERROR_MS - positionMs) / stepMs);
}

/** Counts the distances of positions that follow each other before the end of the audio. */
function countSteps(steps: Map<number, number>, { responses, clip }: Observation): void {
  let lastMs: number | undefined;
  for (const response of responses) {
    const atMs = processedMs(response);
    if (atMs === undefined || (response.final && atMs >= clip.audioMs - 1)) continue;
    const stepMs = Math.round(atMs - (lastMs ?? atMs));
    if (stepMs > 0) steps.set(stepMs, (steps.get(stepMs) ?? 0) + 1);
    lastMs = atMs;
  }
}

/** The one that came most often; of several the least. */
function commonest(times: ReadonlyMap<number, number>): number | undefined {
  return [...times].sort(([a, n], [b, m]) => m - n || a - b)[0]?.[0];
}

/** The final for the end of the stream comes in any case, with or without text; where it can't be seen it takes as long as the other. */
function flushOf(session: Observation, { final }: FinalParts, ownMs: number): number {
  const { chunks, finishedMs = Infinity } = session;
  const last = lastFinal(session);
  if (last === undefined || last === final || last.atMs < finishedMs) return ownMs;
  return last.atMs - (planned(session, chunkEndMs(session, chunks - 1)) ?? NaN);
}

/** When the final of a session would have come with another setting, after the end of speech. */
function finalAt(
  { session, parts, ownMs, flushMs }: Modelled,
  model: Model,
  stopHistoryMs: number,
): { latencyMs: number; endpointed: boolean } {
  const { clip, chunks } = session;
  const sentAfterMs = (chunk: number): number => audioWaitMs(session, { ...parts, chunk }, planned) ?? NaN;
  const decidedMs = nextPosition(model, model.heardEndMs + stopHistoryMs);
  return decidedMs <= clip.audioMs + POSITION_ERROR_MS
    ? { latencyMs: sentAfterMs(chunkAt(session, decidedMs)) + ownMs, endpointed: true }
    : { latencyMs: sentAfterMs(chunks - 1) + flushMs, endpointed: false };
}

/** Silences between words: of the reference, else of what was recognised. */
function pausesOf({ clip, responses }: Observation): readonly Pause[] | undefined {
  const words =
    clip.words.length > 0 ? clip.words : responses.flatMap(({ final, words = [] }) => (final ? words : []));
  if (words.length === 0) return undefined;
  return words.slice(1).map(({ startMs }, index): Pause => [words[index]?.endMs ?? NaN, startMs]);
}

/** Finals too many: pauses in which the server decides before the speaker goes on. */
function cutsAt({ pauses }: Modelled, model: Model, stopHistoryMs: number): number | undefined {
  return pauses?.filter(
    ([fromMs, toMs]) => nextPosition(model, fromMs + stopHistoryMs) <= toMs + POSITION_ERROR_MS,
  ).length;
}

class SettingTally {
  readonly stopHistoryMs: number;
  readonly #finalsMs: number[] = [];
  #endpointed = 0;
  readonly #pauses = { sessions: 0, cutSessions: 0, extraFinals: 0 };

  constructor(stopHistoryMs: number) {
    this.stopHistoryMs = stopHistoryMs;
  }

  /** @param cuts undefined where the pauses of the session are not known */
  add(latencyMs: number, endpointed: boolean, cuts: number | undefined): void {
    this.#finalsMs.push(latencyMs);
    if (endpointed) this.#endpointed++;
    if (cuts === undefined) return;
    this.#pauses.sessions++;
    if (cuts > 0) this.#pauses.cutSessions++;
    this.#pauses.extraFinals += cuts;
  }

  end(): AtSetting {
    const { stopHistoryMs } = this;
    return {
      stopHistoryMs,
      final: spread(this.#finalsMs),
      endpointed: this.#endpointed,
      pauses: this.#pauses,
    };
  }
}

type Waits = Record<keyof FinalWaits, number[]>;

function emptyWaits(): Waits {
  return { total: [], audio: [], compute: [], flush: [] };
}

function spreads({ total, audio, compute, flush }: Waits): FinalWaits {
  return { total: spread(total), audio: spread(audio), compute: spread(compute), flush: spread(flush) };
}

function spread(values: readonly number[]): Spread {
  const found: Spread = { unit: "ms", count: values.length };
  if (values.length === 0) return found;
  const ascending = Float64Array.from(values).sort();
  for (const name of ["p50", "p90", "p95", "p99"] as const)
    found[name] = quantile(ascending, PERCENTILES[name] ?? NaN);
  found.certified = certifiedPercentiles(values.length);
  return found;
}

function count(reasons: Map<string, number>, why: string): void {
  reasons.set(why, (reasons.get(why) ?? 0) + 1);
}

function leftOut(reasons: ReadonlyMap<string, number>): LeftOut[] {
  return [...reasons].map(([why, sessions]) => ({ why, sessions }));
}
