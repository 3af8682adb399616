/** The timeline of the window in equal steps, for tests of trend: a second alone holds too few sessions. */
import type { TimelinePoint } from "../result/result.ts";
import { medianOf } from "../stats/trend.ts";

export interface BucketSeries {
  stepMs: number;
  values: readonly number[];
}

const SHORTEST_STEP_MS = 5000;
/** Tests of trend look at all pairs. */
const MOST_BUCKETS = 720;

/**
 * One value for each bucket: the median over its points. Buckets are 5 s, longer where that leaves one empty (few callers,
 * long clips) or makes too many. Undefined when there would be fewer than `least`.
 *
 * @param points of the steady window, in order of time
 */
export function bucketSeries(
  points: readonly TimelinePoint[],
  of: (point: TimelinePoint) => number | undefined,
  least: number,
): BucketSeries | undefined {
  const startMs = points[0]?.fromMs ?? 0;
  const lengthMs = (points.at(-1)?.toMs ?? 0) - startMs;
  for (let stepMs = SHORTEST_STEP_MS; ; stepMs *= 2) {
    // Points begin and end a few milliseconds off the second.
    const count = Math.floor(lengthMs / stepMs + 0.02);
    if (count < least) return undefined;
    if (count > MOST_BUCKETS) continue;
    const buckets: number[][] = Array.from({ length: count }, () => []);
    for (const point of points) {
      const value = of(point);
      if (value !== undefined) buckets[Math.floor((point.fromMs - startMs) / stepMs + 0.02)]?.push(value);
    }
    if (buckets.every((bucket) => bucket.length > 0)) {
      return { stepMs, values: buckets.map((bucket) => medianOf(Float64Array.from(bucket))) };
    }
  }
}

/** The points whose start lies in the window. */
export function steadyPoints(timeline: readonly TimelinePoint[]): TimelinePoint[] {
  return timeline.filter(({ phase }) => phase === "steady");
}

/**
 * What the server's delay is read from, the best first: all responses say more than one final a session, and depend less on
 * which clips ended when.
 */
const DELAYS = ["response_latency", "final_from_close", "final_from_last_chunk"] as const;

/** The medians of the first of these that was measured throughout, and its name. */
export function delaySeries(
  points: readonly TimelinePoint[],
  least: number,
): (BucketSeries & { metric: string }) | undefined {
  for (const metric of DELAYS) {
    const series = bucketSeries(points, (point) => point.metrics[metric]?.p50, least);
    if (series !== undefined) return { ...series, metric };
  }
  return undefined;
}
