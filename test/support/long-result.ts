/** An hour of 500 callers, made up: what the largest page has to hold. */
import { createDigest } from "../../src/metrics/result/session-digest.ts";
import type { SessionDigest } from "../../src/metrics/result/session-digest.ts";
import type { RunResult, TimelinePoint } from "../../src/metrics/result/result.ts";
import { Histogram } from "../../src/metrics/record/histogram.ts";
import { PASSED } from "./sample-result.ts";
import { spokenSession } from "./session-line.ts";

const SECONDS = 3600;

/** Every second differs from the one before, so that nothing gets small by repeating itself. */
function wave(second: number, base: number): number {
  return base * (1 + 0.3 * Math.sin(second / 60) + ((second * 7919) % 101) / 300);
}

export function hourLongResult(): RunResult {
  const timeline = Array.from({ length: SECONDS }, (_, second): TimelinePoint => {
    const metric = (base: number): TimelinePoint["metrics"][string] => {
      const p50 = wave(second, base);
      return { count: 100, p50, p95: p50 * 1.7, p99: p50 * 2.1, max: p50 * 2.4 };
    };
    return {
      fromMs: second * 1000,
      toMs: (second + 1) * 1000,
      phase: "steady",
      open: 490 + (second % 11),
      ended: { scheduled: 101, completed: 100, failed: second % 97 === 0 ? 3 : 0, dropped: 0 },
      metrics: Object.fromEntries(Object.keys(PASSED.metrics).map((name) => [name, metric(300)])),
      loopDelayMs: wave(second, 9),
      server: {
        ...{ requests: Math.round(wave(second, 3000)), failures: second % 97 === 0 ? 3 : 0 },
        ...{ queueMs: wave(second, 12), computeMs: wave(second, 30), batch: wave(second, 16) },
        ...{
          pending: second % 23,
          gpuUtilization: wave(second, 0.5),
          gpuMemoryBytes: 9e9,
          gpuPowerWatts: wave(second, 200),
        },
      },
    };
  });
  const histogram = new Histogram(1000);
  for (let n = 0; n < 100_000; n++) histogram.record(200 + ((n * 7919) % 4001) / 5);
  const metrics = Object.fromEntries(
    Object.entries(PASSED.metrics).map(([name, summary]) => [
      name,
      summary.unit === "ms" ? { ...summary, histogram: histogram.encode() } : summary,
    ]),
  );
  return { ...PASSED, metrics, timeline, window: { warmupMs: 0, steadyMs: SECONDS * 1000, drainMs: 0 } };
}

/** Of sessions as long as their number is large, failed ones of all kinds among them. */
export function hourLongDigest(result: RunResult): SessionDigest {
  const digest = createDigest(result);
  const failures = ["deadline", "unavailable", "internal", "reset", "no-final"] as const;
  for (let seq = 0; seq < 20_000; seq++) {
    const failed = seq % 50 === 0 ? failures[(seq / 50) % failures.length] : undefined;
    digest.add(spokenSession({ seq, scheduledMs: seq * 180, audioMs: 60_000, ...(failed && { failed }) }));
  }
  return digest.end();
}
