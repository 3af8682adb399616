/** Pieces of PromQL that many panels share. */

/** The variables of every board that shows runs. */
const CHOSEN = 'scenario=~"$scenario", target=~"$target"';

/** Only while the chosen run was on: a run's id is a label of `bench_run_info` alone, to keep every other series bounded. */
const OF_RUN = 'and on (job, instance, scenario, target) bench_run_info{run_id=~"$run"}';

/** A gauge of the chosen run. @param labels more matchers, such as `phase="steady"` */
export function gauge(name: string, labels = ""): string {
  return `(${name}{${[CHOSEN, labels].filter(Boolean).join(", ")}} ${OF_RUN})`;
}

/** How fast a counter of the chosen run grows, per second. */
export function rate(name: string, labels = ""): string {
  return `(rate(${name}{${[CHOSEN, labels].filter(Boolean).join(", ")}}[$__rate_interval]) ${OF_RUN})`;
}

/** A percentile over time, interpolated in buckets: shape, not verdict. @param histogram name without suffix */
export function percentile(p: number, histogram: string, by = "scenario, target"): string {
  return `histogram_quantile(${p}, sum by (${by}, le) (${rate(`${histogram}_bucket`, 'phase=~"$phase"')}))`;
}

/** Of the violations that each SLO allows. One that allows none has used it all up with the first. */
export const ALLOWANCE_USED: string = `(sum by (scenario, target, slo) (${gauge("bench_slo_violations_total")}) / (sum by (scenario, target, slo) (${gauge("bench_slo_values_total")}) > 0)) / clamp_min(max by (scenario, target, slo) (${gauge("bench_slo_allowed_ratio")}), 1e-9)`;

/** The limit of a metric's SLOs, a line for each. */
export function limitOf(metric: string): string {
  return `max by (slo) (${gauge("bench_slo_limit", `metric="${metric}", stat!~"min|mean|max"`)})`;
}
