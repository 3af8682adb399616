/** Accounts for what lost workers had under way. */
import type { Plan } from "../loadgen/plan/plan.ts";
import { makePlan, phaseAt } from "../loadgen/plan/plan.ts";
import type { Share } from "../loadgen/plan/share.ts";
import { placeUnder } from "../loadgen/engine/conditioned.ts";
import type { PlannedSession } from "../loadgen/workers/start-record.ts";
import type { RunOutcome } from "../loadgen/workers/coordinator.ts";
import type { Rebuilt } from "../store/rebuild.ts";
import { rebuildTotals } from "../store/rebuild.ts";
import { recordFiles } from "../store/run-folder.ts";
import type { RunInput } from "./run-input.ts";

/**
 * The last snapshots of a lost worker never came, and what it had under way nobody ended: then the records are the
 * truth, and so they are where snapshots were lost between machines. Undefined when neither was lost; and on a full disk, where the records are not complete and the snapshots stand.
 * @param shareOfWorker by its number
 */
export async function accountForLost(
  { scenario, slos, planned, seed }: RunInput,
  folder: string,
  { lost, problems, summaries, extendedToMs, missedSnapshots = false }: RunOutcome,
  shareOfWorker: (worker: number) => Share,
): Promise<Rebuilt | undefined> {
  if ((lost.length === 0 && !missedSnapshots) || problems.length > 0) return undefined;
  const ends = summaries.flatMap((summary) => (summary === undefined ? [] : [summary.windowEndMs]));
  const { warmupMs, steadyMs } = scenario;
  const endMs = extendedToMs ?? warmupMs + steadyMs;
  const plan = makePlan({ ...planned, steadyMs: endMs - warmupMs }, seed);
  return rebuildTotals({
    ...recordFiles(folder),
    window: { startMs: warmupMs, endMs },
    slos,
    lost,
    planned: (worker) => plannedSessions(plan, worker, shareOfWorker(worker)),
    ...(ends.length === 0 ? {} : { plannedUntilMs: Math.max(...ends) }),
  });
}

/** Session of an open load: no caller, and no place before it begins. */
const NO_SLOT = -1;

/**
 * The sessions that a plan gave to a worker, whether it lived to begin them or not. In order of their planned start, possibly without end. Of a closed load none: when a caller's next session would have
 * begun follows from ends that never came.
 * @param worker its place among all workers of the plan, counted from 1
 */
export function* plannedSessions(plan: Plan, worker: number, share: Share): Generator<PlannedSession, void> {
  if (plan.kind === "closed") return;
  const { chunkMs, pace, clipIds } = plan.input;
  for (const { seq, scheduledMs, clip, stage } of plan.arrivals(share)) {
    const phase = phaseAt(plan.input, scheduledMs);
    const id = clipIds[clip] ?? "";
    const place = placeUnder(plan.input, plan.seed, { seq, stage, pace });
    yield { seq, slot: NO_SLOT, phase, ...place, clip: id, chunkMs, scheduledMs, worker };
  }
}
