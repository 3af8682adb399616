import { describe, expect, it } from "vitest";
import { readServerMetrics, saysAnything, serverPoint } from "./server-side.ts";

/** Triton's text of a two-step pipeline after so many requests, each with its queue and compute time in ms. */
function triton(requests: number, queueMs: number, computeMs: number, pending = 0): string {
  const model = (name: string): string => `
nv_inference_request_success{model="${name}",version="1"} ${requests}
nv_inference_count{model="${name}",version="1"} ${requests * 4}
nv_inference_exec_count{model="${name}",version="1"} ${requests}
nv_inference_queue_duration_us{model="${name}",version="1"} ${requests * queueMs * 1000}
nv_inference_compute_input_duration_us{model="${name}",version="1"} 0
nv_inference_compute_infer_duration_us{model="${name}",version="1"} ${requests * computeMs * 1000}
nv_inference_compute_output_duration_us{model="${name}",version="1"} 0
nv_inference_pending_request_count{model="${name}",version="1"} ${pending}`;
  return `# HELP nv_inference_request_success Number of successful inference requests
# TYPE nv_inference_request_success counter${model("features")}${model("acoustic")}
nv_inference_request_failure{model="acoustic",reason="REJECTED",version="1"} ${requests / 10}
nv_inference_request_failure{model="acoustic",reason="OTHER",version="1"} 0
nv_gpu_utilization{gpu_uuid="GPU-a"} 0.5
nv_gpu_utilization{gpu_uuid="GPU-b"} 0.75
nv_gpu_memory_used_bytes{gpu_uuid="GPU-a"} 1e9
nv_gpu_memory_used_bytes{gpu_uuid="GPU-b"} 2e9
python_gc_objects_collected_total{generation="0"} 5
`;
}

describe("a second of a server", () => {
  it("is the growth of its counters: a pipeline's steps add up, its requests don't", () => {
    const point = serverPoint(readServerMetrics(triton(100, 3, 7)), readServerMetrics(triton(150, 6, 7, 4)));
    expect(point).toEqual({
      requests: 50,
      failures: 5,
      // Each of two models: (150 x 6 - 100 x 3) / 50 = 12 ms.
      queueMs: 24,
      computeMs: 14,
      batch: 4,
      pending: 8,
      gpuUtilization: 0.75,
      gpuMemoryBytes: 3e9,
    });
  });

  it("has no times without requests", () => {
    const same = readServerMetrics(triton(100, 3, 7));
    expect(serverPoint(same, same)).toMatchObject({ requests: 0, failures: 0 });
    expect(serverPoint(same, same)).not.toHaveProperty("queueMs");
  });

  it("counts from nothing after a restart", () => {
    const point = serverPoint(readServerMetrics(triton(100, 3, 7)), readServerMetrics(triton(10, 1, 2)));
    expect(point).toMatchObject({ requests: 10, queueMs: 2, computeMs: 4 });
  });

  it("takes the GPU from DCGM where Triton has none", () => {
    const reading = readServerMetrics(
      'DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-a"} 40\nDCGM_FI_DEV_FB_USED{gpu="0",UUID="GPU-a"} 1024\nDCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a"} 210.5 1700000000\n',
    );
    expect(serverPoint(reading, reading)).toEqual({
      requests: 0,
      failures: 0,
      gpuUtilization: 0.4,
      gpuMemoryBytes: 1024 * 2 ** 20,
      gpuPowerWatts: 210.5,
    });
  });

  it("is nothing when the page is about something else", () => {
    expect(saysAnything(readServerMetrics("process_cpu_seconds_total 5\n<html>\n"))).toBe(false);
  });

  it("leaves out what no counter and no gauge shows: below 0, infinite, beyond whole numbers", () => {
    for (const number of ["-1", "Inf", "+Inf", "-Inf", "NaN", "1e308", "1e-320", "x"])
      expect(saysAnything(readServerMetrics(`nv_gpu_power_usage{gpu_uuid="a"} ${number}`)), number).toBe(
        false,
      );
  });
});
