/** The world as a rollout needs it; tests give their own. Everything that touches a server, a gateway or a file is behind it. */
import type { Clock } from "../base/clock.ts";
import type { ExitCode } from "../base/errors.ts";
import type { Release } from "./release.ts";
import type { RolloutState } from "./state.ts";

/** Findings of a step. */
export interface StepNote {
  /** In words. */
  detail: string;
  /** Folder of the run that the finding comes from. */
  run?: string;
}

/** One step of a rollout, done. */
export interface Step extends StepNote {
  name: "stop" | "start" | "ready" | "smoke" | "traffic" | "drain";
  slot: string;
  ok: boolean;
  tookMs: number;
}

/** How a change ended. */
export interface Ended {
  /** refused: the version before serves on; recovered: what a killed rollout left was put right. */
  outcome: "serves" | "refused" | "interrupted" | "recovered";
  exitCode: ExitCode;
  kind: "deploy" | "back";
  /** Images. */
  from?: string;
  to: string;
  /** Why it was refused, or what was put right. */
  detail: string;
  steps: readonly Step[];
  /** From the beginning until the fault was noticed. */
  noticedAfterMs?: number;
  /** From then until the version before served alone. */
  returnedAfterMs?: number;
}

/**
 * The hooks must bear being called twice: a rollout that was killed calls them again. All may throw a BenchError, whose exit code becomes
 * that of the rollout; `signal` ends the wait for them.
 */
export interface RolloutPorts {
  /** Makes the slot run the image, whatever it ran before. */
  start(release: Release, signal: AbortSignal): Promise<void>;
  /** Makes the slot empty. */
  stop(release: Release, signal: AbortSignal): Promise<void>;
  /** False when the version has ended; true also when nobody can tell. */
  isRunning(release: Release, signal: AbortSignal): Promise<boolean>;
  /** One look whether the version can be used, and why not. */
  probe(release: Release, signal: AbortSignal): Promise<StepNote & { ok: boolean }>;
  /** Judges the version by load; the exit code is that of `bench gate`. */
  smoke(release: Release, signal: AbortSignal): Promise<StepNote & { exitCode: ExitCode }>;
  /** New sessions go to the first; the others are there when it fails. Resolves when every gateway does so. */
  point(order: readonly Release[], signal: AbortSignal): Promise<void>;
  /** Sessions open on the version; undefined when nobody can tell. */
  sessions(release: Release, signal: AbortSignal): Promise<number | undefined>;
  /** Keeps the state over a crash of the machine. */
  save(state: RolloutState): void;
  /** A step is over. */
  tell(step: Step): void;
  /** Called when a killed rollout has been put right, before the work that was asked for. */
  recovered(left: Ended): void;
  /** Something worth a line while a step lasts. */
  note(line: string): void;
  clock: Clock;
}

/** The parts of `rollout.yaml` that decide the order of things. */
export interface RolloutPlan {
  /** One, or two to change between. */
  slots: readonly string[];
  hasStop: boolean;
  /** There is a hook that tells whether anything runs in a slot. */
  hasRunning: boolean;
  hasGateway: boolean;
  hasSmoke: boolean;
  /** The version before runs on without traffic. */
  keepPrevious: boolean;
  readyLimitMs: number;
  drainLimitMs: number;
}

/** Who changes what is served, and why. */
export interface Author {
  by: string;
  why: string;
}
