/**
 * Open loads: sessions start at their planned times, whatever the server does. What finds no place at its time is
 * dropped, counted and recorded; nothing ever waits.
 */

import { conditioned, placeUnder } from "./conditioned.ts";
import type { Arrival, OpenPlan } from "../plan/open-plan.ts";
import { timed } from "./scheduler.ts";
import type { EngineView, Starts, StartsOptions } from "./starts.ts";

/** The slot of a session that got none. */
const NO_SLOT = -1;

/** The arrivals of a share. */
export function openStarts(
  plan: OpenPlan,
  { scheduler, clips, share, spec, onSession }: StartsOptions,
  engine: EngineView,
): Starts {
  const { pace } = plan.input;
  const arrivals = plan.arrivals(share);
  const underConditions = conditioned(plan.input, plan.seed);
  /** Free places, the last one given back on top; numbers are unique over all workers. */
  const places = plan.places(share).reverse();
  let next: Arrival | undefined;

  function scheduleNext(): void {
    const result = arrivals.next();
    next = result.done === true ? undefined : result.value;
    if (next !== undefined) scheduler.add(timed(next.scheduledMs, arrive));
  }

  function arrive(): void {
    if (engine.isStopping() || next === undefined) return;
    const arrival = next;
    scheduleNext();
    if (arrival.scheduledMs >= engine.windowEndMs() && engine.settle()) return;
    const slot = places.pop();
    if (slot === undefined) drop(arrival);
    else begin(arrival, slot);
  }

  function begin(arrival: Arrival, slot: number): void {
    const { seq, stage, scheduledMs, phaseOffsetMs } = arrival;
    const phase = engine.phaseOf(scheduledMs);
    const clip = clips.take(arrival.clip);
    // Its audio is gone, and the run is about to end.
    if (clip === undefined) return;
    engine.begin(
      underConditions({
        seq,
        slot,
        phase,
        stage,
        scheduledMs,
        clip,
        pace,
        phaseOffsetMs,
      }),
      () => places.push(slot),
    );
  }

  /** A session that was due and found no place. */
  function drop(arrival: Arrival): void {
    const clip = clips.take(arrival.clip);
    if (clip === undefined) return;
    const { facts, chunks, chunkMs } = clip;
    const { seq, scheduledMs } = arrival;
    const phase = engine.phaseOf(scheduledMs);
    const place = placeUnder(plan.input, plan.seed, { seq, stage: arrival.stage, pace });
    onSession({
      ...{ seq, slot: NO_SLOT, phase, ...place, clip: facts, chunkMs, chunks: chunks.length, scheduledMs },
      ...{ interim: spec.recognition.interim, sentMs: [], acceptedMs: [], responses: [], cutShort: false },
    });
  }

  return {
    start: scheduleNext,
    hasSteadyToCome: () => next !== undefined && next.scheduledMs < engine.windowEndMs(),
    cancel() {
      next = undefined;
    },
    isExhausted: () => engine.isStopping(),
    // The phase of an arrival is decided when it comes.
    windowGrew() {},
    pausedSlotMs: () => 0,
  };
}
