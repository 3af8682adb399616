/** The sessions that a plan gave to a worker, whether it lived to begin them or not. Pure. */
import { placeUnder } from "../engine/conditioned.ts";
import { phaseAt } from "../plan/plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlannedSession } from "./start-record.ts";

/** Session of an open load: no caller, and no place before it begins. */
const NO_SLOT = -1;

/**
 * In order of their planned start, possibly without end. Of a closed load none: when a caller's next session would have
 * begun follows from ends that never came.
 * @param worker counted from 1
 */
export function* plannedSessions(
  plan: Plan,
  worker: number,
  workers: number,
): Generator<PlannedSession, void> {
  if (plan.kind === "closed") return;
  const { chunkMs, pace, clipIds } = plan.input;
  for (const { seq, scheduledMs, clip, stage } of plan.arrivals({ index: worker - 1, of: workers })) {
    const phase = phaseAt(plan.input, scheduledMs);
    const id = clipIds[clip] ?? "";
    const place = placeUnder(plan.input, plan.seed, { seq, stage, pace });
    yield { seq, slot: NO_SLOT, phase, ...place, clip: id, chunkMs, scheduledMs, worker };
  }
}
