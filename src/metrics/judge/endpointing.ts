/** Where the wait for the finals of a run went, and an estimate of what it would have been with another `stop_history`. */
import { afterSpeechMs } from "../catalogue/endpointing.ts";
import { finalParts } from "../observation/final-parts.ts";
import { chunkAt, latencyOf, planned } from "../observation/moments.ts";
import type { Observation } from "../observation/observation.ts";
import type { Summary } from "../result/result.ts";
import { quantile } from "../stats/bootstrap.ts";
import { certifiedPercentiles } from "../stats/certainty.ts";
import { PERCENTILES } from "../stats/percentiles.ts";
import {
  commonest,
  countSteps,
  cutsAt,
  finalAt,
  keptOf,
  type KeptSession,
  modelOf,
} from "./endpointing-model.ts";

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
  /** Sessions whose pauses are known, those of them that are cut in at least one, and the extra finals that this makes. */
  pauses: { sessions: number; cutSessions: number; extraFinals: number };
}

/** The estimate, for sessions that can be modelled. */
export interface WhatIf {
  /** The `stop_history` of the run. */
  measuredAtMs: number;
  /** Audio from one position at which the server decides to the next. */
  stepMs: number;
  /** Finals by endpointing that came when the model has them with a silence that begins with the end of the last word. */
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
  readonly #kept: KeptSession[] = [];

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
    if ("why" in parts) {
      count(this.#notApart, parts.why);
      return;
    }
    const audioMs = afterSpeechMs(session, parts.chunk, planned);
    const ownMs = latencyOf(session, parts.final, planned);
    if (audioMs === undefined || ownMs === undefined) {
      count(this.#notApart, "the microphone never opened");
      return;
    }
    const waits = parts.endpointed ? this.#endpointed : this.#atStreamEnd;
    waits.total.push(audioMs + ownMs);
    waits.audio.push(audioMs);
    const computeMs = parts.before === undefined ? undefined : latencyOf(session, parts.before, planned);
    if (computeMs !== undefined) {
      waits.compute.push(computeMs);
      waits.flush.push(ownMs - computeMs);
    }
    if (this.#measuredAtMs === undefined) return;
    countSteps(this.#steps, session);
    const kept = keptOf(session, parts, ownMs);
    if (typeof kept === "string") count(this.#notModelled, kept);
    else this.#kept.push(kept);
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
    for (const one of this.#kept) {
      const model = modelOf(one, stepMs, measuredAtMs);
      if (one.endpointed && model.silentFromMs === one.endMs) explained++;
      const totalMs = afterSpeechMs(one.session, chunkAt(one.session, one.decidedMs), planned);
      measured.add((totalMs ?? NaN) + one.ownMs, one.endpointed, one.extraFinals);
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
