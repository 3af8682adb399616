/**
 * One share of one plan: starts its sessions, follows them to their end, drains. When a session starts is up to `starts.ts`.
 *
 * All times are milliseconds since the start of the run.
 */
import type { Observation } from "../../metrics/observation/observation.ts";
import type { Plan } from "../plan/plan.ts";
import { phaseAt } from "../plan/plan.ts";
import { timed } from "./scheduler.ts";
import { createSessions } from "./open-sessions.ts";
import { closedStarts } from "./starts-closed.ts";
import { openStarts } from "./starts-open.ts";
import type { EngineView, StartsOptions } from "./starts.ts";

export interface EngineOptions extends StartsOptions {
  plan: Plan;
  /** How long after the window its sessions may still take. */
  drainMs: number;
  /**
   * Once, when the sessions of the window have ended in this worker. The load goes on until `release`, so that the window
   * does not empty under the other workers. Without this it stops at once.
   */
  onWindowOver?(windowEndMs: number): void;
  /** Once, when the last session has ended. */
  onDone(summary: EngineSummary): void;
}

export interface EngineSummary {
  /** End of the window: as planned, later when it was extended, earlier when the run was stopped. */
  windowEndMs: number;
  /** When the last session of the window had ended. */
  lastRecordedEndMs: number;
  /** Time in the window that callers spent pausing after a session failed before its audio began; none in open loads. */
  pausedSlotMs: number;
}

export interface Engine {
  /** Starts the clocks; call at T0 or before. */
  start(): void;
  /** The sessions of the window have ended in every worker: unrecorded ones are cut short. */
  release(): void;
  /** No new sessions; those of the window are followed to their end, the others are cut short. */
  stop(): void;
  /**
   * Moves the end of the window to a later instant. An earlier one, or one that comes when the run stops, changes nothing.
   * @returns how long after the old end it came, milliseconds; 0 when it came in time
   */
  extend(windowEndMs: number): number;
  /** Cancels everything now. */
  abort(): void;
  /** Sessions open at this moment, in any phase. */
  open(): number;
}

/** The engine for a plan. */
export function createEngine(options: EngineOptions): Engine {
  const { plan, clock, scheduler } = options;
  const { warmupMs, steadyMs } = plan.input;
  /** With iterations the window is as long as they take: its planned end is only a limit. */
  const isLimit = plan.kind === "closed" && plan.input.iterations !== undefined;
  const sessions = createSessions({ ...options, anchor: plan.input.anchor });
  let windowEndMs = warmupMs + steadyMs;
  /** Sessions of the window that are open. */
  let openSteady = 0;
  let stopping = false;
  let windowOver = false;
  let released = options.onWindowOver === undefined;
  let lastRecordedEndMs = 0;
  let done = false;

  const view: EngineView = {
    begin(start, onEnd, onSent) {
      if (start.phase === "steady") openSteady++;
      const ended = (observation: Observation): void => {
        if (observation.phase === "steady") {
          openSteady--;
          lastRecordedEndMs = Math.max(lastRecordedEndMs, observation.endedMs ?? clock.nowMs());
        }
        onEnd(observation);
        settle();
      };
      sessions.begin(start, ended, onSent);
    },
    phaseOf: (scheduledMs) => phaseAt({ ...plan.input, steadyMs: windowEndMs - warmupMs }, scheduledMs),
    windowEndMs: () => windowEndMs,
    isStopping: () => stopping,
    isWindowDone: () => released && hasNoSteady(),
    settle,
  };
  const starts = plan.kind === "closed" ? closedStarts(plan, options, view) : openStarts(plan, options, view);

  function hasNoSteady(): boolean {
    return openSteady === 0 && !starts.hasSteadyToCome();
  }

  /** The window is over and all its sessions have ended: let the rest go, and finish with the last of them. */
  function settle(): boolean {
    const over = hasNoSteady() && (stopping || clock.nowMs() >= windowEndMs);
    if (over && !windowOver) {
      windowOver = true;
      options.onWindowOver?.(windowEndMs);
    }
    if (over && (stopping || released)) {
      stopping = true;
      starts.cancel();
      sessions.cutUnrecorded();
    }
    if (starts.isExhausted() && sessions.open() === 0 && !done) {
      done = true;
      if (isLimit) windowEndMs = Math.min(windowEndMs, lastRecordedEndMs);
      options.onDone({ windowEndMs, lastRecordedEndMs, pausedSlotMs: starts.pausedSlotMs() });
    }
    return stopping;
  }

  function stop(): void {
    if (stopping) return;
    stopping = true;
    windowEndMs = Math.min(windowEndMs, Math.max(clock.nowMs(), warmupMs));
    starts.cancel();
    sessions.cutUnrecorded();
    settle();
  }

  /** Anew whenever the window grows: what fires for an end that was moved has nothing to do. */
  function scheduleEnd(): void {
    const endMs = windowEndMs;
    scheduler.add(timed(endMs, isLimit ? stop : settle));
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
      starts.start();
    },
    release() {
      released = true;
      settle();
    },
    stop,
    extend(endMs) {
      if (stopping || endMs <= windowEndMs) return 0;
      const missedMs = Math.max(0, clock.nowMs() - windowEndMs);
      windowEndMs = endMs;
      windowOver = false;
      starts.windowGrew();
      scheduleEnd();
      return missedMs;
    },
    abort() {
      stop();
      sessions.cancelAll("the run was aborted");
    },
    open: () => sessions.open(),
  };
}
