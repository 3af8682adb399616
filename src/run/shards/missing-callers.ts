/** Sessions that the callers of a closed load would have had on a machine that never took part, or not to the end. Pure. */
import { placeUnder } from "../../loadgen/engine/conditioned.ts";
import type { Shard } from "../../loadgen/plan/share.ts";
import { shareOf } from "../../loadgen/plan/share.ts";
import type { ClosedPlan, SlotPlan } from "../../loadgen/plan/plan.ts";
import { phaseAt } from "../../loadgen/plan/plan.ts";
import type { PlannedSession } from "../../loadgen/workers/start-record.ts";
import { stageAt } from "../../scenario/load/load-shape.ts";

/**
 * The sessions that the callers of a part would have begun, in order of time. When a caller's next session begins follows from ends
 * that never came: this takes them from a server that fails none and answers at once, so they are rather too many than too few.
 * For a load without pace: the first session of each caller, or as many as its `iterations`.
 * @param audioMs length of a clip, by its index in the plan
 * @param untilMs sessions planned from here on are left out
 */
export function sessionsOfCallers(
  plan: ClosedPlan,
  part: Shard,
  audioMs: (clip: number) => number,
  untilMs: number,
): PlannedSession[] {
  return plan
    .slots(shareOf(part))
    .flatMap((slot) => [...sessionsOf(plan, slot, audioMs, untilMs)])
    .map((session) => ({ ...session, worker: part.index + 1 }))
    .sort((a, b) => a.scheduledMs - b.scheduledMs);
}

function* sessionsOf(
  { input, seed }: ClosedPlan,
  { slot, firstStartMs, next, admit }: SlotPlan,
  audioMs: (clip: number) => number,
  untilMs: number,
): Generator<Omit<PlannedSession, "worker">> {
  const { iterations, streams, stages = [], clipIds, chunkMs } = input;
  let wantedMs = firstStartMs;
  let { clip } = next();
  for (let begun = 0; begun !== iterations; begun++) {
    const scheduledMs = admit(wantedMs);
    if (scheduledMs === undefined || scheduledMs >= untilMs) return;
    const seq = slot + streams * begun;
    const stage = stageAt(stages, scheduledMs)?.name ?? "main";
    const place = placeUnder(input, seed, { seq, stage, pace: input.pace });
    const phase = phaseAt(input, scheduledMs);
    yield { seq, slot, phase, ...place, clip: clipIds[clip] ?? "", chunkMs, scheduledMs };
    const lastsMs = place.pace === 0 || place.pace === Infinity ? 0 : audioMs(clip) / place.pace;
    const turn = next();
    if (lastsMs + turn.thinkMs <= 0 && iterations === undefined) return;
    wantedMs = scheduledMs + lastsMs + turn.thinkMs;
    clip = turn.clip;
  }
}
