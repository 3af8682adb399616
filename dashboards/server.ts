/** The server's side: Triton's own metrics, under a Riva server, a NIM or the emulator, beside what callers feel. */
import { choice, SCENARIO, TARGET, type Board } from "./board.ts";
import { GPU_PANELS } from "./gpu.ts";

const CHOSEN = 'job=~"$server", model=~"$model"';
const rateOf = (name: string): string => `sum by (instance) (rate(${name}{${CHOSEN}}[$__rate_interval]))`;
/** Microseconds of something for each request, as seconds; by ratio of rates. */
const perRequest = (name: string): string =>
  `${rateOf(name)} / (${rateOf("nv_inference_request_success")} > 0) / 1e6`;

const NO_SERVER =
  "no server metrics: scrape the target (Triton 8002, NIM 9000, or bench emulator --http-port)";

export const SERVER: Board = {
  uid: "riva-bench-server",
  title: "riva-bench / Server and GPU",
  description: "Where the time goes inside the server. The emulator's metrics carry a label that says so.",
  variables: [
    SCENARIO,
    TARGET,
    choice("server", "Server job", "nv_inference_request_success, job", "Scrape job of the server."),
    choice("model", "Model", "nv_inference_request_success, model", "A pipeline shows once for each step."),
  ],
  rows: [
    {
      title: "Time inside the server",
      panels: [
        {
          kind: "stack",
          title: "Queue and compute for each request",
          help: "Mean time of an inference request, split. A growing queue is the sign of saturation; growing compute of larger batches or a slower GPU.",
          unit: "s",
          without: NO_SERVER,
          queries: [
            { expr: perRequest("nv_inference_queue_duration_us"), legend: "queue {{instance}}" },
            { expr: perRequest("nv_inference_compute_input_duration_us"), legend: "input {{instance}}" },
            { expr: perRequest("nv_inference_compute_infer_duration_us"), legend: "infer {{instance}}" },
            { expr: perRequest("nv_inference_compute_output_duration_us"), legend: "output {{instance}}" },
          ],
        },
        {
          kind: "lines",
          title: "Queue as a share of the request",
          help: "Time spent waiting of all time in the server. Above a half the server is the bottleneck.",
          unit: "percentunit",
          without: NO_SERVER,
          thresholds: [[0.5, "red"]],
          queries: [
            {
              expr: `${rateOf("nv_inference_queue_duration_us")} / (${rateOf("nv_inference_request_duration_us")} > 0)`,
              legend: "{{instance}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "Requests, and failures",
          help: "Inference requests a second, as the server counts them.",
          unit: "ops",
          without: NO_SERVER,
          queries: [
            { expr: rateOf("nv_inference_request_success"), legend: "succeeded {{instance}}" },
            {
              expr: `sum by (instance, reason) (rate(nv_inference_request_failure{${CHOSEN}}[$__rate_interval]))`,
              legend: "failed {{reason}} {{instance}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "Waiting requests",
          help: "Requests in the queue now. It should return to about nothing between bursts.",
          unit: "short",
          without: NO_SERVER,
          queries: [
            {
              expr: `sum by (instance, model) (nv_inference_pending_request_count{${CHOSEN}})`,
              legend: "{{model}} {{instance}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "Batch size",
          help: "Inferences for each execution. Larger batches carry more streams, at a higher latency.",
          unit: "short",
          without: NO_SERVER,
          queries: [
            {
              expr: `${rateOf("nv_inference_count")} / (${rateOf("nv_inference_exec_count")} > 0)`,
              legend: "{{instance}}",
            },
          ],
        },
        {
          kind: "lines",
          title: "Beside it: response latency of the run",
          help: "p95 of what callers waited for each response: the server's time is a part of it.",
          unit: "s",
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (target, le) (rate(bench_response_latency_seconds_bucket{scenario=~"$scenario", target=~"$target"}[$__rate_interval])))',
              legend: "p95 {{target}}",
            },
          ],
        },
      ],
    },
    { title: "GPU", panels: GPU_PANELS },
  ],
};
