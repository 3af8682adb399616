/** What a run says before it begins, and what it looks out for while it goes on. */
import type { Dataset } from "../base/dataset.ts";
import { parseDurationMs } from "../base/duration.ts";
import { BenchError } from "../base/errors.ts";
import { certifiable, expectedSessions, forecast } from "../loadgen/forecast.ts";
import type { Load } from "../loadgen/load.ts";
import { isLevel } from "../loadgen/load.ts";
import type { OpenPlanInput, PlanInput } from "../loadgen/plan-input.ts";
import type { RunnableScenario } from "../loadgen/scenario.ts";
import type { UntilCertified } from "../loadgen/until-certified.ts";
import { extendedEnd, sessionsBehind } from "../loadgen/until-certified.ts";
import { collapseText, risingDelay } from "../metrics/collapse.ts";
import type { Slo } from "../metrics/slo.ts";
import { CERTIFIED_FROM } from "../metrics/stats.ts";
import type { Totals } from "../metrics/totals.ts";

/**
 * Reads `--until-certified` and `--budget`.
 * @throws BenchError (exit 2) for what is no percentile or no duration, or for a load that can't be made longer
 */
export function untilCertified(
  name: string | undefined,
  budget: string,
  load: Load,
): UntilCertified | undefined {
  if (name === undefined) return undefined;
  const stat = certifiable(name);
  if (stat === undefined) {
    const known = Object.keys(CERTIFIED_FROM).join(", ");
    throw BenchError.usage(`--until-certified ${name}: not a percentile that gates know`, `One of ${known}.`);
  }
  if (!isLevel(load)) {
    throw BenchError.usage(
      `--until-certified can't lengthen this load (model ${load.model}): its plan says where it ends`,
      "Loads of one level can: concurrency, offline, constant, poisson and soak, without iterations.",
    );
  }
  const budgetMs = parseDurationMs(budget);
  if (budgetMs === undefined || budgetMs <= 0) {
    throw BenchError.usage(`--budget ${budget}: not a duration`, "For example 90s, 30m or 2h.");
  }
  return { stat, budgetMs };
}

/** What the gates need and the run will give, a line each with its newline; "" when no gate needs a number of sessions. */
export function forecastLines(
  scenario: RunnableScenario,
  slos: readonly Slo[],
  planned: PlanInput | OpenPlanInput,
  dataset: Dataset,
  until: UntilCertified | undefined,
): string {
  const clipMs = dataset.clips.map(({ audioMs }) => audioMs);
  const { summary, warnings } = forecast(scenario, slos, expectedSessions(planned, clipMs), until?.stat);
  return [...(summary === undefined ? [] : [summary]), ...warnings].map((line) => `${line}\n`).join("");
}

/** A rise is looked for this often: no bucket of it is shorter. */
const LOOK_EVERY_MS = 5000;

export interface RunWatch {
  /** Call about once a second, `atMs` after T0. */
  look(atMs: number): void;
  /** Where the window ends as things stand, milliseconds since T0. */
  windowEndMs(): number;
}

/** Tells of a slow collapse as soon as it shows, once, and lets the window grow until it is certified. */
export function watchRun(options: {
  scenario: RunnableScenario;
  slos: readonly Slo[];
  until: UntilCertified | undefined;
  totals: Totals;
  extend(windowEndMs: number): void;
  onCollapse(atMs: number, message: string): void;
}): RunWatch {
  const { scenario, slos, until, totals } = options;
  let windowEndMs = scenario.warmupMs + scenario.steadyMs;
  let lookAgainMs = isLevel(scenario.load) ? 0 : Infinity;

  function lookForCollapse(atMs: number): void {
    if (atMs < lookAgainMs) return;
    lookAgainMs = atMs + LOOK_EVERY_MS;
    const found = risingDelay(totals.timeline());
    if (found === undefined) return;
    lookAgainMs = Infinity;
    options.onCollapse(atMs, collapseText(found));
  }

  function extend(nowMs: number, { stat, budgetMs }: UntilCertified): void {
    const endMs = extendedEnd({
      nowMs,
      warmupMs: scenario.warmupMs,
      windowEndMs,
      budgetMs,
      needed: CERTIFIED_FROM[stat] ?? 0,
      have: () => sessionsBehind(slos, totals.summaries(), totals.counts("steady").completed),
    });
    if (endMs === undefined || nowMs >= windowEndMs) return;
    windowEndMs = endMs;
    options.extend(endMs);
  }

  return {
    windowEndMs: () => windowEndMs,
    look(atMs) {
      lookForCollapse(atMs);
      if (until !== undefined) extend(atMs, until);
    },
  };
}
