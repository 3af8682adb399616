/** Two targets side by side. The verdict is `bench compare`'s, with intervals; this shows where they part. */
import type { Board } from "./board.ts";
import { choice, SCENARIO } from "./board.ts";
import type { PanelSpec } from "./panels.ts";

const OF_BOTH = 'scenario=~"$scenario", target=~"$baseline|$candidate"';

function both(title: string, metric: string, help: string): PanelSpec {
  return {
    kind: "lines",
    title,
    help: `${help} p95 of each target, interpolated in buckets.`,
    unit: "s",
    queries: [
      {
        expr: `histogram_quantile(0.95, sum by (target, le) (rate(bench_${metric}_seconds_bucket{${OF_BOTH}, phase="steady"}[$__rate_interval])))`,
        legend: "{{target}}",
      },
    ],
  };
}

export const COMPARISON: Board = {
  uid: "riva-bench-comparison",
  title: "riva-bench / A against B",
  description: "The same scenario on two targets. Run them interleaved with bench compare to get a verdict.",
  variables: [
    SCENARIO,
    choice("baseline", "Baseline", "bench_run_info, target", "The one that is known."),
    choice("candidate", "Candidate", "bench_run_info, target", "The one that is new."),
  ],
  from: "now-6h",
  runs: OF_BOTH,
  rows: [
    {
      title: "Results",
      panels: [
        {
          kind: "table",
          title: "Latencies of the last finished runs",
          help: "Exact percentiles, from the runs' own histograms.",
          unit: "s",
          width: 24,
          queries: [
            {
              expr: `max by (metric, stat, target, emulated) (last_over_time(bench_result_seconds{${OF_BOTH}, stat=~"p50|p95|p99"}[$__range]))`,
              legend: "",
            },
          ],
        },
        {
          kind: "lines",
          title: "Within SLO",
          help: "Share of the values that keep each SLO, exact.",
          unit: "percentunit",
          width: 24,
          queries: [
            {
              expr: `1 - sum by (target, slo) (bench_slo_violations_total{${OF_BOTH}}) / (sum by (target, slo) (bench_slo_values_total{${OF_BOTH}}) > 0)`,
              legend: "{{target}}: {{slo}}",
            },
          ],
        },
      ],
    },
    {
      title: "Over time",
      panels: [
        both("First words", "first_partial_from_onset", "From the onset of speech."),
        both("Finals", "final_from_speech_end", "From the end of speech."),
        both("Responses", "response_latency", "From the audio to the response that covers it."),
        both("Session setup", "session_setup", "From the connection attempt to the accepted configuration."),
      ],
    },
  ],
};
