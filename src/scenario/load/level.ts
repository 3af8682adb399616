/**
 * Load models as pure functions. Every model but a trace comes down to one thing: a level that changes over the run,
 * in straight pieces. Of a closed load the level is the number of callers, and the question is when each of them is in;
 * of an open load it is the rate of arrivals lambda(t), and the question is when each session starts.
 */
import type { Random } from "../../base/random.ts";
import type { Spacing } from "./options.ts";

/** A stretch of the run in which the level goes evenly from one value to another. */
export interface Segment {
  /** Milliseconds since T0; stretches follow each other without gaps. */
  fromMs: number;
  /** Infinity for the last: its level is held. */
  toMs: number;
  /** Callers, or sessions a second. */
  from: number;
  to: number;
  /** Of open loads. */
  spacing?: Spacing;
}

/**
 * Planned starts of an open load, in order; endless unless the rate ends at 0. Start n is where Lambda(t), the integral
 * of the rate, reaches u_n: n itself for even spacing, a sum of n + 1 exponential draws of mean 1 for Poisson (time change
 * theorem: exact for a changing rate too). Each is solved from the beginning of its stretch, so that nothing drifts.
 */
export function* plannedStarts(segments: readonly Segment[], random: Random): Generator<number> {
  /** Lambda at the beginning of the stretch. */
  let reached = 0;
  let target: number | undefined;
  for (const segment of segments) {
    const area = areaOf(segment);
    target ??= segment.spacing === "poisson" ? exponential(random) : 0;
    while (target < reached + area) {
      yield segment.fromMs + offsetMs(segment, target - reached);
      target += segment.spacing === "poisson" ? exponential(random) : 1;
    }
    reached += area;
  }
}

/** Where in the stretch the integral of the rate reaches `area`: r x + s x^2 / 2 = area, in the form without cancellation. */
function offsetMs(segment: Segment, area: number): number {
  if (area <= 0) return 0;
  const slope = slopePerS(segment);
  const root = Math.sqrt(Math.max(0, segment.from ** 2 + 2 * slope * area));
  return ((2 * area) / (segment.from + root)) * 1000;
}

function slopePerS({ fromMs, toMs, from, to }: Segment): number {
  return toMs === Infinity ? 0 : ((to - from) / (toMs - fromMs)) * 1000;
}

/** Sessions that a stretch plans; Infinity for one that is held for ever above 0. */
function areaOf({ fromMs, toMs, from, to }: Segment): number {
  if (from === 0 && to === 0) return 0;
  return ((from + to) / 2) * ((toMs - fromMs) / 1000);
}

/** A draw from the exponential distribution of mean 1. */
export function exponential(random: Random): number {
  return -Math.log(1 - random());
}

/** Level at an instant. */
export function levelAt(segments: readonly Segment[], atMs: number): number {
  const segment = segments.find(({ toMs }) => atMs < toMs);
  if (segment === undefined) return 0;
  return segment.from + ((atMs - segment.fromMs) / 1000) * slopePerS(segment);
}

/** Mean level between two instants. */
export function meanLevel(segments: readonly Segment[], fromMs: number, toMs: number): number {
  let area = 0;
  for (const segment of segments) {
    const part = { ...segment, fromMs: Math.max(fromMs, segment.fromMs), toMs: Math.min(toMs, segment.toMs) };
    if (part.toMs <= part.fromMs) continue;
    const atStart = segment.from + ((part.fromMs - segment.fromMs) / 1000) * slopePerS(segment);
    const atEnd = segment.from + ((part.toMs - segment.fromMs) / 1000) * slopePerS(segment);
    area += ((atStart + atEnd) / 2) * (part.toMs - part.fromMs);
  }
  return area / (toMs - fromMs);
}

/**
 * Mean number of callers that are in between two instants, each a whole one.
 * @param part only every `of`-th caller, from number `index` on
 */
export function meanCallers(
  segments: readonly Segment[],
  fromMs: number,
  toMs: number,
  part: { index: number; of: number } = { index: 0, of: 1 },
): number {
  let sumMs = 0;
  for (let slot = part.index; slot < peakLevel(segments); slot += part.of) {
    for (const span of activeSpans(segments, slot)) {
      sumMs += Math.max(0, Math.min(toMs, span.toMs) - Math.max(fromMs, span.fromMs));
    }
  }
  return sumMs / (toMs - fromMs);
}

/** True when the level is lower at some time before `atMs` than it was before that. */
export function fallsBefore(segments: readonly Segment[], atMs: number): boolean {
  let level = 0;
  for (const { fromMs, from, to } of segments) {
    if (fromMs >= atMs) return false;
    if (from < level || to < from) return true;
    level = to;
  }
  return false;
}

/** Highest level there ever is. */
export function peakLevel(segments: readonly Segment[]): number {
  return Math.max(0, ...segments.flatMap(({ from, to }) => [from, to]));
}

/** From when until when a caller is in, left bound included. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** When caller number `slot` (from 0) of a closed load is in: while the level is above its number. */
export function activeSpans(segments: readonly Segment[], slot: number): Span[] {
  const spans: Span[] = [];
  for (const segment of segments) {
    const span = above(segment, slot);
    if (span === undefined) continue;
    const last = spans.at(-1);
    if (last !== undefined && last.toMs === span.fromMs) last.toMs = span.toMs;
    else spans.push(span);
  }
  return spans;
}

/** The part of a stretch in which the level is above `floor`. */
function above({ fromMs, toMs, from, to }: Segment, floor: number): Span | undefined {
  if (from <= floor && to <= floor) return undefined;
  if (from > floor && to > floor) return { fromMs, toMs };
  const crossingMs = fromMs + ((floor - from) / (to - from)) * (toMs - fromMs);
  return to > from ? { fromMs: crossingMs, toMs } : { fromMs, toMs: crossingMs };
}
