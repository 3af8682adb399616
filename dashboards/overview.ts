/** Is it going well, and may it be believed? */
import type { Board } from "./board.ts";
import type { PanelSpec } from "./panels.ts";
import { gauge, limitOf, percentile, rate, ALLOWANCE_USED } from "./promql.ts";

const VERDICTS = {
  "0": { text: "valid", color: "green" },
  "1": { text: "degraded", color: "orange" },
  "2": { text: "void", color: "red" },
};

function latency(title: string, metric: string, help: string): PanelSpec {
  const histogram = `bench_${metric}_seconds`;
  return {
    kind: "lines",
    title,
    help: `${help} Percentiles are interpolated in buckets: they show shape. The red line is the SLO.`,
    unit: "s",
    queries: [
      ...[0.5, 0.95, 0.99].map((p) => ({
        expr: percentile(p, histogram),
        legend: `p${p * 100} {{scenario}} {{target}}`,
      })),
      { expr: limitOf(metric), legend: "{{slo}}", limit: true },
    ],
  };
}

export const OVERVIEW: Board = {
  uid: "riva-bench-overview",
  title: "riva-bench / Run overview",
  description: "One run at a glance: validity first, then the SLOs, then what callers feel.",
  rows: [
    {
      title: "Verdict",
      panels: [
        {
          kind: "stat",
          title: "Validity",
          help: "May the figures be believed? Void: the generator could not keep its pace, so nothing below says anything of the server. See the generator's board.",
          unit: "none",
          width: 4,
          height: 5,
          words: VERDICTS,
          thresholds: [
            [1, "orange"],
            [2, "red"],
          ],
          queries: [
            {
              expr: `max by (scenario, target) (${gauge("bench_run_validity")})`,
              legend: "{{scenario}} {{target}}",
            },
          ],
        },
        {
          kind: "stat",
          title: "Verdict",
          help: "Of the run, once it is over. Inconclusive: too few sessions to judge.",
          unit: "none",
          width: 4,
          height: 5,
          words: { "1": { text: "yes", color: "blue" } },
          without: "not over yet",
          queries: [
            {
              expr: `max by (scenario, target, verdict) (${gauge("bench_run_verdict")}) == 1`,
              legend: "{{verdict}}",
            },
          ],
        },
        {
          kind: "stat",
          title: "SLO allowance used",
          help: "Violations of each SLO so far, against those that it allows: a p95 allows 5 % of the values. Beyond 100 % it is broken as things stand; the verdict also asks for certainty. What a failed session owed counts as broken.",
          unit: "percentunit",
          width: 10,
          height: 5,
          thresholds: [
            [0.8, "orange"],
            [1, "red"],
          ],
          queries: [{ expr: ALLOWANCE_USED, legend: "{{slo}}" }],
        },
        {
          kind: "stat",
          title: "Answered by",
          help: "The target. Emulated figures say nothing of any product.",
          unit: "none",
          width: 6,
          height: 5,
          words: { "1": { text: "on", color: "blue" } },
          queries: [
            {
              expr: `max by (target, emulated) (${gauge("bench_run_info")})`,
              legend: "{{target}}, emulated: {{emulated}}",
            },
          ],
        },
      ],
    },
    {
      title: "What callers feel",
      panels: [
        latency(
          "First words, from the onset of speech",
          "first_partial_from_onset",
          "From the moment the speaker began to the first text.",
        ),
        latency(
          "Final, from the end of speech",
          "final_from_speech_end",
          "From the last spoken word to the final that covers it; the server's endpointing wait is in it.",
        ),
      ],
    },
    {
      title: "Load and errors",
      panels: [
        {
          kind: "lines",
          title: "Sessions open, and planned",
          help: "Open below plan: the generator could not start them in time, or slots stand empty after failures.",
          unit: "short",
          width: 8,
          queries: [
            {
              expr: `sum by (scenario, target) (${gauge("bench_sessions_open")})`,
              legend: "open {{target}}",
            },
            {
              expr: `max by (scenario, target, unit) (${gauge("bench_load_planned")})`,
              legend: "planned {{unit}}",
            },
          ],
        },
        {
          kind: "stack",
          title: "Sessions ended",
          help: "By outcome, a second. Dropped: no room at their time, never started.",
          unit: "ops",
          width: 8,
          queries: [
            { expr: `sum(${rate("bench_sessions_completed_total")})`, legend: "completed" },
            {
              expr: `sum by (origin, class) (${rate("bench_sessions_failed_total")})`,
              legend: "failed: {{class}} ({{origin}})",
            },
            { expr: `sum(${rate("bench_sessions_dropped_total")})`, legend: "dropped" },
          ],
        },
        {
          kind: "lines",
          title: "Goodput, errors, keeping up",
          help: "Goodput: sessions without error that meet every SLO. Keep-up below 0.98: the server falls behind while callers speak. At 1 it may still be late: see the latencies.",
          unit: "percentunit",
          width: 8,
          queries: [
            { expr: `max by (target) (${gauge("bench_goodput_ratio")})`, legend: "goodput {{target}}" },
            { expr: `max by (target) (${gauge("bench_error_ratio")})`, legend: "errors {{target}}" },
            { expr: `max by (target) (${gauge("bench_keep_up_ratio")})`, legend: "keep-up {{target}}" },
          ],
        },
      ],
    },
  ],
};
