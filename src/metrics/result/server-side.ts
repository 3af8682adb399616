/**
 * The server's own metrics, as Triton publishes them under a Riva server or a NIM (and the emulator in their names), and
 * the GPU's by Triton or NVIDIA's DCGM exporter. Counters there are sums since the server's start: what is kept of a run is
 * their growth from one reading to the next.
 * https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
 */
import { defined } from "../../base/defined.ts";

/** What one second of a run looked like from the server's side. What a server does not publish is absent. */
export interface ServerPoint {
  /** Inference requests that ended in it; of the busiest model of a pipeline. */
  requests: number;
  failures: number;
  /** Mean wait and mean computation of a request, the models of a pipeline added up; absent without requests. */
  queueMs?: number;
  computeMs?: number;
  /** Mean inferences of an execution. */
  batch?: number;
  /** Requests that wait, at its end. */
  pending?: number;
  /** Of the busiest GPU, 0 to 1. */
  gpuUtilization?: number;
  /** Of all GPUs. */
  gpuMemoryBytes?: number;
  gpuPowerWatts?: number;
}

/** One reading: values by name and then by model or GPU. */
export type ServerReading = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Reads Prometheus' text format; what it can't read in a line it leaves out. Several expositions may follow each other. */
export function readServerMetrics(text: string): ServerReading {
  const reading = new Map<string, Map<string, number>>();
  for (const [, name = "", labels = "", digits = ""] of text.matchAll(LINE)) {
    const value = Number(digits);
    if (!isCount(value)) continue;
    const entry = KEY_LABEL.exec(labels)?.[1] ?? "";
    const byEntry = reading.get(name) ?? new Map<string, number>();
    reading.set(name, byEntry);
    byEntry.set(entry, (byEntry.get(entry) ?? 0) + value);
  }
  return reading;
}

const LINE = /^((?:nv_|DCGM_FI_DEV_)[A-Za-z0-9_]+)(?:\{(.*)\})? (\S+)/gm;
/** No counter and no gauge of these is negative, infinite, or a millionth of a thousandth: their sums and quotients stay finite. */
function isCount(value: number): boolean {
  return value === 0 || (value >= 1e-9 && value <= Number.MAX_SAFE_INTEGER);
}

/** Failures come once for each reason, everything else once for each version of a model. */
const KEY_LABEL = /(?:^|,)\s*(?:model|gpu_uuid|UUID|gpu)="((?:[^"\\]|\\.)*)"/;

const US_PER_MS = 1000;
const MIB = 2 ** 20;
const COMPUTE = ["input", "infer", "output"].map((part) => `nv_inference_compute_${part}_duration_us`);

/** True when there is anything of an inference server or a GPU in it. */
export function saysAnything(reading: ServerReading): boolean {
  return reading.size > 0;
}

/** What happened between two readings. A counter that fell started over: then all that it shows is new. */
export function serverPoint(before: ServerReading, after: ServerReading): ServerPoint {
  const grown = (name: string, model: string): number => {
    const now = after.get(name)?.get(model) ?? 0;
    const then = before.get(name)?.get(model) ?? 0;
    return now < then ? now : now - then;
  };
  const models = [...(after.get("nv_inference_request_success")?.keys() ?? [])];
  const total = (name: string): number => models.reduce((sum, model) => sum + grown(name, model), 0);
  const perRequest = (names: readonly string[]): number | undefined => {
    let ms: number | undefined;
    for (const model of models) {
      const requests = grown("nv_inference_request_success", model);
      if (requests === 0) continue;
      const us = names.reduce((sum, name) => sum + grown(name, model), 0);
      ms = (ms ?? 0) + us / requests / US_PER_MS;
    }
    return ms;
  };
  const executions = total("nv_inference_exec_count");
  return {
    requests: Math.max(0, ...models.map((model) => grown("nv_inference_request_success", model))),
    failures: total("nv_inference_request_failure"),
    ...defined({
      queueMs: perRequest(["nv_inference_queue_duration_us"]),
      computeMs: perRequest(COMPUTE),
      batch: executions > 0 ? total("nv_inference_count") / executions : undefined,
      pending: sumOf(after, "nv_inference_pending_request_count"),
      ...gpu(after),
    }),
  };
}

function gpu(after: ServerReading): Gaps {
  const busiest = (name: string): number | undefined => {
    const values = [...(after.get(name)?.values() ?? [])];
    return values.length === 0 ? undefined : Math.max(...values);
  };
  const percent = busiest("DCGM_FI_DEV_GPU_UTIL");
  const usedMib = sumOf(after, "DCGM_FI_DEV_FB_USED");
  return {
    gpuUtilization: busiest("nv_gpu_utilization") ?? (percent === undefined ? undefined : percent / 100),
    gpuMemoryBytes:
      sumOf(after, "nv_gpu_memory_used_bytes") ?? (usedMib === undefined ? undefined : usedMib * MIB),
    gpuPowerWatts: sumOf(after, "nv_gpu_power_usage") ?? sumOf(after, "DCGM_FI_DEV_POWER_USAGE"),
  };
}

function sumOf(reading: ServerReading, name: string): number | undefined {
  const values = reading.get(name);
  return values === undefined ? undefined : [...values.values()].reduce((sum, value) => sum + value, 0);
}

type Gaps = { [Key in Exclude<keyof ServerPoint, "requests" | "failures">]?: number | undefined };
