/** Judging an SLO by what was measured. */
import { defined } from "../../base/defined.ts";
import { randomStream } from "../../base/random.ts";
import { metricNamed } from "../catalogue/catalogue.ts";
import { Histogram } from "../record/histogram.ts";
import type { Metric } from "../catalogue/metric.ts";
import { ticksPerUnit } from "../catalogue/metric.ts";
import type { Check, Summary } from "../result/result.ts";
import { PERCENTILES } from "../stats/percentiles.ts";
import { keeps, shareAllowed, type Slo } from "./slo.ts";
import {
  judgeGroups,
  judgeShare,
  type SessionGroup,
  sessionsNeeded,
  violationsAllowed,
} from "../stats/certainty.ts";
import { CLIPS_NEEDED } from "../stats/clip-bootstrap.ts";

/**
 * Judges one SLO. Percentiles are judged at 99 % confidence from the sessions and their violations (`tally`, counted
 * exactly from the values, in which a failed session is a violation unless the generator spoiled it), ratios over clips by
 * their 95 % interval, all else by the observed value. No data never passes.
 *
 * @param summary of the SLO's metric (and stage); absent when nothing was measured
 * @param tally sessions by number of values and of violations
 */
export function judgeSlo(slo: Slo, summary: Summary | undefined, tally: readonly SessionGroup[]): Check {
  const metric = metricNamed(slo.metric);
  const observed = summary === undefined ? undefined : observedValue(slo, summary);
  const check = {
    name: slo.source,
    limit: slo.source.slice(slo.source.search(/[<>]/)).replace(/(?<!\s)\s+abort\s*$/, ""),
    ...defined({ observed }),
  };
  const share = shareAllowed(slo);
  if (metric !== undefined && share !== undefined)
    return { ...check, ...judgePercentile(metric, share, tally) };
  if (observed === undefined) return { ...check, verdict: "inconclusive", advice: "nothing was measured" };
  if (summary !== undefined && metric?.per === "run" && metric.ofClips !== undefined)
    return { ...check, ...judgeOverClips(slo, summary) };
  return { ...check, verdict: keeps(slo, observed) ? "pass" : "fail" };
}

function judgePercentile(
  metric: Metric,
  share: number,
  tally: readonly SessionGroup[],
): Pick<Check, "verdict" | "advice"> {
  const sessions = tally.reduce((sum, group) => sum + group.sessions, 0);
  if (sessions === 0) return { verdict: "inconclusive", advice: "nothing was measured" };
  const needed = sessionsNeeded(1 - share, 0);
  if (metric.per !== "session") {
    // Seeded by name: the same data get the same verdict.
    const verdict = judgeGroups(tally, share, randomStream(0, metric.name));
    const values = tally.reduce((sum, group) => sum + group.sessions * group.values, 0);
    const over = tally.reduce((sum, group) => sum + group.sessions * group.over, 0);
    const found = `${over} of ${values} values in ${sessions} sessions break the limit`;
    return { verdict, ...advice(verdict, found, needed, sessions) };
  }
  const over = tally.reduce((sum, group) => sum + group.sessions * group.over, 0);
  const verdict = judgeShare(sessions, over, share);
  const allowed = violationsAllowed(sessions, 1 - share);
  const found = `${over} of ${sessions} sessions break the limit or failed`;
  return {
    verdict,
    ...advice(verdict, allowed < 0 ? found : `${found}, up to ${allowed} may`, needed, sessions),
  };
}

/** By the 95 % interval over clips: a limit inside of it is not decided. */
function judgeOverClips(slo: Slo, { low, high, clips = 0 }: Summary): Pick<Check, "verdict" | "advice"> {
  if (low === undefined || high === undefined) {
    return {
      verdict: "inconclusive",
      advice: `${clips} clip(s) say too little: at least ${CLIPS_NEEDED} are needed`,
    };
  }
  const [atLow, atHigh] = [keeps(slo, low), keeps(slo, high)];
  const found = `95 % interval ${inPercent(low)} to ${inPercent(high)} over ${clips} clips`;
  if (atLow && atHigh) return { verdict: "pass" };
  if (!atLow && !atHigh) return { verdict: "fail", advice: found };
  return { verdict: "inconclusive", advice: `${found}; more clips would decide it` };
}

function inPercent(ratio: number): string {
  return `${(ratio * 100).toFixed(2)} %`;
}

function advice(
  verdict: Check["verdict"],
  found: string,
  needed: number,
  sessions: number,
): { advice?: string } {
  if (verdict === "pass") return {};
  if (verdict === "fail") return { advice: found };
  const more = sessions < needed ? `at least ${needed} sessions are needed` : "more sessions would decide it";
  return { advice: `${found}; ${more}` };
}

/** The value that an SLO, or the left side of one, is about. */
export function observedValue(
  { stat, metric: name }: Pick<Slo, "stat" | "metric">,
  summary: Summary,
): number | undefined {
  switch (stat) {
    case undefined:
      return summary.value;
    case "min":
    case "mean":
    case "max":
      return summary[stat];
    default: {
      const metric = metricNamed(name);
      const percent = (PERCENTILES[stat] ?? NaN) * 100;
      if (metric === undefined || summary.histogram === undefined) return undefined;
      return Histogram.decode(summary.histogram, ticksPerUnit(metric.unit)).percentile(percent);
    }
  }
}
