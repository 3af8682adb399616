/** A worker of a run as its coordinator keeps it. */
import type { EngineSummary } from "../engine/engine.ts";
import type { Addressed, Channel, FromWorker, ToWorker, WorkerJob } from "./protocol.ts";

/** A worker as it is reached. */
export interface WorkerHandle {
  channel: Channel<Addressed<ToWorker>, Addressed<FromWorker>>;
  /** Ends the process, however it is. */
  kill(): void;
}

/** A worker and what is known of it. */
export interface Member {
  /** Counted from 0. */
  readonly index: number;
  /** As in its job. */
  readonly number: number;
  readonly name: string;
  readonly job: WorkerJob;
  readonly handle: WorkerHandle;
  ready: Extract<FromWorker, { type: "ready" }> | undefined;
  lastHeardMs: number;
  /** Sessions open. */
  open: number;
  windowOver: boolean;
  /** Done or lost. */
  over: boolean;
  summary: EngineSummary | undefined;
  /** As it last told. */
  sessionsByAddress: Readonly<Record<string, number>>;
}

/** Makes a worker of which nothing is known yet. */
export function newMember(index: number, job: WorkerJob, handle: WorkerHandle): Member {
  const number = job.worker;
  return {
    index,
    number,
    name: `worker ${number}`,
    job,
    handle,
    ready: undefined,
    lastHeardMs: 0,
    open: 0,
    windowOver: false,
    over: false,
    summary: undefined,
    sessionsByAddress: {},
  };
}

/** The sessions that each address of the target had, over all workers. */
export function sessionsByAddressOf(
  members: readonly Pick<Member, "sessionsByAddress">[],
): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [address, count] of members.flatMap(({ sessionsByAddress }) =>
    Object.entries(sessionsByAddress),
  ))
    total[address] = (total[address] ?? 0) + count;
  return total;
}
