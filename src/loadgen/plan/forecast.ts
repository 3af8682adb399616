/** What a run can show, said before it begins: sessions that its gates need against sessions that it will give. Pure. */
import { formatDuration } from "../../base/duration.ts";
import type { Slo } from "../../metrics/judge/slo.ts";
import { shareAllowed } from "../../metrics/judge/slo.ts";
import { CERTIFIED_FROM, sessionsNeeded } from "../../metrics/stats/certainty.ts";
import { percentileName, percentileTitle } from "../../metrics/stats/percentiles.ts";
import { isLevel } from "../../scenario/load/load.ts";
import { meanCallers, meanLevel } from "../../scenario/load/level.ts";
import type { OpenPlanInput, PlanInput } from "./plan-input.ts";
import { AROUND_AUDIO_MS } from "./plan-input.ts";
import type { RunnableScenario } from "../../scenario/scenario.ts";

/**
 * Sessions that start in the window if the server keeps up: as many as the plan has, or callers x window / length of a
 * session. Undefined without a pace: how long a session takes is then what the run will find out.
 * @param clipMs length of each clip of the plan, not padded
 */
export function expectedSessions(
  planned: PlanInput | OpenPlanInput,
  clipMs: readonly number[],
): number | undefined {
  const { warmupMs, steadyMs, iterations, padding, pace } = planned;
  const endMs = warmupMs + steadyMs;
  if (!("streams" in planned)) {
    const { trace, segments } = planned;
    if (trace !== undefined)
      return trace.filter(({ startMs }) => startMs >= warmupMs && startMs < endMs).length;
    return Math.floor((meanLevel(segments, warmupMs, endMs) * steadyMs) / 1000);
  }
  if (iterations !== undefined) return planned.streams * iterations;
  if (pace === Infinity) return undefined;
  const { weights, segments, streams, thinkMs } = planned;
  const meanMs = weightedMean(clipMs, weights) + padding.beforeMs + padding.afterMs;
  const callers = segments === undefined ? streams : meanCallers(segments, warmupMs, endMs);
  return Math.floor((callers * steadyMs) / (meanMs / pace + AROUND_AUDIO_MS + thinkMs));
}

function weightedMean(values: readonly number[], weights?: readonly number[]): number {
  let sum = 0;
  let total = 0;
  for (const [index, value] of values.entries()) {
    const weight = weights?.[index] ?? 1;
    sum += weight * value;
    total += weight;
  }
  return sum / total;
}

/** A gate on a percentile and how many sessions decide it. */
interface Need {
  slo: Slo;
  /** To certify it: one session may lie beyond the limit. */
  certified: number;
  /** To pass it at all, with none beyond. */
  least: number;
}

function needsOf(slos: readonly Slo[]): Need[] {
  return slos.flatMap((slo) => {
    const share = shareAllowed(slo);
    if (share === undefined) return [];
    return [{ slo, certified: sessionsNeeded(1 - share, 1), least: sessionsNeeded(1 - share, 0) }];
  });
}

export interface Forecast {
  /** One line, without a newline; undefined when no gate needs a number of sessions. */
  summary?: string;
  /** One line for each gate that the plan can't certify. */
  warnings: string[];
}

/**
 * @param expected of `expectedSessions`
 * @param until the run goes on until its percentile is certified, so a short window is no shortage
 */
export function forecast(
  scenario: RunnableScenario,
  slos: readonly Slo[],
  expected: number | undefined,
  until?: string,
): Forecast {
  const needs = needsOf(slos);
  const most = needs.reduce<Need | undefined>(
    (worst, need) => (need.certified > (worst?.certified ?? 0) ? need : worst),
    undefined,
  );
  if (most === undefined) return { warnings: [] };
  const gives = expected === undefined ? "as many as the server's speed allows" : `about ${expected}`;
  const summary =
    `gates need ${most.certified} sessions (${percentileTitle(most.slo.stat ?? "")}); this run gives ${gives}` +
    (until === undefined ? "" : ` and goes on until ${percentileTitle(until)} is certified`);
  if (until !== undefined || expected === undefined) return { summary, warnings: [] };
  return {
    summary,
    warnings: needs
      .filter(({ certified }) => expected < certified)
      .map(({ slo, certified, least }) => {
        const passes =
          expected < least ? "it will be inconclusive or fail" : "it passes only if no session breaks it";
        return `"${slo.source}" can't be certified by ${expected} sessions: ${passes}${remedy(scenario, expected, certified)}`;
      }),
  };
}

/** A window that would do, a tenth longer than computed, in whole seconds. */
function remedy({ load, steadyMs }: RunnableScenario, expected: number, certified: number): string {
  if (!isLevel(load) || expected === 0) return "";
  const longerMs = Math.ceil((steadyMs * 1.1 * certified) / expected / 1000) * 1000;
  return `; --duration ${formatDuration(longerMs)} would do`;
}

/** Name of a percentile as gates write it, for `--until-certified`; undefined when there is none such. */
export function certifiable(name: string): string | undefined {
  const stat = percentileName(name);
  return stat in CERTIFIED_FROM ? stat : undefined;
}
