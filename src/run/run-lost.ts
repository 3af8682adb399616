/** Accounts for what lost workers had under way. */
import { makePlan } from "../loadgen/plan/plan.ts";
import { plannedSessions } from "../loadgen/workers/planned-sessions.ts";
import type { RunOutcome } from "../loadgen/workers/coordinator.ts";
import type { Rebuilt } from "../store/rebuild.ts";
import { rebuildTotals } from "../store/rebuild.ts";
import { recordFiles } from "../store/run-folder.ts";
import type { RunInput } from "./run-input.ts";

/**
 * The last snapshots of a lost worker never came, and what it had under way nobody ended: then the records are the
 * truth. Undefined when none was lost; and on a full disk, where the records are not complete and the snapshots stand.
 */
export async function accountForLost(
  { scenario, slos, planned, workers, seed }: RunInput,
  folder: string,
  { lost, problems, summaries, extendedToMs }: RunOutcome,
): Promise<Rebuilt | undefined> {
  if (lost.length === 0 || problems.length > 0) return undefined;
  const ends = summaries.flatMap((summary) => (summary === undefined ? [] : [summary.windowEndMs]));
  const { warmupMs, steadyMs } = scenario;
  const endMs = extendedToMs ?? warmupMs + steadyMs;
  const plan = makePlan({ ...planned, steadyMs: endMs - warmupMs }, seed);
  return rebuildTotals({
    ...recordFiles(folder),
    window: { startMs: warmupMs, endMs },
    slos,
    lost,
    planned: (worker) => plannedSessions(plan, worker, workers),
    ...(ends.length === 0 ? {} : { plannedUntilMs: Math.max(...ends) }),
  });
}
