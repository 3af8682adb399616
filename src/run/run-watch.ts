/** What a run says before it begins, and what it looks out for while it goes on. */
import { expectedSessions, forecast } from "../loadgen/plan/forecast.ts";
import { isLevel } from "../scenario/load/load.ts";
import type { RunnableScenario } from "../scenario/scenario.ts";
import type { UntilCertified } from "../loadgen/plan/until-certified.ts";
import { extendedEnd, sessionsBehind } from "../loadgen/plan/until-certified.ts";
import { certainToFail } from "../metrics/judge/abort.ts";
import { collapseText, risingDelay } from "../metrics/judge/collapse.ts";
import type { Slo } from "../metrics/judge/slo.ts";
import { CERTIFIED_FROM } from "../metrics/stats/certainty.ts";
import type { Totals } from "../metrics/record/totals.ts";
import type { RunInput } from "./run-input.ts";

/** What the gates need and the run will give, a line each with its newline; "" when no gate needs a number of sessions. */
export function forecastLines({ scenario, slos, planned, dataset, until }: RunInput): string {
  const clipMs = dataset.clips.map(({ audioMs }) => audioMs);
  const { summary, warnings } = forecast(scenario, slos, expectedSessions(planned, clipMs), until?.stat);
  return [...(summary === undefined ? [] : [summary]), ...warnings].map((line) => `${line}\n`).join("");
}

/** A rise is looked for this often: no bucket of it is shorter. */
const LOOK_EVERY_MS = 5000;
/** And whether to go on, so often. */
const ABORT_EVERY_MS = 2000;

export interface RunWatch {
  /** Call about once a second, `atMs` after T0. */
  look(atMs: number): void;
  /** Where the window ends as things stand, milliseconds since T0. */
  windowEndMs(): number;
}

/**
 * Tells of a slow collapse as soon as it shows, once, lets the window grow until it is certified, and ends the run when
 * an SLO marked `abort` is certain to fail.
 */
export function watchRun(options: {
  scenario: RunnableScenario;
  slos: readonly Slo[];
  until: UntilCertified | undefined;
  /** How long before the window's end a later end is to be told, milliseconds. */
  extendLeadMs: number;
  totals: Totals;
  extend(windowEndMs: number): void;
  endEarly(why: string): void;
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

  let abortAgainMs = slos.some(({ abort }) => abort) ? scenario.warmupMs : Infinity;

  function lookForAbort(atMs: number): void {
    if (atMs < abortAgainMs) return;
    abortAgainMs = atMs + ABORT_EVERY_MS;
    for (const [index, slo] of slos.entries()) {
      if (slo.abort !== true) continue;
      const found = certainToFail(
        slo,
        totals.summaries(slo.stage, { intervals: false })[slo.metric],
        totals.tally(index),
      );
      if (found === undefined) continue;
      abortAgainMs = Infinity;
      options.endEarly(`"${slo.source}" can't be kept any more: ${found}; the run ends`);
      return;
    }
  }

  function extend(nowMs: number, { stat, budgetMs }: UntilCertified): void {
    const endMs = extendedEnd({
      nowMs,
      warmupMs: scenario.warmupMs,
      windowEndMs,
      budgetMs,
      leadMs: options.extendLeadMs,
      needed: CERTIFIED_FROM[stat] ?? 0,
      have: () =>
        sessionsBehind(
          slos,
          totals.summaries(undefined, { intervals: false }),
          totals.counts("steady").completed,
        ),
    });
    if (endMs === undefined || nowMs >= windowEndMs) return;
    windowEndMs = endMs;
    options.extend(endMs);
  }

  return {
    windowEndMs: () => windowEndMs,
    look(atMs) {
      lookForCollapse(atMs);
      lookForAbort(atMs);
      if (until !== undefined) extend(atMs, until);
    },
  };
}
