/**
 * Closed loads: a caller's next session is due when the one before it has ended, or has been sent where the load says so,
 * plus think time.
 */
import type { Observation, RunPhase } from "../metrics/observation.ts";
import { conditioned } from "./conditions.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import { stageAt } from "./load-shape.ts";
import type { ClosedPlan, SlotPlan, Turn } from "./plan.ts";
import { phaseAt } from "./plan.ts";
import { timed } from "./scheduler.ts";
import { createSessions } from "./sessions.ts";

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

export function createClosedEngine(options: EngineOptions<ClosedPlan>): Engine {
  const { plan, clock, scheduler, clips } = options;
  const { iterations, warmupMs, steadyMs, pace, streams, stages = [] } = plan.input;
  const slots: Slot[] = plan.slots(options.shard).map((slotPlan) => ({
    plan: slotPlan,
    upcoming: slotPlan.next(),
    begun: 0,
    pending: undefined,
    retired: false,
  }));
  const sessions = createSessions({ ...options, anchor: plan.input.anchor });
  const underConditions = conditioned(plan.input, plan.seed);
  let windowEndMs = warmupMs + steadyMs;
  /** Sessions of the window that are planned or open. */
  let outstanding = 0;
  let active = slots.length;
  let stopping = false;
  let windowOver = false;
  let released = options.onWindowOver === undefined;
  let lastRecordedEndMs = 0;
  let pausedSlotMs = 0;
  let done = false;

  function schedule(slot: Slot, wantedMs: number): void {
    const scheduledMs = slot.plan.admit(wantedMs);
    const phase = phaseOf(scheduledMs ?? Infinity);
    const over =
      stopping || slot.begun === iterations || (phase === "drain" && outstanding === 0 && released);
    if (scheduledMs === undefined || over) {
      retire(slot);
      return;
    }
    slot.pending = { phase, scheduledMs };
    if (phase === "steady") outstanding++;
    scheduler.add(timed(scheduledMs, () => begin(slot)));
  }

  function phaseOf(scheduledMs: number): RunPhase {
    return phaseAt({ ...plan.input, steadyMs: windowEndMs - warmupMs }, scheduledMs);
  }

  function begin(slot: Slot): void {
    if (slot.pending === undefined) return;
    const { phase, scheduledMs } = slot.pending;
    slot.pending = undefined;
    const { clip, caller } = slot.upcoming;
    const ready = clips[clip];
    if (ready === undefined) throw new Error(`the plan names clip ${clip} of ${clips.length}`);
    sessions.begin(
      underConditions({
        // Unique over all shards, and the same session has the same number whatever the number of shards.
        seq: slot.plan.slot + streams * slot.begun++,
        slot: slot.plan.slot,
        phase,
        stage: stageAt(stages, scheduledMs)?.name ?? "main",
        scheduledMs,
        clip: ready,
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
    if (observation.phase === "steady") {
      outstanding--;
      lastRecordedEndMs = Math.max(lastRecordedEndMs, endedMs);
    }
    let fromMs = endedMs;
    if (observation.anchorMs === undefined && observation.outcome?.ok === false) {
      fromMs += RETRY_PAUSE_MS;
      pausedSlotMs += overlapMs(endedMs, endedMs + RETRY_PAUSE_MS, warmupMs, windowEndMs);
    }
    const followed = plan.input.next === "after-sending" && observation.finishedMs !== undefined;
    if (!followed) follow(slot, fromMs);
    settle();
  }

  function retire(slot: Slot): void {
    if (slot.retired) return;
    slot.retired = true;
    active--;
  }

  /** The window is over and all its sessions have ended: let the rest go, and finish with the last of them. */
  function settle(): void {
    const over = outstanding === 0 && (stopping || clock.nowMs() >= windowEndMs);
    if (over && !windowOver) {
      windowOver = true;
      options.onWindowOver?.();
    }
    if (over && (stopping || released)) {
      stopping = true;
      for (const slot of slots) {
        if (slot.pending !== undefined) {
          slot.pending = undefined;
          retire(slot);
        }
      }
      sessions.cutUnrecorded();
    }
    if (active === 0 && sessions.open() === 0 && !done) {
      done = true;
      // With iterations the window is as long as they took.
      if (iterations !== undefined) windowEndMs = Math.min(windowEndMs, lastRecordedEndMs);
      options.onDone({ windowEndMs, lastRecordedEndMs, pausedSlotMs });
    }
  }

  function stop(): void {
    if (stopping) return;
    stopping = true;
    windowEndMs = Math.min(windowEndMs, Math.max(clock.nowMs(), warmupMs));
    for (const slot of slots) {
      if (slot.pending !== undefined) {
        if (slot.pending.phase === "steady") outstanding--;
        slot.pending = undefined;
        retire(slot);
      }
    }
    sessions.cutUnrecorded();
    settle();
  }

  /** Anew whenever the window grows: what fires for an end that was moved has nothing to do. */
  function scheduleEnd(): void {
    const endMs = windowEndMs;
    scheduler.add(timed(endMs, iterations === undefined ? settle : stop));
    scheduler.add(
      timed(endMs + options.drainMs, () => {
        if (windowEndMs > endMs) return;
        released = true;
        sessions.endDrain();
        settle();
      }),
    );
  }

  return {
    start() {
      scheduleEnd();
      for (const slot of slots) schedule(slot, slot.plan.firstStartMs);
    },
    release() {
      released = true;
      settle();
    },
    stop,
    extend(endMs) {
      if (stopping || endMs <= windowEndMs) return;
      windowEndMs = endMs;
      for (const { pending } of slots) {
        if (pending?.phase !== "drain") continue;
        pending.phase = phaseOf(pending.scheduledMs);
        if (pending.phase === "steady") outstanding++;
      }
      scheduleEnd();
    },
    abort() {
      stop();
      sessions.cancelAll("the run was aborted");
    },
    open: () => sessions.open(),
  };
}

/** Length of what two intervals share. */
function overlapMs(fromA: number, toA: number, fromB: number, toB: number): number {
  return Math.max(0, Math.min(toA, toB) - Math.max(fromA, fromB));
}
