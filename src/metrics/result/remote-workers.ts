/** Workers on other machines, as a result has them. */

/** A run has at most so many. */
export const MOST_WORKERS = 1000;

export interface RemoteWorkerFacts {
  /** Its place, from 0. */
  index: number;
  /** Absent for a worker that never came. */
  host?: string;
  /** Its share of the load is to those of the others as its weight is to theirs; absent for a worker that never came. */
  weight?: number;
  /** Processes that carried it; absent for a worker that was dealt none. */
  processes?: number;
  /** Its wall clock less the coordinator's, milliseconds. Nothing is timed by it: a clock that is wrong shifts no figure. */
  clockOffsetMs?: number;
  /** How far off its T0 may be: half of the quickest round trip to the coordinator, milliseconds. */
  clockUncertaintyMs?: number;
  /** Its own T0 on the coordinator's clock less the coordinator's, milliseconds. */
  startedAtMs?: number;
  /** Absent for a worker that never spoke in the window. */
  load?: WorkerLoad;
}

/** How a worker carried its share, from what it said once a second. */
export interface WorkerLoad {
  /** Sessions of the window that were to start by now. */
  sessions: number;
  /** The most CPU that it used in a second, as a share of one core. */
  cpuShareMax: number;
  /** Longest delay of its event loop, milliseconds. */
  loopDelayMaxMs: number;
  /** 99th percentile of how late it sent audio in the window, milliseconds; absent where it sent none. */
  latenessP99Ms?: number;
}

export interface RemoteWorkers {
  /** From the first worker's T0 to the last one's, milliseconds. */
  startSpreadMs?: number;
  /** In order of their places. */
  workers: RemoteWorkerFacts[];
}
