/**
 * May the run be believed? Decided from the generator's own behaviour, before any SLO: a number from a generator that
 * could not keep its pace is neither a pass nor a fail.
 */
import { latenessLimitMs } from "../observation/classify.ts";
import { type Counts, failedBy } from "../observation/counts.ts";
import type { Check, Validity } from "../result/result.ts";

/** A process of the run that did not get to run. */
export interface Stall {
  process: string;
  gapMs: number;
  /** When it ran again, milliseconds since the start of the run. */
  atMs: number;
}

export interface ValidityInput {
  chunkMs: number;
  /** 99th percentile of send lateness in the window; absent when nothing was sent. */
  latenessP99Ms?: number;
  /** Of the steady window. */
  sessions: Counts;
  /** Of all processes: coordinator and workers. */
  stalls: readonly Stall[];
  /** From the start of the window to the end of its last session: stalls outside are harmless. */
  fromMs: number;
  toMs: number;
  /**
   * Closed models: sessions that should be open on average, that were, and the part that was missing because slots
   * stood empty after failures that weren't the generator's.
   */
  concurrency?: { planned: number; mean: number; lostToServer: number };
  /** Open models: sessions that began more than 50 ms late. */
  lateStarts?: number;
  /** True when the load left room for all sessions of a server that keeps up: what is dropped then is its doing. */
  roomForAll?: boolean;
  /** Whether the window had a steady state; absent where the load was meant to change. */
  steadyState?: Check;
  /** How far off T0 may be on the worker whose clock is known least, where workers were on other machines. */
  clockUncertaintyMs?: number;
  /** From the first T0 to the last one of parts that machines made by themselves, as each machine's own clock has it. */
  startSpreadMs?: number;
  /** Workers that were lost, and the share of the load they carried. */
  lostWorkers: number;
  lostShare: number;
  interrupted: boolean;
  /** The coordinator itself was killed: when the last trace of the run was left, and what was under way then. */
  killed?: { atMs: number; inFlight: number };
}

const GENERATOR_FAILURES_ALLOWED = 0.01;
const STALL_DEGRADES_MS = 100;
const STALL_VOIDS_MS = 500;
const CONCURRENCY_OFF_ALLOWED = 0.02;
const MISSED_STARTS_ALLOWED = 0.01;
const LOST_SHARE_ALLOWED = 0.05;

/** Void when any limit is broken, degraded when one is more than half used up. What tells most of the run comes first. */
export function judgeValidity(input: ValidityInput): Validity {
  const checks = [
    ...completeCheck(input),
    sessionsCheck(input),
    latenessCheck(input),
    generatorCheck(input),
    stallCheck(input),
    ...concurrencyCheck(input),
    ...startsCheck(input),
    ...(input.steadyState === undefined ? [] : [input.steadyState]),
    ...clockCheck(input),
    workersCheck(input),
    ...(input.interrupted && input.killed === undefined ? [INTERRUPTED] : []),
  ];
  if (checks.some((check) => check.verdict === "fail")) return { status: "void", checks };
  return { status: checks.every((check) => check.verdict === "pass") ? "valid" : "degraded", checks };
}

const INTERRUPTED: Check = {
  name: "interrupted",
  verdict: "inconclusive",
  advice: "the run was interrupted: its window is shorter than planned",
};

/** Nobody watched over a run whose coordinator was gone, so it has no verdict, however much of it is there. */
function completeCheck({ killed }: ValidityInput): Check[] {
  if (killed === undefined) return [];
  const when = `${(killed.atMs / 1000).toFixed(1)} s`;
  return [
    {
      name: "complete",
      verdict: "fail",
      observed: killed.inFlight,
      limit: "0",
      advice: `the run was killed at ${when} with ${killed.inFlight} session(s) under way; it was put together from its records`,
    },
  ];
}

function limited(name: string, observed: number, limit: number, shown: string, advice: string): Check {
  const verdict = observed > limit ? "fail" : observed > limit / 2 ? "inconclusive" : "pass";
  return { name, verdict, observed, limit: shown, ...(verdict === "pass" ? {} : { advice }) };
}

function sessionsCheck({ sessions }: ValidityInput): Check {
  if (sessions.scheduled > 0)
    return { name: "sessions_in_window", verdict: "pass", observed: sessions.scheduled };
  return {
    name: "sessions_in_window",
    verdict: "fail",
    observed: 0,
    limit: "> 0",
    advice: "no session was scheduled in the window: nothing was measured; make the steady part longer",
  };
}

function latenessCheck({ chunkMs, latenessP99Ms }: ValidityInput): Check {
  const name = "send_lateness_p99";
  const limitMs = latenessLimitMs(chunkMs);
  if (latenessP99Ms === undefined) {
    const advice = "not tested: no audio was sent in the window";
    return { name, verdict: "pass", limit: `<= ${limitMs}ms`, advice };
  }
  return limited(
    name,
    latenessP99Ms,
    limitMs,
    `<= ${limitMs}ms`,
    "audio left late: give the generator a core of its own, lower the number of streams, or add workers",
  );
}

function generatorCheck({ sessions }: ValidityInput): Check {
  return limited(
    "generator_failures",
    sessions.scheduled === 0 ? 0 : failedBy(sessions, "generator") / sessions.scheduled,
    GENERATOR_FAILURES_ALLOWED,
    "<= 1%",
    "sessions were spoiled by this machine, not by the server: see sessions.failures, then lower the load or add workers",
  );
}

function stallCheck({ stalls, fromMs, toMs }: ValidityInput): Check {
  let worst: Stall | undefined;
  for (const stall of stalls) {
    const touches = stall.atMs >= fromMs && stall.atMs - stall.gapMs <= toMs;
    if (touches && stall.gapMs > (worst?.gapMs ?? 0)) worst = stall;
  }
  const check = { name: "stalls", observed: worst?.gapMs ?? 0, limit: `< ${STALL_VOIDS_MS}ms` };
  if (worst === undefined || worst.gapMs < STALL_DEGRADES_MS) return { ...check, verdict: "pass" };
  return {
    ...check,
    verdict: worst.gapMs >= STALL_VOIDS_MS ? "fail" : "inconclusive",
    advice:
      `the ${worst.process} stood still for ${Math.round(worst.gapMs)} ms at ${(worst.atMs / 1000).toFixed(1)} s: ` +
      "the machine was suspended, stopped or out of CPU; run on an idle machine",
  };
}

function concurrencyCheck({ concurrency }: ValidityInput): Check[] {
  if (concurrency === undefined) return [];
  const { planned, mean, lostToServer } = concurrency;
  return [
    limited(
      "concurrency_off_plan",
      Math.abs(mean + lostToServer - planned) / planned,
      CONCURRENCY_OFF_ALLOWED,
      "<= 2%",
      `${mean.toFixed(1)} sessions were open on average, ${Number(planned.toFixed(1))} planned: the generator did not start them in time`,
    ),
  ];
}

function startsCheck({ sessions, lateStarts, roomForAll = false }: ValidityInput): Check[] {
  if (lateStarts === undefined) return [];
  const missed = lateStarts + (roomForAll ? 0 : sessions.dropped);
  return [
    limited(
      "missed_starts",
      sessions.scheduled === 0 ? 0 : missed / sessions.scheduled,
      MISSED_STARTS_ALLOWED,
      "<= 1%",
      "sessions were dropped or began more than 50 ms late: lower the rate, raise maxOpen or add workers",
    ),
  ];
}

const CLOCK_DEGRADES_CHUNKS = 0.1;
const CLOCK_VOIDS_CHUNKS = 0.5;

/** No latency is a difference of two clocks, but what is open at one time, and in which second, is added up over workers. */
function clockCheck({ chunkMs, clockUncertaintyMs, startSpreadMs }: ValidityInput): Check[] {
  const apart = (name: string, observed: number, advice: string): Check => {
    const limitMs = CLOCK_VOIDS_CHUNKS * chunkMs;
    const check = { name, observed, limit: `<= ${limitMs}ms` };
    if (observed <= CLOCK_DEGRADES_CHUNKS * chunkMs) return { ...check, verdict: "pass" };
    return { ...check, verdict: observed > limitMs ? "fail" : "inconclusive", advice };
  };
  const blurred = "so concurrency and timeline are blurred";
  return [
    ...(clockUncertaintyMs === undefined
      ? []
      : [
          apart(
            "worker_clocks",
            clockUncertaintyMs,
            `the workers may have started this far apart, ${blurred}: use workers with a shorter way to the broker`,
          ),
        ]),
    ...(startSpreadMs === undefined
      ? []
      : [
          apart(
            "shard_starts",
            startSpreadMs,
            `the shards started this far apart, ${blurred}: give the same --start-at to all of them`,
          ),
        ]),
  ];
}

function workersCheck({ lostWorkers, lostShare }: ValidityInput): Check {
  const advice =
    `${lostWorkers} worker(s) were lost with the share of the load that they still carried; what they had under way ` +
    "counts as failed by the generator: see events.ndjson";
  const check = limited("lost_workers", lostShare, LOST_SHARE_ALLOWED, "<= 5%", advice);
  return lostWorkers > 0 && check.verdict === "pass" ? { ...check, verdict: "inconclusive", advice } : check;
}
