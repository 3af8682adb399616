/** `docs/prometheus.md`: every series that a run and the gateway expose, from the lists that expose them. */
import { GATEWAY_FAMILIES } from "../src/gateway/metric-families.ts";
import { COMMON_LABELS, EXPOSED_FAMILIES } from "../src/metrics/exposed.ts";

interface Documented {
  name: string;
  type: string;
  labels: readonly string[];
  help: string;
}

function rows(families: readonly Documented[]): string {
  return families
    .map(({ name, type, labels, help }) => {
      const sentence = help.replaceAll("|", "\\|").split(". ")[0]?.replace(/\.?$/, ".") ?? "";
      return `| \`${name}\` | ${type} | ${labels.join(", ")} | ${sentence} |`;
    })
    .join("\n");
}

export function prometheusMarkdown(): string {
  return `# Metrics in Prometheus

Generated from \`src/metrics/exposed.ts\`, the catalogue and the gateway's list by \`npm run generate\`; full definitions are in [metrics.md](metrics.md).

\`bench run --metrics-port 9464\` serves them at \`/metrics\` while the run lasts and for two scrapes after it (30 s at most;
\`--metrics-linger S\` says how long exactly). \`--remote-write URL\` sends them for runs too short to be scraped, every 5 s and at the end,
with the harness's own timestamps. \`--pushgateway URL\` leaves the figures of a finished run, one group for each scenario and target.
Every run folder has \`metrics.openmetrics\`, for runs that nobody watched:
\`promtool tsdb create-blocks-from openmetrics metrics.openmetrics DATA\`.

- Counts and sums of histograms are those of \`result.json\`, to the last digit: both are read from the same histograms.
- Every SLO's limit is a bucket's bound, and what is at or below it is counted from the values themselves: \`bench_..._bucket{le="1"}\` is
  the exact share within 1 s. Other bounds are good to three digits. Percentiles by \`histogram_quantile\` show shape; the exact ones
  are in \`bench_result_seconds\` when the run is over.
- Values below zero are real (a final may come before the last chunk). They are in the bucket \`le="0"\`, and lower the sum.
- Every series has the labels ${COMMON_LABELS.map((label) => `\`${label}\``).join(", ")}. The run's id is on \`bench_run_info\` alone: join
  with \`and on (job, instance, scenario, target) bench_run_info{run_id="..."}\`. Nothing grows with the number of sessions.
- Buckets carry exemplars (OpenMetrics): the slowest session of an interval, \`session_id\` = \`seq\` in \`sessions.ndjson\`.

| name | type | labels | what |
|---|---|---|---|
${rows(EXPOSED_FAMILIES)}

## The gateway

Generated from \`src/gateway/metric-families.ts\`. \`GET /metrics\` of \`bench gateway\`; board *Gateway*, alerts in
[alerts.yaml](../dashboards/rules/alerts.yaml), which know a gateway by what it exports, whatever its scrape job is called.

| name | type | labels | what |
|---|---|---|---|
${rows(GATEWAY_FAMILIES)}
`;
}
