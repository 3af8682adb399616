/**
 * One shard of one plan: starts its sessions, follows them to their end, drains. What closed and open loads have in
 * common is in `sessions.ts`; when a session starts is theirs.
 *
 * All times are milliseconds since the start of the run.
 */
import type { ReadyClip } from "./audio-plan.ts";
import { createClosedEngine } from "./engine-closed.ts";
import { createOpenEngine } from "./engine-open.ts";
import type { Plan, Shard } from "./plan.ts";
import type { SessionsOptions } from "./sessions.ts";

export interface EngineOptions<P extends Plan = Plan> extends SessionsOptions {
  plan: P;
  shard: Shard;
  /** In the order of the plan's clip list. */
  clips: readonly ReadyClip[];
  /** How long after the window its sessions may still take. */
  drainMs: number;
  /**
   * Once, when the sessions of the window have ended in this shard. The load goes on until `release`, so that the window
   * does not empty under the other shards. Without this it stops at once.
   */
  onWindowOver?(): void;
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
  /** The sessions of the window have ended in every shard: unrecorded ones are cut short. */
  release(): void;
  /** No new sessions; those of the window are followed to their end, the others are cut short. */
  stop(): void;
  /** Moves the end of the window to a later instant. An earlier one, or one that comes when the run stops, changes nothing. */
  extend(windowEndMs: number): void;
  /** Cancels everything now. */
  abort(): void;
  /** Sessions open at this moment, in any phase. */
  open(): number;
}

/** The engine for a plan. */
export function createEngine(options: EngineOptions): Engine {
  const { plan, ...rest } = options;
  return plan.kind === "closed" ? createClosedEngine({ ...rest, plan }) : createOpenEngine({ ...rest, plan });
}
