/**
 * One shard of one plan: starts the sessions of its callers, follows them to their end, drains. Closed model: a caller's
 * next session is due when the one before it has ended, plus think time.
 *
 * All times are milliseconds since the start of the run.
 */
import type { Clock } from "../base/clock.ts";
import type { Failure } from "../base/outcome.ts";
import type { AsrTransport, StreamSpec } from "../client/transport.ts";
import type { Observation, RunPhase } from "../metrics/observation.ts";
import type { ReadyClip } from "./audio-plan.ts";
import type { Plan, Shard, SlotPlan } from "./plan.ts";
import { phaseAt } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";
import { timed } from "./scheduler.ts";
import type { SessionContext } from "./session.ts";
import { Session } from "./session.ts";

export interface EngineOptions {
  plan: Plan;
  shard: Shard;
  /** In the order of the plan's clip list. */
  clips: readonly ReadyClip[];
  transport: AsrTransport;
  scheduler: Scheduler;
  /** The run's clock: 0 is T0. */
  clock: Clock;
  spec: SessionContext["spec"] & Pick<StreamSpec, "recognition">;
  /** Request ids read `<runId>/<phase>/<seq>`, so that a server's log can be joined with the records. */
  runId: string;
  /** How long after the window its sessions may still take. */
  drainMs: number;
  /** The harness's own judgement of a session whose stream ended well; undefined = nothing wrong with it. */
  judge(observation: Observation): Failure | undefined;
  /** Each session, once, as it ends. */
  onSession(observation: Observation): void;
  /** Once, when the last session has ended. */
  onDone(summary: EngineSummary): void;
}

export interface EngineSummary {
  /** End of the window: as planned, or earlier when the run was stopped. */
  windowEndMs: number;
  /** When the last session of the window had ended. */
  lastRecordedEndMs: number;
  /** Time in the window that callers spent pausing after a session failed before its audio began. */
  pausedSlotMs: number;
}

export interface Engine {
  /** Starts the callers' clocks; call at T0 or before. */
  start(): void;
  /** No new sessions; those of the window are followed to their end, the others are cut short. */
  stop(): void;
  /** Moves the end of the window to a later instant; what has begun after the old end stays outside. */
  extend(windowEndMs: number): void;
  /** Cancels everything now. */
  abort(): void;
  /** Sessions open at this moment, in any phase. */
  open(): number;
}

/** A caller that could not even begin pauses this long, so that a dead server is not hammered. */
const RETRY_PAUSE_MS = 1000;

interface Slot {
  plan: SlotPlan;
  /** Sessions begun so far. */
  begun: number;
  /** Start not yet reached; its phase. */
  pending: RunPhase | undefined;
  session: Session | undefined;
  retired: boolean;
}

export function createEngine(options: EngineOptions): Engine {
  const { plan, clock, scheduler, clips } = options;
  const { iterations, warmupMs, steadyMs, pace, streams } = plan.input;
  const slots: Slot[] = plan.slots(options.shard).map((slotPlan) => ({
    plan: slotPlan,
    begun: 0,
    pending: undefined,
    session: undefined,
    retired: false,
  }));
  let windowEndMs = warmupMs + steadyMs;
  /** Sessions of the window that are planned or open. */
  let outstanding = 0;
  let active = slots.length;
  let open = 0;
  let stopping = false;
  let overtime = false;
  let lastRecordedEndMs = 0;
  let pausedSlotMs = 0;
  let done = false;

  const context: SessionContext = {
    clock,
    scheduler,
    transport: options.transport,
    spec: options.spec,
    requestId: (start) => `${options.runId}/${start.phase}/${start.seq}`,
    onEnd: (session) => {
      const slot = slots[Math.floor(session.start.slot / options.shard.of)];
      if (slot !== undefined) ended(slot, session);
    },
  };

  function schedule(slot: Slot, scheduledMs: number): void {
    const phase = phaseAt({ ...plan.input, steadyMs: windowEndMs - warmupMs }, scheduledMs);
    if (stopping || slot.begun === iterations || (phase === "drain" && outstanding === 0)) {
      retire(slot);
      return;
    }
    slot.pending = phase;
    if (phase === "steady") outstanding++;
    scheduler.add(timed(scheduledMs, () => begin(slot, phase, scheduledMs)));
  }

  function begin(slot: Slot, phase: RunPhase, scheduledMs: number): void {
    if (slot.pending === undefined) return;
    slot.pending = undefined;
    const { clip } = slot.plan.next();
    const ready = clips[clip];
    if (ready === undefined) throw new Error(`the plan names clip ${clip} of ${clips.length}`);
    open++;
    slot.session = new Session(context, {
      // Unique over all shards, and the same session has the same number whatever the number of shards.
      seq: slot.plan.slot + streams * slot.begun++,
      slot: slot.plan.slot,
      phase,
      stage: "main",
      scheduledMs,
      clip: ready,
      pace,
      phaseOffsetMs: slot.plan.phaseOffsetMs,
    });
  }

  function ended(slot: Slot, session: Session): void {
    slot.session = undefined;
    open--;
    const observation = judged(session);
    options.onSession(observation);
    const endedMs = observation.endedMs ?? clock.nowMs();
    if (session.start.phase === "steady") {
      outstanding--;
      lastRecordedEndMs = Math.max(lastRecordedEndMs, endedMs);
    }
    let pauseMs = plan.input.thinkMs;
    if (observation.anchorMs === undefined && observation.outcome?.ok === false) {
      pauseMs += RETRY_PAUSE_MS;
      pausedSlotMs += overlapMs(endedMs, endedMs + RETRY_PAUSE_MS, warmupMs, windowEndMs);
    }
    schedule(slot, endedMs + pauseMs);
    settle();
  }

  /** A stream that failed has its first cause; one that ended well is judged by pace and content if it is recorded. */
  function judged(session: Session): Observation {
    const observation = session.observation(options.spec.recognition.interim);
    if (session.start.phase !== "steady") return observation;
    if (observation.outcome?.ok === false) {
      if (!overtime) return observation;
      const message = "still open at the end of the drain";
      const failure: Failure = {
        ...observation.outcome.failure,
        class: "deadline",
        origin: "server",
        message,
      };
      return { ...observation, outcome: { ok: false, failure } };
    }
    const failure = options.judge(observation);
    return failure === undefined ? observation : { ...observation, outcome: { ok: false, failure } };
  }

  function retire(slot: Slot): void {
    if (slot.retired) return;
    slot.retired = true;
    active--;
  }

  /** The window is over and all its sessions have ended: let the rest go, and finish with the last of them. */
  function settle(): void {
    if (outstanding === 0 && (stopping || clock.nowMs() >= windowEndMs)) {
      stopping = true;
      for (const slot of slots) {
        if (slot.pending !== undefined) {
          slot.pending = undefined;
          retire(slot);
        }
        slot.session?.cutShort();
      }
    }
    if (active === 0 && open === 0 && !done) {
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
        if (slot.pending === "steady") outstanding--;
        slot.pending = undefined;
        retire(slot);
      }
      if (slot.session?.start.phase !== "steady") slot.session?.cutShort();
    }
    settle();
  }

  /** Set again whenever the window grows: a timer that finds the window open has nothing to do. */
  function scheduleEnd(): void {
    scheduler.add(timed(windowEndMs, iterations === undefined ? settle : stop));
    const drainedMs = windowEndMs + options.drainMs;
    scheduler.add(
      timed(drainedMs, () => {
        if (drainedMs < windowEndMs + options.drainMs) return;
        overtime = true;
        for (const slot of slots) slot.session?.cancel("the drain is over");
      }),
    );
  }

  return {
    start() {
      scheduleEnd();
      for (const slot of slots) schedule(slot, slot.plan.firstStartMs);
    },
    stop,
    extend(endMs) {
      if (stopping || endMs <= windowEndMs) return;
      windowEndMs = endMs;
      scheduleEnd();
    },
    abort() {
      stop();
      for (const slot of slots) slot.session?.cancel("the run was aborted");
    },
    open: () => open,
  };
}

/** Length of what two intervals share. */
function overlapMs(fromA: number, toA: number, fromB: number, toB: number): number {
  return Math.max(0, Math.min(toA, toB) - Math.max(fromA, fromB));
}
