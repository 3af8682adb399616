import fc from "fast-check";
import { readServerMetrics, saysAnything, serverPoint } from "../../../src/metrics/result/server-side.ts";
import { fail } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const names = [
  "nv_inference_request_success",
  "nv_inference_request_failure",
  "nv_inference_exec_count",
  "nv_inference_count",
  "nv_inference_queue_duration_us",
  "nv_inference_compute_infer_duration_us",
  "nv_inference_pending_request_count",
  "nv_gpu_utilization",
  "nv_gpu_power_usage",
  "DCGM_FI_DEV_GPU_UTIL",
  "DCGM_FI_DEV_FB_USED",
];
const labels = [
  '{model="a",version="1"}',
  '{gpu_uuid="x"}',
  '{model="a\\"b"}',
  "{}",
  "",
  '{model="',
  '{UUID="x",gpu="0"}',
];
const numbers = ["0", "1", "1e308", "+Inf", "-Inf", "NaN", "-1", "0.5", "", "x"];

/** Two scrapes, with a line of dashes between them. */
export const exposition: FuzzTarget = {
  name: "exposition",
  about: "a speech server's Prometheus metrics (metrics/server-side.ts)",
  dictionary: [...names, ...labels, ...numbers, "\n---\n", "# HELP "],
  grammar: fc
    .array(
      fc
        .tuple(fc.constantFrom(...names), fc.constantFrom(...labels), fc.constantFrom(...numbers))
        .map(([name, of, value]) => `${name}${of} ${value}`),
      { maxLength: 12 },
    )
    .map((lines) => [...lines.slice(0, 6), "---", ...lines.slice(6), ...lines.slice(0, 4)].join("\n")),
  run(input) {
    const [before = "", after = ""] = input.toString("utf8").split("---");
    const [first, second] = [readServerMetrics(before), readServerMetrics(after)];
    const point = serverPoint(first, second);
    for (const [name, value] of Object.entries(point))
      if (typeof value !== "number" || !Number.isFinite(value) || value < 0) fail(`${name} is ${value}`);
    return `${saysAnything(second)} ${Object.keys(point).sort().join(" ")}`;
  },
};
