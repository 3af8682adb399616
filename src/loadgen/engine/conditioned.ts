/**
 * Which session is under which condition: it follows from the seed and the session's number alone, so any number of workers
 * deals them out alike. Pure.
 */
import { randomStream } from "../../base/random.ts";
import { type Condition, stageUnder } from "../../scenario/conditions.ts";
import { faultPlan } from "../plan/fault-plan.ts";
import type { PlanInput } from "../plan/plan-input.ts";
import type { SessionStart } from "./session.ts";

/** The faults of a session, as planned: added to its start. */
export type Conditioned = (start: SessionStart) => SessionStart;

/**
 * Puts sessions under the plan's conditions. A session that is under one belongs to a stage of its own, named after it,
 * so that what happens to it and what happens to the others can be told apart.
 */
export function conditioned({ conditions = [], stages }: ConditionedPlan, seed: number): Conditioned {
  if (conditions.length === 0) return (start) => start;
  return (start) => {
    const condition = conditionOf(conditions, seed, start.seq);
    if (condition === undefined) return start;
    const pace = paceUnder(condition, start.pace);
    const { facts, chunks, chunkMs } = start.clip;
    const audio = { chunks: chunks.length, chunkMs, audioMs: facts.audioMs, pace };
    return {
      ...start,
      stage: stageUnder(condition, start.stage, stages !== undefined),
      pace,
      faults: faultPlan(condition, randomStream(seed, `faults/${start.seq}`), audio),
    };
  };
}

/** What of a plan's input decides the conditions. */
export type ConditionedPlan = Pick<PlanInput, "conditions" | "stages">;

/** Stage and pace of a session, for one that never came to be. */
export function placeUnder(
  { conditions = [], stages }: ConditionedPlan,
  seed: number,
  { seq, stage, pace }: { seq: number; stage: string; pace: number },
): { stage: string; pace: number } {
  const condition = conditionOf(conditions, seed, seq);
  if (condition === undefined) return { stage, pace };
  return { stage: stageUnder(condition, stage, stages !== undefined), pace: paceUnder(condition, pace) };
}

/** The condition that session number `seq` is under; undefined for none. */
export function conditionOf(
  conditions: readonly Condition[],
  seed: number,
  seq: number,
): Condition | undefined {
  if (conditions.length === 0) return undefined;
  let drawn = randomStream(seed, `condition/${seq}`)();
  for (const condition of conditions) {
    if (drawn < condition.share) return condition;
    drawn -= condition.share;
  }
  return undefined;
}

function paceUnder({ driftPpm = 0 }: Condition, pace: number): number {
  return pace * (1 + driftPpm / 1e6);
}
