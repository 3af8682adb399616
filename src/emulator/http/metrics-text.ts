/**
 * The emulator's Prometheus text. `triton`: the names that Triton publishes inside Riva and NIM images, filled by the queue
 * model. `nim`: what is known of the NIM's own endpoint, the metrics of its Python process. Both say that they are emulated.
 * The folder's only importer of prom-client.
 */
import { Counter, Gauge, Registry } from "prom-client";
import type { InferenceCounts, InferenceFailure, InferenceMeter } from "../timing/inference-meter.ts";

/** Of the process that emulates. */
export interface ProcessUsage {
  cpuSeconds: number;
  residentBytes: number;
  startedAtEpochMs: number;
}

export interface MetricsSource {
  /** Profile that is imitated. */
  profile: string;
  /** Model whose queue the pending requests wait in. */
  model: string;
  meter: InferenceMeter;
  /** Requests that wait for the server, those without a sequence slot included. */
  pending: () => number;
  nowMs: () => number;
  usage: () => ProcessUsage;
}

export interface MetricsText {
  contentType: string;
  triton: () => Promise<string>;
  nim: () => Promise<string>;
}

const US_PER_MS = 1000;
const VERSION = "1";
/** Stand-ins: an H100 with Parakeet CTC 1.1b in it, as reported by third parties. */
const GPU_MEMORY_BYTES = { total: 80e9, used: 15e9 };

/** Metrics that each model has one of. */
const PER_MODEL: readonly {
  name: string;
  help: string;
  value: (counts: InferenceCounts) => number;
}[] = [
  {
    name: "nv_inference_request_success",
    help: "Number of successful inference requests, all batch sizes",
    value: (counts) => counts.succeeded,
  },
  {
    name: "nv_inference_count",
    help: "Number of inferences performed (does not include cached requests)",
    value: (counts) => counts.succeeded,
  },
  {
    name: "nv_inference_exec_count",
    help: "Number of model executions performed (batches)",
    value: (counts) => counts.executions,
  },
  {
    name: "nv_inference_request_duration_us",
    help: "Cumulative inference request duration in microseconds (includes queue time)",
    value: ({ queueMs, computeMs, outputMs }) => (queueMs + computeMs + outputMs) * US_PER_MS,
  },
  {
    name: "nv_inference_queue_duration_us",
    help: "Cumulative inference queuing duration in microseconds",
    value: (counts) => counts.queueMs * US_PER_MS,
  },
  {
    name: "nv_inference_compute_input_duration_us",
    help: "Cumulative compute input duration in microseconds; the emulator has none",
    value: () => 0,
  },
  {
    name: "nv_inference_compute_infer_duration_us",
    help: "Cumulative compute inference duration in microseconds",
    value: (counts) => counts.computeMs * US_PER_MS,
  },
  {
    name: "nv_inference_compute_output_duration_us",
    help: "Cumulative compute output duration in microseconds",
    value: (counts) => counts.outputMs * US_PER_MS,
  },
];

/** The metrics of one emulator, read from `source` whenever they are asked for. */
export function metricsText(source: MetricsSource): MetricsText {
  const triton = new Registry();
  const nim = new Registry();
  for (const registry of [triton, nim]) {
    gauge(registry, "riva_bench_emulated", "1: no real server, these figures are emulated", (set) =>
      set(1, { profile: source.profile }),
    );
  }
  addInference(triton, source);
  addGpu(triton, source);
  addProcess(nim, source);
  return { contentType: triton.contentType, triton: () => triton.metrics(), nim: () => nim.metrics() };
}

function addInference(registry: Registry, { meter, model, pending }: MetricsSource): void {
  for (const { name, help, value } of PER_MODEL) {
    counter(registry, name, help, (add) => {
      for (const [ofModel, counts] of Object.entries(meter.models)) {
        add(Math.round(value(counts)), { model: ofModel, version: VERSION });
      }
    });
  }
  counter(
    registry,
    "nv_inference_request_failure",
    "Number of failed inference requests, all batch sizes",
    (add) => {
      for (const [reason, count] of Object.entries(meter.failures) as [InferenceFailure, number][]) {
        add(count, { model, reason, version: VERSION });
      }
    },
  );
  gauge(
    registry,
    "nv_inference_pending_request_count",
    "Instantaneous number of pending requests awaiting execution per-model",
    (set) => set(pending(), { model, version: VERSION }),
  );
}

function addGpu(registry: Registry, { meter, nowMs }: MetricsSource): void {
  const labels = { gpu_uuid: "GPU-emulated" };
  gauge(registry, "nv_gpu_utilization", "GPU utilization rate [0.0 - 1.0]: busy share of the queue", (set) =>
    set(meter.utilization(nowMs()), labels),
  );
  gauge(registry, "nv_gpu_memory_total_bytes", "GPU total memory, in bytes; a stand-in", (set) =>
    set(GPU_MEMORY_BYTES.total, labels),
  );
  gauge(registry, "nv_gpu_memory_used_bytes", "GPU used memory, in bytes; a stand-in", (set) =>
    set(GPU_MEMORY_BYTES.used, labels),
  );
}

function addProcess(registry: Registry, { usage }: MetricsSource): void {
  counter(registry, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", (add) =>
    add(usage().cpuSeconds, {}),
  );
  gauge(registry, "process_resident_memory_bytes", "Resident memory size in bytes.", (set) =>
    set(usage().residentBytes, {}),
  );
  gauge(
    registry,
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
    (set) => set(usage().startedAtEpochMs / 1000, {}),
  );
}

type Tell = (value: number, labels: Record<string, string>) => void;

/** A counter whose values are kept elsewhere: replaced by them each time it is read. */
function counter(registry: Registry, name: string, help: string, read: (add: Tell) => void): void {
  new Counter({
    name,
    help: emulated(help),
    labelNames: ["model", "version", "reason"],
    registers: [registry],
    collect() {
      this.reset();
      read((value, labels) => this.inc(labels, value));
    },
  });
}

function gauge(registry: Registry, name: string, help: string, read: (set: Tell) => void): void {
  new Gauge({
    name,
    help: emulated(help),
    labelNames: ["model", "version", "gpu_uuid", "profile"],
    registers: [registry],
    collect() {
      this.reset();
      read((value, labels) => this.set(labels, value));
    },
  });
}

function emulated(help: string): string {
  return `${help} (emulated)`;
}
