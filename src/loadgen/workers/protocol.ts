/**
 * What a coordinator and its workers say to each other: plain JSON-able messages, the same in-process, over fork and
 * between machines (`run/nats/`). Instants are milliseconds since T0 unless the name says epoch.
 */
import type { ExitCode } from "../../base/errors.ts";
import type { TransportOptions } from "../../client/transport.ts";
import type { Snapshot } from "../../metrics/record/snapshot.ts";
import type { EngineSummary } from "../engine/engine.ts";
import type { Share } from "../plan/share.ts";
import type { RunnableScenario } from "../../scenario/scenario.ts";

/** Where a worker connects to; secrets travel only inside this message, never to a file. */
export interface WorkerTarget {
  /** Name of the transport that speaks to it. */
  transport: string;
  /** host:port. */
  address: string;
  /** Of a WebSocket; empty for gRPC. */
  path: string;
  /** PEM texts. */
  tls?: { rootCa?: string; clientCert?: string; clientKey?: string; serverName?: string };
  metadata: Readonly<Record<string, string>>;
  /** Texts that no record may hold, should the server repeat them. */
  secrets: readonly string[];
  /** Proxy and addresses. */
  route?: TransportOptions["route"];
}

/** All that a worker needs to compute its part of the plan by itself. */
export interface WorkerJob {
  runId: string;
  scenario: RunnableScenario;
  target: WorkerTarget;
  /** Folder or manifest, absolute. */
  datasetPath: string;
  seed: number;
  share: Share;
  /** The number that people are told: its place among all workers of the plan, counted from 1. */
  worker: number;
  /** Processes that make the load on this machine, this one included: they share its memory. */
  processes: number;
  /** Sessions are traced, and the server is asked to record its part of this share of them. */
  traceRatio?: number;
  /** By clip, what the server answered to it before the load; present where it was asked. */
  unloaded?: readonly (readonly [clip: string, answer: string])[];
  /** Session records are appended here as sessions end, by every worker of the run. */
  sessionsFile: string;
  /** A line as each session starts: with it a run that is cut short knows what was under way. */
  startsFile: string;
  /** Facts of the clips as they are sent: what the records are read back with. */
  clipsFile: string;
  /** Whether this is the one that writes them. */
  writesClips: boolean;
}

/** Every message names its run: whatever comes from a process of another run is ignored. */
export type Addressed<Message> = Message & { runId: string };

export type ToWorker =
  | { type: "prepare"; job: WorkerJob }
  /** T0. Everyone starts at the same wall time; durations are measured on monotonic clocks from there. */
  | { type: "start"; atMachineMs: number }
  /** The sessions of the window have ended in every worker: let the load go. */
  | { type: "settle" }
  /** No new sessions; recorded ones are followed to their end. */
  | { type: "stop" }
  /** The window ends later than planned, at this instant. Comes well before the old end. */
  | { type: "extend"; windowEndMs: number }
  /** End everything now. */
  | { type: "abort" };

/** How a worker itself is doing. */
export interface WorkerHealth {
  atMs: number;
  /** Sessions open at this moment. */
  open: number;
  /** CPU used since the last message, as a share of one core; of a worker of several processes, that of the busiest. */
  cpuShare: number;
  /** Longest delay of the event loop since the last message. */
  loopDelayMs: number;
  /** Sessions begun so far by address of the target; absent where its addresses are not told apart. */
  sessionsByAddress?: Readonly<Record<string, number>>;
}

/** Why a run can go no further, while what was measured stands. */
export interface Problem {
  message: string;
  hint?: string;
}

/** Once a second a worker sends `health`; one that is silent for some of them counts as lost (`CoordinatorTiming`). */
export type FromWorker =
  | { type: "ready"; planHash: string; connections: number; warmUpMs: number }
  | { type: "health"; health: WorkerHealth }
  | { type: "snapshot"; snapshot: Snapshot }
  /** This process did not run for a while. */
  | { type: "stall"; gapMs: number; atMs: number }
  /** This worker's sessions of the window have ended; its callers go on until `settle`. */
  | { type: "window-over"; windowEndMs: number }
  /** The run can go no further, but what was measured stands (a full disk, for example). */
  | { type: "problem"; message: string; hint?: string }
  | ({ type: "done"; summary: EngineSummary } & Pick<WorkerHealth, "sessionsByAddress">)
  /** Could not even begin. */
  | { type: "failed"; message: string; hint?: string; exitCode: ExitCode };

/** One end of the wire. */
export interface Channel<Out, In> {
  send(message: Out): void;
  onMessage(handler: (message: In) => void): void;
  /** The other end is gone; `how`, where known, goes on after its name: "was told to end". */
  onClose(handler: (how?: string) => void): void;
}
