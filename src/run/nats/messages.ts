/** Messages over the broker besides the messages of `loadgen/workers/protocol.ts`, which go through unchanged. */
import type { Addressed, FromWorker, ToWorker } from "../../loadgen/workers/protocol.ts";
import type { Share } from "../../loadgen/plan/share.ts";
import type { Resolve } from "../../scenario/target/find-route.ts";
import type { ClockReading } from "./clock-offset.ts";

/** Raised when an older worker could misread what is said. */
export const FORMAT = 2;

/** Key `job`: all that a worker needs besides its place, its target's credentials and its dataset. No secret, no absolute path. */
export interface RemoteJob {
  format: typeof FORMAT;
  /** Name and version of the program: workers of another version don't take part. */
  tool: string;
  runId: string;
  /** Names this start of the run: messages of an earlier run of the same name are ignored by it. */
  incarnation: string;
  /** The scenario as a file, with the target's defaults; dataset and trace stand there by name only. */
  scenario: string;
  /** The file of a `trace` load. */
  trace?: { name: string; text: string };
  /** Printed address of the target; a worker reaches it with its own credentials. */
  target: string;
  /** Names of the metadata that every call to it carries, without their values. */
  metadata: readonly string[];
  /** Name of the coordinator's machine: a loopback address means that one. */
  host: string;
  resolve: Resolve;
  dataset: { name: string; sha256: string; manifest: string };
  seed: number;
  workers: number;
  /** Streams that all of them together have open at the busiest time, if all goes well. */
  streams: number;
  traceRatio?: number;
  unloaded?: readonly (readonly [clip: string, answer: string])[];
}

/** Key `job` where the name is that of a series of runs: each of them has a name of its own and is on the broker by itself. */
export interface SeriesJob extends Pick<RemoteJob, "format" | "tool" | "runId"> {
  isSeries: true;
}

/** Key `series`: the run of a series that workers are to take part in now, or that there are no more. */
export type SeriesNow = { number: number; runId: string } | "ended";

/** Key `claim.<index>`, written once. */
export interface Claim {
  host: string;
  /** Process id, and what makes it unique. */
  process: string;
}

/** Keys `order.1`, `order.2` and so on, in the order in which they were given. */
export type Order =
  | Addressed<ToWorker>
  /** All places are claimed: by these weights the plan is shared out. */
  | { type: "deal"; weights: readonly number[] }
  | { type: "fence"; index: number };

/** `alive`, once a second and with every order. */
export interface Alive {
  incarnation: string;
  /** Orders written. */
  orders: number;
  /** Place in the stream of the last message that has been taken in; 0 = none. */
  read: number;
  /** Why the run is over; nothing more comes. */
  ended?: string;
}

/** `from.<index>.<incarnation>`: what may be lost. */
export type Told =
  | {
      /** Snapshots sent up to here, this one included: a gap is noticed. */
      snapshots: number;
      message: Addressed<FromWorker>;
    }
  /** As in `Said`, where the broker stores nothing any more. */
  | { gone: string };

/** Stream, `<index>.<incarnation>.said`: what may not be lost, in order with the records that were stored before it. */
export type Said =
  | { type: "claimed"; host: string; weight: number }
  /** The share that it was dealt, and how many processes carry it. */
  | { type: "share"; share: Share; processes: number }
  /** How the worker's clock stands to the coordinator's: before it is ready and, with its true start, after T0. */
  | { type: "clock"; reading: ClockReading; startedAtMs?: number }
  | { type: "message"; message: Addressed<FromWorker>; snapshots: number }
  /** The worker ends before its sessions do. */
  | { type: "gone"; why: string };

/** Files of records, as they stand in subjects: `<index>.<incarnation>.<kind>`, with the bytes as they are. */
export const RECORD_KINDS = ["clips", "starts", "sessions"] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** Room in a message for more than its body: subject, headers. */
export const ENVELOPE_BYTES = 1024;

/** Either side takes the other for gone after so long a silence. */
export const SILENCE_MS = 10_000;
