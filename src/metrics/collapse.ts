/**
 * Slow collapse: a server that is offered a little more than it can take falls behind by the share of the overload, 2 % by
 * 20 ms every second, long before any limit on latency breaks. So its delay is judged by its slope, not by its size.
 */
import type { Check, Summary, TimelinePoint } from "./result.ts";
import type { BucketSeries } from "./time-buckets.ts";
import { delaySeries, steadyPoints } from "./time-buckets.ts";
import { medianOf, TREND_FROM, trendOf } from "./trend.ts";

/** Seconds of delay gained per second from which on a rise is a collapse: a quarter of an overload of 2 %. */
const SLOPE_LIMIT = 0.005;
/** Chance of so clear a rise in a healthy server; small, because every few seconds of a run are looked at. */
const CHANCE = 0.001;
/** A rise is looked for in this many buckets, two minutes: what came before a late collapse must not hide it. */
const LOOK_BACK = 24;

export interface Collapse {
  /** The delay that rises. */
  metric: string;
  /** Seconds of delay gained per second. */
  slope: number;
  /** Over so much of the run. */
  overMs: number;
}

/** A rise that ends in the last of the buckets. */
function riseAtEnd(values: readonly number[], stepMs: number): { slope: number } | undefined {
  const { z, p, slope } = trendOf(values);
  return z > 0 && p / 2 < CHANCE && slope / stepMs >= SLOPE_LIMIT ? { slope: slope / stepMs } : undefined;
}

/**
 * The rise that is going on right now, for a run that is not over.
 * @param timeline so far
 */
export function risingDelay(timeline: readonly TimelinePoint[]): Collapse | undefined {
  const points = steadyPoints(timeline);
  const newestMs = points.at(-1)?.toMs ?? 0;
  const lookBackMs = LOOK_BACK * 5000;
  const series = delaySeries(
    points.filter(({ fromMs }) => fromMs >= newestMs - lookBackMs),
    TREND_FROM,
  );
  const rise = series && riseAtEnd(series.values, series.stepMs);
  return rise && { metric: series.metric, slope: rise.slope, overMs: series.values.length * series.stepMs };
}

/** The first rise of a finished run that it did not recover from: half of what it had gained by then stayed. */
function lastingRise({ values, stepMs }: BucketSeries): { slope: number; buckets: number } | undefined {
  const endLevel = medianOf(Float64Array.from(values.slice(-3)));
  for (let to = TREND_FROM; to <= values.length; to++) {
    const window = values.slice(Math.max(0, to - LOOK_BACK), to);
    const rise = riseAtEnd(window, stepMs);
    if (rise === undefined) continue;
    const gained = rise.slope * stepMs * (window.length - 1);
    if (endLevel > (values[to - 1] ?? 0) - gained / 2) return { ...rise, buckets: window.length };
  }
  return undefined;
}

export interface CollapseInput {
  timeline: readonly TimelinePoint[];
  /** Of `backlog_slope`, in the window. */
  backlogSlope?: Summary;
  /** Mean length of what a session sends. */
  meanAudioMs: number;
}

/** A median slope within sessions counts from a total of this much per session: servers take a while to get going. */
const SESSION_GAIN_MS = 200;

/**
 * Fails when the server's delay rose by 5 ms or more every second for 40 s or longer and stayed up, or when half of the
 * sessions gained backlog at such a slope and by 200 ms or more each (long sessions). Absent when there is too little of both.
 */
export function collapseCheck({ timeline, backlogSlope, meanAudioMs }: CollapseInput): Check | undefined {
  const series = delaySeries(steadyPoints(timeline), TREND_FROM);
  const inSessions = backlogSlope?.certified?.includes("p50") === true ? backlogSlope.p50 : undefined;
  if (series === undefined && inSessions === undefined) return undefined;
  const name = "collapse";
  const limit = `< ${SLOPE_LIMIT * 100}%`;
  const rise = series && lastingRise(series);
  if (rise !== undefined) {
    const found = {
      metric: series?.metric ?? "",
      slope: rise.slope,
      overMs: rise.buckets * (series?.stepMs ?? 0),
    };
    return { name, limit, observed: rise.slope, verdict: "fail", advice: collapseText(found) };
  }
  if (inSessions !== undefined && inSessions >= Math.max(SLOPE_LIMIT, SESSION_GAIN_MS / meanAudioMs)) {
    const advice = `half of the sessions gained ${perSecond(inSessions)} of backlog or more. ${ADVICE}`;
    return { name, limit, observed: inSessions, verdict: "fail", advice };
  }
  const observed = series === undefined ? inSessions : trendOf(series.values).slope / series.stepMs;
  return { name, limit, verdict: "pass", ...(observed === undefined ? {} : { observed }) };
}

const ADVICE =
  "The server takes less audio than it is offered: it will break any limit in time. Lower the load";

/** What is going on, in words. */
export function collapseText({ metric, slope, overMs }: Collapse): string {
  return `${metric} p50 grew by ${perSecond(slope)} over ${Math.round(overMs / 1000)} s. ${ADVICE}`;
}

function perSecond(slope: number): string {
  return `${(slope * 1000).toFixed(1)} ms a second`;
}
