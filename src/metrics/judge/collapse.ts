/**
 * Slow collapse: a server that is offered a little more than it can take falls behind by the share of the overload, 2 % by
 * 20 ms every second, long before any limit on latency breaks. So its delay is judged by its slope, not by its size.
 */
import type { Check, Summary, TimelinePoint } from "../result/result.ts";
import type { BucketSeries } from "./time-buckets.ts";
import { delaySeries, steadyPoints } from "./time-buckets.ts";
import { medianOf, TREND_FROM, trendOf } from "../stats/trend.ts";

/** Seconds of delay gained per second from which on a rise is a collapse: a quarter of an overload of 2 %. */
const SLOPE_LIMIT = 0.005;
/** Chance of so clear a rise in a healthy server; small, because every few seconds of a run are looked at. */
const CHANCE = 0.0005;
/**
 * A rise is looked for in the last two minutes, where a small one shows, and in the last 40 s, where a late one isn't
 * hidden by what was healthy before it. In buckets of 5 s.
 */
const LOOK_BACKS = [24, TREND_FROM] as const;

export interface Collapse {
  /** The delay that rises. */
  metric: string;
  /** Seconds of delay gained per second. */
  slope: number;
  /** Over so much of the run. */
  overMs: number;
}

interface Rise {
  slope: number;
  buckets: number;
}

/** A rise that ends in the last of the buckets. */
function riseAtEnd({ values, stepMs }: BucketSeries): Rise | undefined {
  for (const buckets of LOOK_BACKS) {
    const window = values.slice(-buckets);
    if (window.length < TREND_FROM) return undefined;
    const { z, p, slope } = trendOf(window);
    if (z > 0 && p / 2 < CHANCE && slope / stepMs >= SLOPE_LIMIT) {
      return { slope: slope / stepMs, buckets: window.length };
    }
  }
  return undefined;
}

/**
 * The rise that is going on right now, for a run that is not over.
 * @param timeline so far
 */
export function risingDelay(timeline: readonly TimelinePoint[]): Collapse | undefined {
  const points = steadyPoints(timeline);
  const newestMs = points.at(-1)?.toMs ?? 0;
  const lookBackMs = LOOK_BACKS[0] * 5000;
  const series = delaySeries(
    points.filter(({ fromMs }) => fromMs >= newestMs - lookBackMs),
    TREND_FROM,
  );
  const rise = series && riseAtEnd(series);
  return rise && { metric: series.metric, slope: rise.slope, overMs: rise.buckets * series.stepMs };
}

/** The first rise of a finished run that it did not recover from: half of what it had gained by then stayed. */
function lastingRise({ values, stepMs }: BucketSeries): Rise | undefined {
  const endLevel = medianOf(Float64Array.from(values.slice(-3)));
  for (let to = TREND_FROM; to <= values.length; to++) {
    const rise = riseAtEnd({ values: values.slice(0, to), stepMs });
    if (rise === undefined) continue;
    const gained = rise.slope * stepMs * (rise.buckets - 1);
    if (endLevel > (values[to - 1] ?? 0) - gained / 2) return rise;
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
