/** What happens to a run as a whole, worth a line in `events.ndjson`. */
import type { Stall } from "../judge/validity.ts";

/** A worker that ended, or fell silent, before its sessions did. Its shard is never run again. */
export interface LostWorker {
  /** Counted from 1. */
  worker: number;
  atMs: number;
  /** Its sessions of the window had all ended. */
  windowOver: boolean;
}

export interface RunEvent {
  /** Since T0. */
  atMs: number;
  type:
    | "start"
    | "stall"
    /** The server takes fewer streams a connection than the scenario wants: there are more connections. */
    | "stream-limit"
    /** The way to the target: a proxy, the addresses that get sessions, those that don't. */
    | "route"
    /** Some clips have no reference: their transcripts are not judged. */
    | "no-reference"
    /** Clips are asked once without load, before it begins. */
    | "unloaded"
    | "worker-lost"
    | "problem"
    | "collapse"
    | "extend"
    | "interrupt"
    | "abort"
    /** An SLO marked `abort` is certain to fail. */
    | "end-early"
    /** A listener of the run failed: what it shows or exports is not complete. */
    | "listener"
    | "end";
  message: string;
  stall?: Stall;
  lost?: LostWorker;
  /** Where the window ends from now on, since T0. */
  windowEndMs?: number;
}

/** Things a person should be told of while the run goes on. */
const TOLD: ReadonlySet<RunEvent["type"]> = new Set([
  "worker-lost",
  "stream-limit",
  "route",
  "no-reference",
  "unloaded",
  "collapse",
  "interrupt",
  "abort",
  "end-early",
  "listener",
]);

/** True for an event that the one who watches the run should see at once. */
export function concernsUser({ type }: RunEvent): boolean {
  return TOLD.has(type);
}
