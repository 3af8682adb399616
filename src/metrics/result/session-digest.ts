/**
 * What a report shows of single sessions: a few of them whole, and all of them as a map of latency over time. Made in one
 * pass over the sessions, of which only those that may be shown are kept.
 */
import { defined } from "../../base/defined.ts";
import { sessionValue } from "../catalogue/values-by-name.ts";
import { failureOf, type Observation } from "../observation/observation.ts";
import type { RunResult } from "./result.ts";

/** Metrics with one value a session, of which there is a map and the slowest are shown. */
const DIGESTED = ["first_partial_from_onset", "final_from_speech_end"] as const;

/** Counts of sessions by the time they ended in and by latency. */
export interface HeatMap {
  metric: string;
  columnMs: number;
  /** Rows of [column, row, sessions]: the row of a latency is `heatRow` of it. */
  cells: readonly (readonly [column: number, row: number, sessions: number])[];
}

export interface ShownSession {
  /** Why it is shown: "slowest", "typical" or "failed". */
  why: "slowest" | "typical" | "failed";
  /** The metric it is the slowest or a typical one of. */
  metric?: string;
  session: Observation;
}

export interface SessionDigest {
  /** Sessions recorded, in all phases. */
  sessions: number;
  heat: readonly HeatMap[];
  shown: readonly ShownSession[];
}

/** Columns that can be told apart on a page. */
const MOST_COLUMNS = 120;
const ROWS_A_DECADE = 12;
const SLOWEST = 3;
/** Failures of one kind look alike. */
const FAILED_OF_A_KIND = 2;
const FAILED = 8;

/** The row of a latency: 12 for a factor of ten, the lowest for all up to 1 ms, negative ones too. */
export function heatRow(ms: number): number {
  return ms <= 1 ? 0 : 1 + Math.floor(Math.log10(ms) * ROWS_A_DECADE + 1e-9);
}

/** The latency, in milliseconds, at which a row begins; the lowest row has no beginning. */
export function heatRowStartMs(row: number): number {
  return 10 ** ((row - 1) / ROWS_A_DECADE);
}

/** A session that may be shown, and what it is ranked by. */
interface Candidate {
  session: Observation;
  rank: number;
}

export interface DigestBuilder {
  add(session: Observation): void;
  end(): SessionDigest;
}

export function createDigest({ window, metrics }: Pick<RunResult, "window" | "metrics">): DigestBuilder {
  const columnMs = Math.max(1000, (window.warmupMs + window.steadyMs + window.drainMs) / MOST_COLUMNS);
  const cells = DIGESTED.map(() => new Map<string, number>());
  const slowest = DIGESTED.map((): Candidate[] => []);
  const typical = DIGESTED.map((): Candidate[] => []);
  const failed = new Map<string, Observation[]>();
  let sessions = 0;

  function addFailed(session: Observation, kind: string): void {
    const alike = failed.get(kind) ?? [];
    failed.set(kind, alike);
    if (alike.length < FAILED_OF_A_KIND) alike.push(session);
  }

  return {
    add(session) {
      sessions++;
      const failure = failureOf(session);
      if (failure !== undefined) {
        addFailed(session, `${failure.phase} ${failure.class}`);
        return;
      }
      const { endedMs, phase } = session;
      for (const [index, metric] of DIGESTED.entries()) {
        const value = sessionValue(metric, session);
        if (value === undefined || endedMs === undefined) continue;
        const cell = `${Math.floor(endedMs / columnMs)},${heatRow(value)}`;
        cells[index]?.set(cell, (cells[index].get(cell) ?? 0) + 1);
        if (phase !== "steady") continue;
        keepHighest(slowest[index], { session, rank: value }, SLOWEST);
        keepHighest(typical[index], { session, rank: -Math.abs(value - (metrics[metric]?.p50 ?? NaN)) }, 1);
      }
    },
    end() {
      const shown: ShownSession[] = [];
      const seen = new Set<number>();
      const show = (session: Observation, why: ShownSession["why"], metric?: string): void => {
        if (seen.has(session.seq)) return;
        seen.add(session.seq);
        shown.push({ why, session, ...defined({ metric }) });
      };
      // One of every kind of failure before a second of any.
      for (let nth = 0; nth < FAILED_OF_A_KIND; nth++) {
        for (const alike of failed.values()) {
          const session = alike[nth];
          if (session !== undefined && shown.length < FAILED) show(session, "failed");
        }
      }
      for (const [index, metric] of DIGESTED.entries()) {
        for (const { session } of slowest[index] ?? []) show(session, "slowest", metric);
      }
      // The last metric is the one people wait for.
      for (const { session } of typical.at(-1) ?? []) show(session, "typical", DIGESTED.at(-1));
      return {
        sessions,
        heat: DIGESTED.map((metric, index) => ({ metric, columnMs, cells: rowsOf(cells[index]) })),
        shown,
      };
    },
  };
}

function rowsOf(cells: ReadonlyMap<string, number> = new Map()): [number, number, number][] {
  return [...cells].map(([key, count]) => {
    const [column = 0, row = 0] = key.split(",").map(Number);
    return [column, row, count];
  });
}

function keepHighest(kept: Candidate[] = [], candidate: Candidate, most: number): void {
  const last = kept.at(-1);
  if (
    Number.isNaN(candidate.rank) ||
    (kept.length >= most && last !== undefined && last.rank >= candidate.rank)
  )
    return;
  kept.push(candidate);
  kept.sort((a, b) => b.rank - a.rank);
  kept.length = Math.min(kept.length, most);
}
