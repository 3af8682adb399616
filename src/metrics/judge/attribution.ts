/**
 * Where the time of the slowest responses went: the server's queue, its computation, the network, the generator, and what
 * none of them accounts for (the server's own chunking, its endpointing, words that need more audio, delays that the
 * scenario's faults put in).
 *
 * Percentiles don't add up, means do. So the parts are means over the tail: the values at or beyond the p95, each with the
 * server's mean queue and computation of the second in which its response came, and its own chunk's lateness. The server
 * publishes no finer than that; within a second the tail waited longer than the mean, so the queue's part is a lower bound.
 */
import { metricNamed } from "../catalogue/catalogue.ts";
import { type Metric, speaksOf } from "../catalogue/metric.ts";
import { chunkAt } from "../observation/moments.ts";
import { dueMs, type Observation, plannedSendMs, type ResponseRecord } from "../observation/observation.ts";
import {
  ATTRIBUTED,
  type Attributed,
  type AttributedPart,
  type Attribution,
  type Summary,
  type TimelinePoint,
} from "../result/result.ts";

export interface Attributor {
  /** Takes in a steady session. */
  add(observation: Observation): void;
  end(): Attribution[];
}

/** Seconds of the tail that the server must have answered for, and values that are enough for a mean. */
const COVERED = 0.9;
const ENOUGH = 20;
/** Parts may exceed the whole by this much: the server's mean is of all requests, not of the tail's. */
const EXCESS_ALLOWED = 1.05;
/** A part below this is not worth a sentence. */
const WORTH_SAYING = 0.1;

interface Tail {
  metric: Metric;
  count: number;
  covered: number;
  sums: Record<"total" | "queue" | "compute" | "generator", number>;
}

/** @param roundTripMs to the target, when it was measured */
export function createAttributor(
  metrics: Readonly<Record<string, Summary>>,
  timeline: readonly TimelinePoint[],
  roundTripMs: number | undefined,
): Attributor {
  const serverAt = serverBySecond(timeline);
  const tails = new Map<Attributed, Tail>();
  for (const name of ATTRIBUTED) {
    const metric = metricNamed(name);
    if (metrics[name]?.p95 === undefined || metric === undefined) continue;
    tails.set(name, { metric, count: 0, covered: 0, sums: { total: 0, queue: 0, compute: 0, generator: 0 } });
  }

  return {
    add(observation) {
      if (observation.phase !== "steady" || observation.outcome?.ok !== true) return;
      for (const [name, tail] of tails) {
        const p95 = metrics[name]?.p95 ?? Infinity;
        eachValue(tail.metric, observation, (latencyMs, response) => {
          // A bucket of the histogram is a thousandth wide.
          if (latencyMs < p95 * 0.999) return;
          const server = serverAt(response.atMs);
          tail.count++;
          tail.sums.total += latencyMs;
          tail.sums.generator += latenessOf(observation, response);
          if (server === undefined) return;
          tail.covered++;
          tail.sums.queue += server.queueMs;
          tail.sums.compute += server.computeMs;
        });
      }
    },
    end: () =>
      [...tails].map(([metric, tail]) => attribution(metric, tail, metrics[metric]?.p95 ?? 0, roundTripMs)),
  };
}

function attribution(metric: Attributed, tail: Tail, p95Ms: number, roundTripMs = 0): Attribution {
  const { count, covered, sums } = tail;
  const tailMeanMs = count === 0 ? 0 : sums.total / count;
  const found = { metric, p95Ms, tailMeanMs, values: count };
  const nothing = (why: string): Attribution => ({ ...found, says: `${why}: no part of the p95 is named` });
  if (count < ENOUGH) return nothing(`${count} values beyond the p95 are too few`);
  if (covered < COVERED * count)
    return nothing("the server's metrics do not cover the seconds of the slowest values");
  const parts = {
    queue: sums.queue / covered,
    compute: sums.compute / covered,
    network: roundTripMs,
    generator: sums.generator / count,
    rest: 0,
  };
  const known = parts.queue + parts.compute + parts.network + parts.generator;
  if (known > EXCESS_ALLOWED * tailMeanMs)
    return nothing(`the server's own times (${known.toFixed(0)} ms) exceed what was waited`);
  parts.rest = Math.max(0, tailMeanMs - known);
  return { ...found, parts, says: words(parts, tailMeanMs) };
}

const CALLED: Readonly<Record<Exclude<AttributedPart, "rest">, string>> = {
  queue: "server queue",
  compute: "server compute",
  network: "network",
  generator: "the generator's lateness",
};

function words(parts: Record<AttributedPart, number>, tailMeanMs: number): string {
  const named = (Object.keys(CALLED) as (keyof typeof CALLED)[])
    .map((part) => ({ part, share: parts[part] / tailMeanMs }))
    .filter(({ share }) => share >= WORTH_SAYING)
    .sort((a, b) => b.share - a.share)
    .map(({ part, share }) => `${Math.round(share * 100)} % of p95 is ${CALLED[part]}`);
  if (named.length === 0) return "neither queue, compute, network nor generator is a tenth of p95";
  return named.join(", ");
}

/** Every value of a metric in a session, with the response that made it. */
function eachValue(
  metric: Metric,
  observation: Observation,
  emit: (latencyMs: number, response: ResponseRecord) => void,
): void {
  if (metric.per === "run" || !speaksOf(metric, observation)) return;
  if (metric.per === "session") {
    const latencyMs = metric.of(observation);
    const response = metric.answer?.(observation);
    if (latencyMs !== undefined && response !== undefined) emit(latencyMs, response);
  } else {
    metric.each(observation, (latencyMs, response) => {
      if (response !== undefined) emit(latencyMs, response);
    });
  }
}

/**
 * Lateness [X_k - P_k] of the chunk that the response is about: the one it says, else the last that was due before it.
 * What the scenario's faults held back on purpose is no lateness.
 */
function latenessOf(observation: Observation, { atMs, audioProcessedMs = 0 }: ResponseRecord): number {
  let k = observation.sentMs.length - 1;
  if (audioProcessedMs > 0) k = Math.min(k, chunkAt(observation, audioProcessedMs));
  else while (k > 0 && dueMs(observation, k) > atMs) k--;
  const sentMs = observation.sentMs[k];
  return sentMs === undefined ? 0 : sentMs - plannedSendMs(observation, k);
}

/** The server's means at a moment; undefined where it said nothing. */
function serverBySecond(
  timeline: readonly TimelinePoint[],
): (atMs: number) => { queueMs: number; computeMs: number } | undefined {
  const bySecond = new Map<number, { queueMs: number; computeMs: number }>();
  for (const { fromMs, toMs, server } of timeline) {
    const { queueMs, computeMs } = server ?? {};
    if (queueMs === undefined || computeMs === undefined) continue;
    for (let s = Math.round(fromMs / 1000); s < Math.round(toMs / 1000); s++)
      bySecond.set(s, { queueMs, computeMs });
  }
  return (atMs) => bySecond.get(Math.floor(atMs / 1000));
}
