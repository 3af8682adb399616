/** Was the audio sent as planned? Look here first when a run is degraded or void. */
import type { Board } from "./board.ts";
import { gauge, percentile, rate } from "./promql.ts";

export const GENERATOR: Board = {
  uid: "riva-bench-generator",
  title: "riva-bench / Generator health",
  description: "The harness watches itself: a generator that is late makes any server look slow.",
  rows: [
    {
      title: "Pace",
      panels: [
        {
          kind: "lines",
          title: "Send lateness",
          help: "How long after its scheduled instant a chunk was written. The run is void when the p99 of the window is beyond the larger of 5 ms and a tenth of a chunk: give the generator a core of its own, or add workers.",
          unit: "s",
          queries: [0.5, 0.99].map((p) => ({
            expr: percentile(p, "bench_send_lateness_seconds"),
            legend: `p${p * 100} {{scenario}} {{target}}`,
          })),
        },
        {
          kind: "lines",
          title: "Start slip",
          help: "How long after its scheduled start a session was begun.",
          unit: "s",
          queries: [0.5, 0.99].map((p) => ({
            expr: percentile(p, "bench_start_slip_seconds"),
            legend: `p${p * 100} {{scenario}} {{target}}`,
          })),
        },
        {
          kind: "lines",
          title: "Back-pressure",
          help: "How long the transport held a chunk: server, network or flow control, never the generator's pacing.",
          unit: "s",
          queries: [0.5, 0.99].map((p) => ({
            expr: percentile(p, "bench_back_pressure_seconds"),
            legend: `p${p * 100} {{scenario}} {{target}}`,
          })),
        },
        {
          kind: "lines",
          title: "Delay on purpose",
          help: "How long chunks were held by the scenario's conditions: planned jitter and stalls, inside every latency and outside lateness.",
          unit: "s",
          without: "no conditions in this scenario",
          queries: [0.5, 0.99].map((p) => ({
            expr: percentile(p, "bench_injected_delay_seconds"),
            legend: `p${p * 100} {{scenario}} {{target}}`,
          })),
        },
        {
          kind: "lines",
          title: "Late starts, premature and unpaired partials",
          help: "Sessions that began more than 50 ms late (open loads), texts that came before the speech, sessions whose responses NVIDIA's client could not pair with chunks.",
          unit: "short",
          queries: [
            { expr: `sum by (target) (${gauge("bench_late_starts")})`, legend: "late starts {{target}}" },
            {
              expr: `sum by (target) (${gauge("bench_nvidia_compat_unpaired")})`,
              legend: "unpaired {{target}}",
            },
            {
              expr: `sum by (target) (${gauge("bench_premature_partials")})`,
              legend: "premature {{target}}",
            },
          ],
        },
      ],
    },
    {
      title: "Processes",
      panels: [
        {
          kind: "lines",
          title: "CPU of workers",
          help: "Share of one core. Near 1 a worker can't keep its pace: add workers.",
          unit: "percentunit",
          thresholds: [[0.8, "red"]],
          queries: [{ expr: gauge("bench_worker_cpu_ratio"), legend: "worker {{worker}}" }],
        },
        {
          kind: "lines",
          title: "Event loop delay",
          help: "The longest of the last 15 seconds, for each worker.",
          unit: "s",
          queries: [{ expr: gauge("bench_worker_loop_delay_seconds"), legend: "worker {{worker}}" }],
        },
        {
          kind: "lines",
          title: "Sessions of each worker",
          help: "The load is dealt evenly; a worker at 0 in the middle of a run was lost.",
          unit: "short",
          queries: [{ expr: gauge("bench_worker_sessions_open"), legend: "worker {{worker}}" }],
        },
        {
          kind: "lines",
          title: "Lateness of workers on other machines",
          help: "99th percentile in the window so far, for each worker: which machine is it that sends late?",
          unit: "s",
          without: "no data: workers of this machine",
          queries: [
            {
              expr: gauge("bench_worker_send_lateness_p99_seconds"),
              legend: "worker {{worker}} on {{host}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "Clocks of workers on other machines",
          help: "How far off the T0 of a worker may be. Above a tenth of a chunk it degrades the run, above half a chunk it voids it.",
          unit: "s",
          without: "no data: workers of this machine",
          queries: [
            {
              expr: gauge("bench_worker_clock_uncertainty_seconds"),
              legend: "worker {{worker}}: T0 known to",
            },
            {
              expr: gauge("bench_worker_clock_offset_seconds"),
              legend: "worker {{worker}}: wall clock ahead",
            },
          ],
        },
        {
          kind: "lines",
          title: "Stalls",
          help: "A process that did not get to run for 100 ms or more. Half a second inside the window voids the run: the machine was suspended or out of CPU.",
          unit: "s",
          without: "no stalls",
          queries: [{ expr: gauge("bench_stall_longest_seconds"), legend: "longest, {{process}}" }],
        },
        {
          kind: "stat",
          title: "Stalls so far",
          help: "Times that a process of the run stood still.",
          unit: "short",
          width: 6,
          height: 4,
          without: "none",
          thresholds: [[1, "orange"]],
          queries: [{ expr: `sum by (process) (${gauge("bench_stalls_total")})`, legend: "{{process}}" }],
        },
        {
          kind: "stat",
          title: "Workers",
          help: "Processes that make the load.",
          unit: "short",
          width: 6,
          height: 4,
          queries: [{ expr: `sum(${gauge("bench_workers")})`, legend: "workers" }],
        },
        {
          kind: "stat",
          title: "Workers lost",
          help: "Their share of the load is never run again; its sessions count as failed by the generator.",
          unit: "short",
          width: 6,
          height: 4,
          thresholds: [[1, "red"]],
          queries: [{ expr: `sum(${gauge("bench_workers_lost_total")})`, legend: "lost" }],
        },
        {
          kind: "stat",
          title: "Started of scheduled",
          help: "Sessions for which a connection was attempted, of all that were to start.",
          unit: "percentunit",
          width: 6,
          height: 4,
          thresholds: [[0.99, "green"]],
          queries: [
            {
              expr: `sum(${gauge("bench_sessions_started_total")}) / sum(${gauge("bench_sessions_scheduled_total")})`,
              legend: "started",
            },
          ],
        },
        {
          kind: "lines",
          title: "Sessions scheduled",
          help: "A second, by the phase they belong to.",
          unit: "ops",
          queries: [
            { expr: `sum by (phase) (${rate("bench_sessions_scheduled_total")})`, legend: "{{phase}}" },
          ],
        },
      ],
    },
  ],
};
