import { expect, it } from "vitest";
import type { Family } from "./exposition.ts";
import { expose } from "./prometheus.ts";

const FAMILIES: Family[] = [
  {
    name: "bench_sessions_completed_total",
    type: "counter",
    help: "Sessions.",
    samples: [{ suffix: "", labels: { slo: 'a "b" \\' }, value: 3 }],
  },
  {
    name: "bench_x_seconds",
    type: "histogram",
    help: "Latency.",
    labels: { target: "nim" },
    samples: [
      {
        suffix: "_bucket",
        labels: { le: "0.5" },
        value: 1,
        exemplar: { labels: { session_id: "7" }, value: 0.4, epochSeconds: 12.5 },
      },
      { suffix: "_sum", labels: {}, value: 0.4 },
    ],
  },
];

it("writes OpenMetrics with exemplars for those who take it", async () => {
  const { contentType, body } = await expose(
    FAMILIES,
    "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
  );
  expect(contentType).toMatch(/^application\/openmetrics-text/);
  expect(body).toBe(`# HELP bench_sessions_completed Sessions.
# TYPE bench_sessions_completed counter
bench_sessions_completed_total{slo="a \\"b\\" \\\\"} 3
# HELP bench_x_seconds Latency.
# TYPE bench_x_seconds histogram
bench_x_seconds_bucket{le="0.5",target="nim"} 1 # {session_id="7"} 0.4 12.5
bench_x_seconds_sum{target="nim"} 0.4
# EOF
`);
});

it("writes the plain format for everyone else", async () => {
  const { contentType, body } = await expose(FAMILIES, "text/plain");
  expect(contentType).toMatch(/^text\/plain/);
  expect(body).toContain("# TYPE bench_sessions_completed_total counter\nbench_sessions_completed_total{");
  expect(body).toContain('bench_x_seconds_bucket{le="0.5",target="nim"} 1\n');
});
