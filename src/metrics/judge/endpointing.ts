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
  /** Audio from one position at which the server decides to the next; median over sessions. */
  stepMs: number;
  /** How long after its annotated end the server heard the speech end: the least that explains its decisions; median over finals by endpointing. */
  heardEndMs: number;
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
  /** Absent when no setting was asked for. */
  whatIf?: WhatIf;
  /** Sessions that are taken apart and not modelled. */
  notModelled: LeftOut[];
}

/** Positions are float32 seconds on the wire, so that they miss their place by a few hundredths of a millisecond. */
const POSITION_ERROR_MS = 0.1;

/** Adds up completed sessions of a window, one after the other, so that none need be kept. */
export class EndpointingTally {
  readonly #measuredAtMs: number | undefined;
  #sessions = 0;
  readonly #endpointed = emptyWaits();
  readonly #atStreamEnd = emptyWaits();
  readonly #notApart = new Map<string, number>();
  readonly #notModelled = new Map<string, number>();
  readonly #stepsMs: number[] = [];
  readonly #heardEndsMs: number[] = [];
  readonly #measured: SettingTally;
  readonly #estimates: readonly SettingTally[];

  /**
   * @param measuredAtMs the `stop_history` of the run; undefined for no estimate
   * @param settingsMs those to estimate
   */
  constructor(measuredAtMs: number | undefined, settingsMs: readonly number[]) {
    this.#measuredAtMs = measuredAtMs;
    this.#measured = new SettingTally(measuredAtMs ?? 0);
    this.#estimates = settingsMs.map((ms) => new SettingTally(ms));
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
    if (this.#measuredAtMs !== undefined) this.#estimate(session, parts, audioMs + ownMs, this.#measuredAtMs);
  }

  #estimate(session: Observation, parts: FinalParts, totalMs: number, measuredAtMs: number): void {
    const model = modelOf(session, parts, measuredAtMs);
    if (typeof model === "string") return count(this.#notModelled, model);
    this.#stepsMs.push(model.stepMs);
    if (parts.endpointed) this.#heardEndsMs.push(model.heardEndMs - session.clip.speechEndMs);
    const finals = session.responses.filter((response) => response.final && hasText(response)).length;
    this.#measured.add(totalMs, parts.endpointed, pausesOf(session) === undefined ? undefined : finals - 1);
    for (const tally of this.#estimates) {
      const { latencyMs, endpointed } = finalAt(session, parts, model, tally.stopHistoryMs);
      tally.add(latencyMs, endpointed, cutsAt(session, model, tally.stopHistoryMs));
    }
  }

  end(): EndpointingStudy {
    const asked = this.#measuredAtMs !== undefined && this.#estimates.length > 0;
    return {
      sessions: this.#sessions,
      endpointed: spreads(this.#endpointed),
      atStreamEnd: spreads(this.#atStreamEnd),
      notApart: leftOut(this.#notApart),
      notModelled: leftOut(this.#notModelled),
      ...(asked && this.#measuredAtMs !== undefined
        ? {
            whatIf: {
              measuredAtMs: this.#measuredAtMs,
              stepMs: median(this.#stepsMs),
              heardEndMs: median(this.#heardEndsMs),
              measured: this.#measured.end(),
              estimates: this.#estimates.map((tally) => tally.end()),
            },
          }
        : {}),
    };
  }
}

/** How the server decided in one session. */
interface Model {
  /** A position at which it decided, and the distance from one to the next. */
  positionMs: number;
  stepMs: number;
  /** Where it heard the speech end. */
  heardEndMs: number;
}

/** The model of a session, or why there is none. */
function modelOf(session: Observation, parts: FinalParts, measuredAtMs: number): Model | string {
  const { clip, faults } = session;
  if (faults !== undefined) return "a condition of the scenario changed the audio or its way";
  const stepMs = stepOf(session);
  const positionMs = parts.endpointed
    ? parts.decidedMs
    : parts.before === undefined
      ? undefined
      : processedMs(parts.before);
  if (stepMs === undefined || positionMs === undefined)
    return "too few partials to see at which positions the server decides";
  const earliestMs = (decidedMs: number): number => decidedMs - stepMs - measuredAtMs + 2 * POSITION_ERROR_MS;
  if (!parts.endpointed) {
    // It had not decided at its last position within the audio: that would have been the next one at the earliest.
    const beyondMs = nextPosition({ positionMs, stepMs }, clip.audioMs + 2 * POSITION_ERROR_MS);
    return { positionMs, stepMs, heardEndMs: Math.max(clip.speechEndMs, earliestMs(beyondMs)) };
  }
  const latestMs = positionMs - measuredAtMs;
  return {
    ...{ positionMs, stepMs },
    heardEndMs: Math.min(latestMs, Math.max(clip.speechEndMs, earliestMs(positionMs))),
  };
}

/** The first position at or after `ms` at which the server decides. */
function nextPosition({ positionMs, stepMs }: Pick<Model, "positionMs" | "stepMs">, ms: number): number {
  return positionMs + stepMs * Math.ceil((ms - POSITION_ERROR_MS - positionMs) / stepMs);
}

/** The commonest distance of two positions that follow each other before the end of the audio, whole milliseconds; of several the least. */
function stepOf({ responses, clip }: Observation): number | undefined {
  const times = new Map<number, number>();
  let lastMs: number | undefined;
  for (const response of responses) {
    const atMs = processedMs(response);
    if (atMs === undefined || (response.final && atMs >= clip.audioMs - 1)) continue;
    const stepMs = Math.round(atMs - (lastMs ?? atMs));
    if (stepMs > 0) times.set(stepMs, (times.get(stepMs) ?? 0) + 1);
    lastMs = atMs;
  }
  return [...times].sort(([a, n], [b, m]) => m - n || a - b)[0]?.[0];
}

/** When the final of a session would have come with another setting, after the end of speech. */
function finalAt(
  session: Observation,
  parts: FinalParts,
  model: Model,
  stopHistoryMs: number,
): { latencyMs: number; endpointed: boolean } {
  const { clip, chunks, finishedMs = Infinity } = session;
  const sentAfterMs = (chunk: number): number => audioWaitMs(session, { ...parts, chunk }, planned) ?? NaN;
  const ownMs = latencyOf(session, parts.final, planned) ?? NaN;
  const decidedMs = nextPosition(model, model.heardEndMs + stopHistoryMs);
  if (decidedMs <= clip.audioMs + POSITION_ERROR_MS)
    return { latencyMs: sentAfterMs(chunkAt(session, decidedMs)) + ownMs, endpointed: true };
  // The final for the end of the stream comes in any case, with or without text: what it took is known.
  const last = lastFinal(session);
  const flushMs =
    last !== undefined && last !== parts.final && last.atMs >= finishedMs
      ? last.atMs - (planned(session, chunkEndMs(session, chunks - 1)) ?? NaN)
      : ownMs;
  return { latencyMs: sentAfterMs(chunks - 1) + flushMs, endpointed: false };
}

/** Silences between words, from the end of one to the start of the next: of the reference, else of what was recognised. */
function pausesOf({
  clip,
  responses,
}: Observation): readonly (readonly [fromMs: number, toMs: number])[] | undefined {
  const heard = (): FinalWords => responses.flatMap(({ final, words = [] }) => (final ? words : []));
  const words = clip.words.length > 0 ? clip.words : heard();
  if (words.length === 0) return undefined;
  return words.slice(1).map(({ startMs }, index) => [words[index]?.endMs ?? NaN, startMs]);
}

type FinalWords = readonly { startMs: number; endMs: number }[];

/** Finals too many: pauses in which the server decides before the speaker goes on. */
function cutsAt(session: Observation, model: Model, stopHistoryMs: number): number | undefined {
  return pausesOf(session)?.filter(
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

function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

function count(reasons: Map<string, number>, why: string): void {
  reasons.set(why, (reasons.get(why) ?? 0) + 1);
}

function leftOut(reasons: ReadonlyMap<string, number>): LeftOut[] {
  return [...reasons].map(([why, sessions]) => ({ why, sessions }));
}
