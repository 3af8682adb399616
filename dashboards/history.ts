/** Every release's results: from finished runs, by the Pushgateway or remote write. */
import type { Board } from "./board.ts";
import { SCENARIO, TARGET } from "./board.ts";

const CHOSEN = 'scenario=~"$scenario", target=~"$target"';
/** The build that made a result: labels of the run's info, in the same group. */
const BY_BUILD = "* on (job, instance, scenario, target) group_left (git, run_id) bench_run_info";

export const HISTORY: Board = {
  uid: "riva-bench-history",
  title: "riva-bench / History by release",
  description: "The last result of each scenario, over weeks. Exact figures, one point for each run.",
  variables: [SCENARIO, TARGET],
  from: "now-90d",
  rows: [
    {
      title: "Results over time",
      panels: [
        {
          kind: "lines",
          title: "p95 of latencies",
          help: "A step that stays is a change of a build; a spike is a bad day of a machine. Ask bench compare.",
          unit: "s",
          width: 24,
          queries: [
            {
              expr: `bench_result_seconds{${CHOSEN}, stat="p95", metric=~"first_partial_from_onset|final_from_speech_end|response_latency"} ${BY_BUILD}`,
              legend: "{{metric}} {{scenario}} {{target}} {{git}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "Goodput and errors",
          help: "Of finished runs: good sessions, failed ones, audio acknowledged in time.",
          unit: "percentunit",
          queries: [
            {
              expr: `bench_result_value{${CHOSEN}, stat="value", metric=~"goodput|error_ratio|keep_up"} ${BY_BUILD}`,
              legend: "{{metric}} {{scenario}} {{target}} {{git}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "Throughput",
          help: "RTFX of finished runs: audio seconds a second.",
          unit: "short",
          queries: [
            {
              expr: `bench_result_value{${CHOSEN}, stat="value", metric="rtfx"} ${BY_BUILD}`,
              legend: "{{scenario}} {{target}} {{git}}",
            },
          ],
        },
        {
          kind: "table",
          title: "Verdicts of SLOs",
          help: "1 for the verdict that each SLO got in the last run of a scenario.",
          unit: "none",
          width: 16,
          queries: [
            {
              expr: `max by (scenario, target, emulated, slo, verdict) (last_over_time(bench_slo_verdict{${CHOSEN}}[$__range])) == 1`,
              legend: "",
            },
          ],
        },
        {
          kind: "table",
          title: "When",
          help: "Start of the last run of each scenario, seconds since 1970.",
          unit: "none",
          width: 8,
          queries: [
            {
              expr: `max by (scenario, target) (last_over_time(bench_run_start_time_seconds{${CHOSEN}}[$__range]))`,
              legend: "",
            },
          ],
        },
      ],
    },
  ],
};
