/** The SLOs of a run as lines in a chart of their metric. */
import { BenchError } from "../../base/errors.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import type { Slo } from "../../metrics/judge/slo.ts";
import { parseSlo } from "../../metrics/judge/slo.ts";
import { PERCENTILES } from "../../metrics/stats/percentiles.ts";
import type { ChartLimit } from "./chart.ts";

/** One for each SLO on the metric over the whole window, in the metric's unit. */
export function limitsOf({ slos }: Pick<RunResult, "slos">, metric: string): ChartLimit[] {
  return slos.flatMap(({ name }) => {
    const slo = parsed(name);
    if (slo?.metric !== metric || slo.stage !== undefined) return [];
    const share = PERCENTILES[slo.stat ?? ""];
    const label = name.slice(name.indexOf(metric) + metric.length).trim();
    return [{ label, value: slo.limit, ...(share === undefined ? {} : { share }) }];
  });
}

/** Built-in checks of the target stand among the SLOs and are none. */
function parsed(name: string): Slo | undefined {
  try {
    return parseSlo(name);
  } catch (error) {
    if (error instanceof BenchError) return undefined;
    throw error;
  }
}
