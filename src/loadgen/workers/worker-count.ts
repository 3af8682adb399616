/** How many worker processes make a load. */
import { BenchError } from "../../base/errors.ts";
import type { OpenPlanInput, PlanInput } from "../plan/plan-input.ts";

/**
 * What one process is given before a second one is started: 1000 streams of 100 ms chunks. A process carries more (see
 * `npm run perf`), but the lateness that it adds to every latency grows long before it breaks down.
 */
const CHUNKS_PER_SECOND = 10_000;

const MAX_WORKERS = 64;

/**
 * The number of workers.
 * @param wanted as given by the user: a whole number from 1 to 64, or "auto", which is as many as the load needs and at
 * most one less than there are cores, so that coordinator and (in a trial) emulator have one
 * @throws BenchError (exit 2) for anything else
 */
export function workerCount(
  wanted: string,
  load:
    | Pick<PlanInput, "streams" | "chunkMs" | "pace">
    | Pick<OpenPlanInput, "expectedOpen" | "chunkMs" | "pace">,
  cores: number,
): number {
  if (wanted === "auto") {
    const streams = "streams" in load ? load.streams : load.expectedOpen;
    // Without a pace there is always more to send.
    const needed = Math.ceil((streams * load.pace * 1000) / load.chunkMs / CHUNKS_PER_SECOND);
    return Math.max(1, Math.min(needed, Math.ceil(streams), cores - 1, MAX_WORKERS));
  }
  return checkedWorkers(wanted);
}

/** @throws BenchError (exit 2) for what is neither "auto" nor a whole number from 1 to 64 */
export function checkWorkers(wanted: string): void {
  if (wanted !== "auto") checkedWorkers(wanted);
}

function checkedWorkers(wanted: string): number {
  const count = /^\d+$/.test(wanted) ? Number(wanted) : NaN;
  if (count >= 1 && count <= MAX_WORKERS) return count;
  throw BenchError.usage(`--workers ${wanted}: must be auto or a whole number from 1 to ${MAX_WORKERS}`);
}
