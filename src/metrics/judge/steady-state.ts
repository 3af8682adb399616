/** Did the window have a steady state? Percentiles of a system that is still moving describe no system at all. */
import type { Check, TimelinePoint } from "../result/result.ts";
import { bucketSeries, delaySeries, steadyPoints, type BucketSeries } from "./time-buckets.ts";
import { medianOf, TREND_FROM, trendOf } from "../stats/trend.ts";

/** A trend counts when chance makes so clear a one in less than one of a hundred steady windows, and ... */
const CHANCE = 0.01;
/** ... when from its first bucket to its last it moves the delay by more than this share and this much, ... */
const DELAY_SHARE = 0.05;
const DELAY_MS = 5;
/** ... or the number of open sessions by more than the plan may be missed by, ... */
const OPEN_SHARE = 0.02;
/** ... for sessions that come at random by so many standard deviations of that number, which is the root of its mean. */
const OPEN_DEVIATIONS = 2;

/**
 * Mann-Kendall with Hamed and Rao's correction on the medians of the server's delay and of the open sessions, in buckets of
 * 5 s or more. A trend leaves the run degraded, never void: the numbers are what was measured, of a moving target. A window
 * too short for the test passes and says so.
 * @param load `random`: sessions come as independent callers ring
 */
export function steadyStateCheck(timeline: readonly TimelinePoint[], load = { random: false }): Check {
  const points = steadyPoints(timeline);
  const delay = delaySeries(points, TREND_FROM);
  const open = bucketSeries(points, (point) => point.open, TREND_FROM);
  const name = "steady_state";
  if (delay === undefined || open === undefined) {
    const advice = `not tested: that takes ${TREND_FROM} intervals of 5 s or more with sessions that end in each`;
    return { name, verdict: "pass", advice };
  }
  const drifts = [
    driftOf(delay, `${delay.metric} p50`, (median) => Math.max(DELAY_SHARE, DELAY_MS / Math.abs(median))),
    driftOf(open, "the number of open sessions", (median) =>
      load.random ? Math.max(OPEN_SHARE, OPEN_DEVIATIONS / Math.sqrt(median)) : OPEN_SHARE,
    ),
  ];
  const worst = drifts.find(({ beyond }) => beyond) ?? drifts[0];
  if (worst === undefined) return { name, verdict: "pass" };
  const check = { name, observed: worst.share, limit: `<= ${Math.round(worst.limit * 100)}%` };
  if (!worst.beyond) return { ...check, verdict: "pass" };
  return {
    ...check,
    verdict: "inconclusive",
    advice:
      `no steady state: ${worst.what} went from about ${worst.from.toFixed(1)} to ${worst.to.toFixed(1)} over the window; ` +
      "a longer warm-up helps if the server was still warming up, otherwise it can't hold this load",
  };
}

interface Drift {
  what: string;
  from: number;
  to: number;
  /** What the slope amounts to over the window, as a share of the median. */
  share: number;
  limit: number;
  beyond: boolean;
}

function driftOf({ values }: BucketSeries, what: string, limitOf: (median: number) => number): Drift {
  const { p, slope } = trendOf(values);
  const median = medianOf(Float64Array.from(values));
  const drift = slope * (values.length - 1);
  const share = median === 0 ? 0 : Math.abs(drift / median);
  const limit = limitOf(median);
  return {
    what,
    from: median - drift / 2,
    to: median + drift / 2,
    share,
    limit,
    beyond: p < CHANCE && share > limit,
  };
}
