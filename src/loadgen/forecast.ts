/** What a run can show, said before it begins: sessions that its gates need against sessions that it will give. Pure. */
import { formatDuration } from "../base/duration.ts";
import type { Slo } from "../metrics/slo.ts";
import { shareAllowed } from "../metrics/slo.ts";
import { CERTIFIED_FROM, sessionsNeeded } from "../metrics/stats.ts";
import type { RunnableScenario } from "./scenario.ts";

/** What a session takes besides its audio: connecting, waiting for its chunk phase, the last final. */
const OVERHEAD_MS = 1000;

/** Sessions that start in the window: callers x window / length of a session, or as many as their iterations. */
export function expectedSessions(
  { load, audio, steadyMs }: RunnableScenario,
  dataset: { clips: number; audioSeconds: number },
): number {
  if (load.iterations !== undefined) return load.streams * load.iterations;
  const meanMs = (dataset.audioSeconds * 1000) / dataset.clips + audio.paddingBeforeMs + audio.paddingAfterMs;
  return Math.floor((load.streams * steadyMs) / (meanMs / audio.pace + OVERHEAD_MS + load.thinkMs));
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
 * @param extends the run goes on until its percentile is certified, so a short window is no shortage
 */
export function forecast(
  scenario: RunnableScenario,
  slos: readonly Slo[],
  expected: number,
  until?: string,
): Forecast {
  const needs = needsOf(slos);
  const most = needs.reduce<Need | undefined>(
    (worst, need) => (need.certified > (worst?.certified ?? 0) ? need : worst),
    undefined,
  );
  if (most === undefined) return { warnings: [] };
  const summary =
    `gates need ${most.certified} sessions (${printed(most.slo.stat)}); this run gives about ${expected}` +
    (until === undefined ? "" : ` and goes on until ${printed(until)} is certified`);
  if (until !== undefined) return { summary, warnings: [] };
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

function printed(stat = ""): string {
  return stat === "p999" ? "p99.9" : stat;
}

/** A window that would do, a tenth longer than computed, in whole seconds. */
function remedy({ load, steadyMs }: RunnableScenario, expected: number, certified: number): string {
  if (load.iterations !== undefined || expected === 0) return "";
  const longerMs = Math.ceil((steadyMs * 1.1 * certified) / expected / 1000) * 1000;
  return `; --duration ${formatDuration(longerMs)} would do`;
}

/** Name of a percentile as gates write it, for `--until-certified`; undefined when there is none such. */
export function certifiable(name: string): string | undefined {
  const stat = name === "p99.9" ? "p999" : name;
  return stat in CERTIFIED_FROM ? stat : undefined;
}
