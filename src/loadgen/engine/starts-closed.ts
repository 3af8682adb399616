/**
 * Closed loads: a caller's next session is due when the one before it has ended, or has been sent where the load says so,
 * plus think time.
 */
import type { Observation, RunPhase } from "../../metrics/observation/observation.ts";
import { conditioned } from "./conditioned.ts";
import { stageAt } from "../../scenario/load/load-shape.ts";
import type { ClosedPlan, SlotPlan, Turn } from "../plan/plan.ts";
import { timed } from "./scheduler.ts";
import type { EngineView, Starts, StartsOptions } from "./starts.ts";

/** A caller that could not even begin pauses this long, so that a dead server is not hammered. */
const RETRY_PAUSE_MS = 1000;

interface Slot {
  plan: SlotPlan;
  /** The session to come. */
  upcoming: Turn;
  /** Sessions begun so far. */
  begun: number;
  /** Start not yet reached. */
  pending: { phase: RunPhase; scheduledMs: number } | undefined;
  retired: boolean;
}

/** The callers of a share, each followed by itself. */
export function closedStarts(
  plan: ClosedPlan,
  { clock, scheduler, clips, share }: StartsOptions,
  engine: EngineView,
): Starts {
  const { iterations, warmupMs, pace, streams, stages = [] } = plan.input;
  const underConditions = conditioned(plan.input, plan.seed);
  const slots: Slot[] = plan.slots(share).map((slotPlan) => ({
    plan: slotPlan,
    upcoming: slotPlan.next(),
    begun: 0,
    pending: undefined,
    retired: false,
  }));
  let active = slots.length;
  /** Starts to come inside the window. */
  let steadyToCome = 0;
  let pausedSlotMs = 0;

  function schedule(slot: Slot, wantedMs: number): void {
    const scheduledMs = slot.plan.admit(wantedMs);
    const phase = engine.phaseOf(scheduledMs ?? Infinity);
    const over =
      engine.isStopping() || slot.begun === iterations || (phase === "drain" && engine.isWindowDone());
    if (scheduledMs === undefined || over) {
      retire(slot);
      return;
    }
    slot.pending = { phase, scheduledMs };
    if (phase === "steady") steadyToCome++;
    scheduler.add(timed(scheduledMs, () => begin(slot)));
  }

  /** Takes the start to come, if there is one. */
  function take(slot: Slot): Slot["pending"] {
    const { pending } = slot;
    slot.pending = undefined;
    if (pending?.phase === "steady") steadyToCome--;
    return pending;
  }

  function begin(slot: Slot): void {
    const start = take(slot);
    if (start === undefined) return;
    const { phase, scheduledMs } = start;
    const { clip: index, caller } = slot.upcoming;
    const clip = clips.take(index);
    // Its audio is gone: the run is about to end, and this caller has made its last call.
    if (clip === undefined) return;
    engine.begin(
      underConditions({
        // Unique over all workers, and the same session has the same number however many of them there are.
        seq: slot.plan.slot + streams * slot.begun++,
        slot: slot.plan.slot,
        phase,
        stage: stageAt(stages, scheduledMs)?.name ?? "main",
        scheduledMs,
        clip,
        pace,
        phaseOffsetMs: slot.plan.phaseOffsetAt(scheduledMs, caller),
      }),
      (observation) => ended(slot, observation),
      plan.input.next === "after-sending" ? (sentMs) => follow(slot, sentMs) : undefined,
    );
  }

  /** The caller's next session is due once it has thought. */
  function follow(slot: Slot, fromMs: number): void {
    slot.upcoming = slot.plan.next();
    schedule(slot, fromMs + slot.upcoming.thinkMs);
  }

  function ended(slot: Slot, observation: Observation): void {
    const endedMs = observation.endedMs ?? clock.nowMs();
    let fromMs = endedMs;
    if (observation.anchorMs === undefined && observation.outcome?.ok === false) {
      fromMs += RETRY_PAUSE_MS;
      pausedSlotMs += overlapMs(endedMs, endedMs + RETRY_PAUSE_MS, warmupMs, engine.windowEndMs());
    }
    const followed = plan.input.next === "after-sending" && observation.finishedMs !== undefined;
    if (!followed) follow(slot, fromMs);
  }

  function retire(slot: Slot): void {
    if (slot.retired) return;
    slot.retired = true;
    active--;
  }

  return {
    start() {
      for (const slot of slots) schedule(slot, slot.plan.firstStartMs);
    },
    hasSteadyToCome: () => steadyToCome > 0,
    cancel() {
      for (const slot of slots) if (take(slot) !== undefined) retire(slot);
    },
    isExhausted: () => active === 0,
    windowGrew() {
      for (const { pending } of slots) {
        if (pending?.phase !== "drain") continue;
        pending.phase = engine.phaseOf(pending.scheduledMs);
        if (pending.phase === "steady") steadyToCome++;
      }
    },
    pausedSlotMs: () => pausedSlotMs,
  };
}

/** Length of what two intervals share. */
function overlapMs(fromA: number, toA: number, fromB: number, toB: number): number {
  return Math.max(0, Math.min(toA, toB) - Math.max(fromA, fromB));
}
