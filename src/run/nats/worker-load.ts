/** How a worker on another machine carries its share, gathered on the coordinator's side from what it says once a second. */
import { defined } from "../../base/defined.ts";
import { toThousandths } from "../../base/thousandths.ts";
import type { FromWorker } from "../../loadgen/workers/protocol.ts";
import { metricNamed } from "../../metrics/catalogue/catalogue.ts";
import { ticksPerUnit } from "../../metrics/catalogue/metric.ts";
import { Histogram } from "../../metrics/record/histogram.ts";
import { keyParts } from "../../metrics/record/snapshot.ts";
import type { WorkerLoad } from "../../metrics/result/remote-workers.ts";

export interface WorkerLoadMeter {
  add(message: Extract<FromWorker, { type: "snapshot" | "health" }>): void;
  /** Undefined as long as it has said nothing. */
  load(): WorkerLoad | undefined;
}

export function createWorkerLoadMeter(): WorkerLoadMeter {
  const lateness = new Histogram(ticksPerUnit(metricNamed("send_lateness")?.unit ?? "ms"));
  let heard = false;
  let sessions = 0;
  let cpuShareMax = 0;
  let loopDelayMaxMs = 0;

  return {
    add(message) {
      heard = true;
      if (message.type === "health") {
        cpuShareMax = Math.max(cpuShareMax, message.health.cpuShare);
        loopDelayMaxMs = Math.max(loopDelayMaxMs, message.health.loopDelayMs);
        return;
      }
      const { series, counts } = message.snapshot;
      for (const [key, { histogram }] of Object.entries(series)) {
        const { phase, metric } = keyParts(key);
        if (phase === "steady" && metric === "send_lateness") lateness.addCounts(histogram);
      }
      for (const [key, { scheduled }] of Object.entries(counts))
        if (keyParts(key).phase === "steady") sessions += scheduled;
    },
    load() {
      if (!heard) return undefined;
      const latenessP99Ms = lateness.percentile(99);
      return {
        sessions,
        cpuShareMax: toThousandths(cpuShareMax),
        loopDelayMaxMs: toThousandths(loopDelayMaxMs),
        ...defined({ latenessP99Ms }),
      };
    },
  };
}
