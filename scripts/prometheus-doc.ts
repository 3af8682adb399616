/** `docs/prometheus.md`: every series that a run and the gateway expose, from the lists that expose them. */
import { GATEWAY_FAMILIES } from "../src/gateway/metric-families.ts";
import { COMMON_LABELS, EXPOSED_FAMILIES } from "../src/watch/exposed.ts";

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

Generated from \`src/watch/exposed.ts\`, the catalogue and the gateway's list by \`npm run generate\`; full definitions are in [metrics.md](metrics.md).

\`bench run --metrics-port 9464\` serves them at \`/metrics\` while the run lasts and for two scrapes after it (30 s at most;
\`--metrics-linger 20s\` says how long exactly). \`--remote-write URL\` sends them for runs too short to be scraped, every 5 s and at the end,
with the harness's own timestamps. \`--pushgateway URL\` leaves the figures of a finished run, one group for each
instance, scenario and target.
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

## Two runs at once

What a run pushes (remote write, Pushgateway) and the file in its folder have the labels \`job="riva_bench"\` and \`instance="HOST#N"\`: the
machine's name and the lowest number that no other run of this machine has at the time. Two runs never write one series, and there are as
many series as runs at once, not as runs: a run's id would leave new ones behind each time. \`sum without (instance)\` adds the runs up;
boards, recording rules and alerts do. A scraped run has its port, so Prometheus' own \`instance\` tells them apart. Traces have the run's id as
\`service.instance.id\`. \`BENCH_INSTANCE\` replaces the machine's name where that is a container's by chance, or the same in two containers.

## Credentials

| for | URL | variables |
|---|---|---|
| \`--remote-write\` | \`https://user:password@host/api/v1/write\` | \`BENCH_REMOTE_WRITE_TOKEN\`, \`BENCH_REMOTE_WRITE_HEADERS\` |
| \`--pushgateway\` | the same | \`BENCH_PUSHGATEWAY_TOKEN\`, \`BENCH_PUSHGATEWAY_HEADERS\` |
| \`--otlp\` | the same | \`OTEL_EXPORTER_OTLP_TRACES_HEADERS\`, \`OTEL_EXPORTER_OTLP_HEADERS\` |
| \`scrape\` of a [target](targets.md) | the same, or \`headers\` in its file | \`BENCH_SCRAPE_TOKEN\`, \`BENCH_SCRAPE_HEADERS\` |

User and password (percent-encoded in the URL) are sent as Basic authorization, a \`_TOKEN\` as bearer token, \`_HEADERS\` as they are:
\`X-Scope-OrgID=team-a,Authorization=Bearer%20abc\`, values percent-encoded, as OpenTelemetry has it. Where two say \`Authorization\`, the
URL wins over the headers of the file, those over the variables, the token comes last. \`.env\` counts. What can't be sent (a user with a colon,
a line break) ends the command with exit code 2 before any load. Redirects are not followed. No password, token, header or value of a URL's
query is printed or stored; other users of the machine can read a command line, so prefer the variables.

## Runs

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
