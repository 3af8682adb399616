/** Is an SLO marked `abort` certain to fail before the run is over? */
import type { Summary } from "../result/result.ts";
import type { Slo } from "./slo.ts";
import { keeps, shareAllowed } from "./slo.ts";
import type { SessionGroup } from "../stats/certainty.ts";
import { binomialAtLeast } from "../stats/certainty.ts";

/** So rare must what was found be, were the SLO kept: it is looked for again and again, so far rarer than at a gate. */
const CERTAIN = 1e-4;

/**
 * What was found, in words, when the run can only fail the SLO; undefined while it still may pass.
 *
 * @param summary of the SLO's metric (and stage) so far
 * @param tally sessions so far, by number of values and of violations
 */
export function certainToFail(
  slo: Slo,
  summary: Summary | undefined,
  tally: readonly SessionGroup[],
): string | undefined {
  const share = shareAllowed(slo);
  if (share !== undefined) {
    const sessions = tally.reduce((sum, group) => sum + group.sessions, 0);
    const over = tally.reduce((sum, group) => sum + (group.over > 0 ? group.sessions : 0), 0);
    return rare(sessions, over, share) ? `${over} of ${sessions} sessions break the limit` : undefined;
  }
  const value = summary?.value;
  if (value === undefined || keeps(slo, value)) return undefined;
  if (summary?.unit !== "ratio") return `it is ${value} already`;
  const bad = Math.round((slo.op.startsWith("<") ? value : 1 - value) * summary.count);
  const allowed = slo.op.startsWith("<") ? slo.limit : 1 - slo.limit;
  return rare(summary.count, bad, allowed) ? `${bad} of ${summary.count} sessions are bad` : undefined;
}

function rare(sessions: number, bad: number, share: number): boolean {
  return sessions > 0 && binomialAtLeast(sessions, share, bad) <= CERTAIN;
}
