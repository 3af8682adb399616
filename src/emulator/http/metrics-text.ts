/**
 * The emulator's Prometheus text. `triton`: the names that Triton publishes inside Riva and NIM images, filled by the queue
 * model or by the work that a recogniser really did. `nim`: what is known of the NIM's own endpoint, the metrics of its Python process.
 * Both say that they are emulated, or what stands in.
 * The folder's only importer of prom-client.
 */
import { Counter, Gauge, Registry } from "prom-client";
import type { ServerMark } from "../../base/server-mark.ts";
import { markWord } from "../../base/server-mark.ts";
import type { Engine } from "../engines/engine.ts";
import type { InferenceCounts, InferenceFailure } from "../timing/inference-meter.ts";

/** Of the process that emulates. */
export interface ProcessUsage {
  cpuSeconds: number;
  residentBytes: number;
  startedAtEpochMs: number;
}

export interface MetricsSource {
  engine: Engine;
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
  const { mark, facts } = source.engine;
  const triton = metricsOf(mark);
  const nim = metricsOf(mark);
  for (const metrics of [triton, nim]) {
    if (mark.emulated)
      metrics.gauge("riva_bench_emulated", "1: no real server, these figures are emulated", (set) =>
        set(1, { profile: facts["profile"] ?? "" }),
      );
    else
      metrics.gauge("riva_bench_stand_in", "1: another recogniser than the one that is meant", (set) =>
        set(1, { engine: mark.standIn ?? "" }),
      );
  }
  addInference(triton, source);
  if (mark.emulated) addGpu(triton, source);
  addProcess(nim, source);
  return {
    contentType: triton.registry.contentType,
    triton: () => triton.registry.metrics(),
    nim: () => nim.registry.metrics(),
  };
}

function addInference(metrics: Metrics, { engine }: MetricsSource): void {
  const { meter, models } = engine;
  const model = models.online;
  for (const { name, help, value } of PER_MODEL) {
    metrics.counter(name, help, (add) => {
      for (const [ofModel, counts] of Object.entries(meter.models)) {
        add(Math.round(value(counts)), { model: ofModel, version: VERSION });
      }
    });
  }
  metrics.counter(
    "nv_inference_request_failure",
    "Number of failed inference requests, all batch sizes",
    (add) => {
      for (const [reason, count] of Object.entries(meter.failures) as [InferenceFailure, number][]) {
        add(count, { model, reason, version: VERSION });
      }
    },
  );
  metrics.gauge(
    "nv_inference_pending_request_count",
    "Instantaneous number of pending requests awaiting execution per-model",
    (set) => set(engine.pending, { model, version: VERSION }),
  );
}

function addGpu(metrics: Metrics, { engine: { meter }, nowMs }: MetricsSource): void {
  const labels = { gpu_uuid: "GPU-emulated" };
  metrics.gauge("nv_gpu_utilization", "GPU utilization rate [0.0 - 1.0]: busy share of the queue", (set) =>
    set(meter.utilization(nowMs()), labels),
  );
  metrics.gauge("nv_gpu_memory_total_bytes", "GPU total memory, in bytes; a stand-in", (set) =>
    set(GPU_MEMORY_BYTES.total, labels),
  );
  metrics.gauge("nv_gpu_memory_used_bytes", "GPU used memory, in bytes; a stand-in", (set) =>
    set(GPU_MEMORY_BYTES.used, labels),
  );
}

function addProcess(metrics: Metrics, { usage }: MetricsSource): void {
  metrics.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", (add) =>
    add(usage().cpuSeconds, {}),
  );
  metrics.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", (set) =>
    set(usage().residentBytes, {}),
  );
  metrics.gauge(
    "process_start_time_seconds",
    "Start time of the process since unix epoch in seconds.",
    (set) => set(usage().startedAtEpochMs / 1000, {}),
  );
}

type Tell = (value: number, labels: Record<string, string>) => void;

/** Metrics whose values are kept elsewhere: replaced by them each time they are read. */
interface Metrics {
  registry: Registry;
  counter(name: string, help: string, read: (add: Tell) => void): void;
  gauge(name: string, help: string, read: (set: Tell) => void): void;
}

function metricsOf(mark: ServerMark): Metrics {
  const registry = new Registry();
  const settings = <L extends string>(
    name: string,
    help: string,
    labelNames: L[],
  ): { name: string; help: string; labelNames: L[]; registers: Registry[] } => ({
    name,
    help: `${help} (${markWord(mark) ?? ""})`,
    labelNames,
    registers: [registry],
  });
  return {
    registry,
    counter(name, help, read) {
      new Counter({
        ...settings(name, help, ["model", "version", "reason"]),
        collect() {
          this.reset();
          read((value, labels) => this.inc(labels, value));
        },
      });
    },
    gauge(name, help, read) {
      new Gauge({
        ...settings(name, help, ["model", "version", "gpu_uuid", "profile", "engine"]),
        collect() {
          this.reset();
          read((value, labels) => this.set(labels, value));
        },
      });
    },
  };
}
