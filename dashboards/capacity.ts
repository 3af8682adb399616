/** How much load until it breaks: for ramps, steps and bench capacity. */
import type { Board } from "./board.ts";
import { gauge, limitOf, percentile } from "./promql.ts";

export const CAPACITY: Board = {
  uid: "riva-bench-capacity",
  title: "riva-bench / Capacity",
  description:
    "Load goes up until the SLOs break. The interval is bench capacity's; here is how it came about.",
  rows: [
    {
      title: "Load",
      panels: [
        {
          kind: "lines",
          title: "Sessions open, and planned",
          help: "The steps or the ramp.",
          unit: "short",
          queries: [
            { expr: `sum by (target) (${gauge("bench_sessions_open")})`, legend: "open {{target}}" },
            { expr: `max by (target, unit) (${gauge("bench_load_planned")})`, legend: "planned {{unit}}" },
            {
              expr: `max by (target) (${gauge("bench_concurrency")})`,
              legend: "mean of the window {{target}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "Throughput",
          help: "Audio seconds finished a second of wall time (RTFX). It flattens where the server is full, which no single value shows. The one as NVIDIA counts it has failed sessions too, and stays up when nobody is answered.",
          unit: "short",
          queries: [
            { expr: `max by (target) (${gauge("bench_rtfx")})`, legend: "rtfx {{target}}" },
            {
              expr: `max by (target) (${gauge("bench_rtfx_nvidia_compat")})`,
              legend: "as NVIDIA's client counts {{target}}",
            },
          ],
        },
      ],
    },
    {
      title: "Where it breaks",
      panels: [
        ...(["first_partial_from_onset", "final_from_speech_end"] as const).map((metric) => ({
          kind: "lines" as const,
          title: `p95 of ${metric.replaceAll("_", " ")}`,
          help: "The load at which it crosses the red line is about the capacity.",
          unit: "s" as const,
          queries: [
            { expr: percentile(0.95, `bench_${metric}_seconds`), legend: "p95 {{target}}" },
            { expr: limitOf(metric), legend: "{{slo}}", limit: true },
          ],
        })),
        {
          kind: "lines",
          title: "Keeping up",
          help: "How fast the server advances through the audio while it is sent; 1 is as fast as people speak. Below 0.98 the backlog grows: it is past its capacity, whatever the latencies say yet. None: it answers nobody before the end of the audio.",
          unit: "percentunit",
          queries: [{ expr: `max by (target) (${gauge("bench_keep_up_ratio")})`, legend: "{{target}}" }],
        },
        {
          kind: "lines",
          title: "Good sessions",
          help: "Sessions without error that met every SLO, of those scheduled in the window.",
          unit: "percentunit",
          queries: [
            {
              expr: `sum by (target) (${gauge("bench_sessions_good_total")}) / (sum by (target) (${gauge("bench_sessions_scheduled_total", 'phase="steady"')}) > 0)`,
              legend: "{{target}}",
            },
          ],
        },
      ],
    },
    {
      title: "What the words are worth",
      panels: [
        {
          kind: "lines",
          title: "Error rates of the transcripts",
          without: "no data: no clip has a reference",
          help: "Words (characters, where there are no blanks) that are wrong, of all words so far, without and with the words of failed sessions as deleted. Overload can drop words while latency still looks fine.",
          unit: "percentunit",
          queries: [
            { expr: `max by (target) (${gauge("bench_wer_ratio")})`, legend: "WER {{target}}" },
            {
              expr: `max by (target) (${gauge("bench_wer_with_failures_ratio")})`,
              legend: "WER with failed sessions {{target}}",
            },
            { expr: `max by (target) (${gauge("bench_cer_ratio")})`, legend: "CER {{target}}" },
            {
              expr: `max by (target) (${gauge("bench_cer_with_failures_ratio")})`,
              legend: "CER with failed sessions {{target}}",
            },
            { expr: limitOf("wer"), legend: "{{slo}}", limit: true },
          ],
        },
        {
          kind: "lines",
          title: "Kinds of errors",
          help: "What an overloaded server leaves out shows as deletions.",
          unit: "percentunit",
          queries: (["substitutions", "insertions", "deletions"] as const).map((part) => ({
            expr: `max by (target) (${gauge(`bench_${part}_ratio`)})`,
            legend: `${part} {{target}}`,
          })),
        },
        {
          kind: "lines",
          title: "Answers as without load",
          without: "no data: the scenario does not ask for unloaded answers",
          help: "Sessions that answered what the same server answers to the clip alone: falls long before the error rate rises. Needs scoring.parity.",
          unit: "percentunit",
          queries: [
            { expr: `max by (target) (${gauge("bench_transcript_parity_ratio")})`, legend: "{{target}}" },
          ],
        },
      ],
    },
  ],
};
