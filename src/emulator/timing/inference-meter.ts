/**
 * What an inference server would count of the work that the queue of `model.ts` does. A chunk of one stream is one inference request;
 * all requests of a batch are computed for as long as the batch lasts, so that the sums relate as Triton's do:
 * request = queue + compute + output. Each batch is counted as it begins.
 */
import type { Served } from "./model.ts";

/** Why a request failed, in Triton's words. */
export type InferenceFailure = "REJECTED" | "CANCELED" | "BACKEND" | "OTHER";

/** Of one model. Durations are sums over its requests, in milliseconds. */
export interface InferenceCounts {
  succeeded: number;
  /** Batches that held at least one request of this model. */
  executions: number;
  queueMs: number;
  computeMs: number;
  /** Network, decoding, text, and what finals take on top. */
  outputMs: number;
}

/** A share of busy time says something only over a stretch of time. */
const UTILIZATION_OVER_MS = 1000;

export class InferenceMeter {
  readonly models: Readonly<Record<string, InferenceCounts>>;
  readonly failures: Record<InferenceFailure, number> = { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 0 };
  #busyMs = 0;
  #utilization = 0;
  #lookedAtMs: number;
  #lookedAtBusyMs = 0;

  /** @param nowMs the time at which counting begins */
  constructor(models: readonly string[], nowMs: number) {
    this.models = Object.fromEntries(
      models.map((model) => [model, { succeeded: 0, executions: 0, queueMs: 0, computeMs: 0, outputMs: 0 }]),
    );
    this.#lookedAtMs = nowMs;
  }

  /** A batch begins; an observer of the queue, so a property rather than a method. */
  readonly batch = (
    beginsMs: number,
    doneMs: number,
    served: readonly Served<{ model: string; arrivedMs: number }>[],
  ): void => {
    this.#busyMs += doneMs - beginsMs;
    const inBatch = new Set<InferenceCounts>();
    for (const { payload, leavesMs } of served) {
      const counts = this.models[payload.model];
      if (!counts) continue;
      inBatch.add(counts);
      counts.succeeded++;
      counts.queueMs += beginsMs - payload.arrivedMs;
      counts.computeMs += doneMs - beginsMs;
      counts.outputMs += leavesMs - doneMs;
    }
    for (const counts of inBatch) counts.executions++;
  };

  /** All counts begin again, as when a server restarts. */
  reset(): void {
    for (const counts of Object.values(this.models)) {
      Object.assign(counts, { succeeded: 0, executions: 0, queueMs: 0, computeMs: 0, outputMs: 0 });
    }
    Object.assign(this.failures, { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 0 });
  }

  /** Requests of the streaming model that got no answer. */
  failed(reason: InferenceFailure, count = 1): void {
    this.failures[reason] += count;
  }

  /** Share of the last second or more in which the server worked: 0 to 1. */
  utilization(nowMs: number): number {
    const passedMs = nowMs - this.#lookedAtMs;
    if (passedMs >= UTILIZATION_OVER_MS) {
      // A batch counts when it begins, so a look in its middle sees some of the future.
      this.#utilization = Math.min(1, (this.#busyMs - this.#lookedAtBusyMs) / passedMs);
      this.#lookedAtMs = nowMs;
      this.#lookedAtBusyMs = this.#busyMs;
    }
    return this.#utilization;
  }
}
