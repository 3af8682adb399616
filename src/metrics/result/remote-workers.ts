/** What a result says of workers on other machines. */

export interface RemoteWorkerFacts {
  /** Its place, from 0. */
  index: number;
  /** Absent for a worker that never came. */
  host?: string;
  /** Its wall clock less the coordinator's, milliseconds. Nothing is timed by it: a clock that is wrong shifts no figure. */
  clockOffsetMs?: number;
  /** How far off its T0 may be: half of the quickest round trip to the coordinator, milliseconds. */
  clockUncertaintyMs?: number;
  /** Its own T0 on the coordinator's clock less the coordinator's, milliseconds. */
  startedAtMs?: number;
}

export interface RemoteWorkers {
  /** From the first worker's T0 to the last one's, milliseconds. */
  startSpreadMs?: number;
  /** In order of their places. */
  workers: RemoteWorkerFacts[];
}
