/** A run that exporters look at, made of hand-made sessions. */
import type { Observation } from "../../src/metrics/observation/observation.ts";
import { createRecorder } from "../../src/metrics/record/recorder.ts";
import type { RunFacts } from "../../src/watch/run-view.ts";
import { createRunState, type RunState } from "../../src/watch/run-state.ts";
import { parseSlo } from "../../src/metrics/judge/slo.ts";
import { createTotals, type Totals } from "../../src/metrics/record/totals.ts";

export const WATCHED_SLOS: readonly string[] = [
  "first_partial_from_onset p95 < 271ms",
  "final_from_speech_end p95 < 1200ms",
  "error_ratio < 1%",
];

export const WATCHED_FACTS: RunFacts = {
  runId: "2025-03-14T09-26-53-smoke-5f3a",
  scenario: "smoke",
  target: { name: "emulator-nim", kind: "riva-grpc", emulated: true, model: "emulated-nim-160ms" },
  tool: "riva-bench 0.1.0",
  git: "4eddfff1c2ab",
  node: "v20.20.2",
  host: "bench-1",
  planHash: "9b1c4f0e72aa63d5",
  startedAtEpochMs: Date.UTC(2025, 2, 14, 9, 26, 53),
  window: { startMs: 1000, endMs: 11_000 },
  chunkMs: 100,
  slos: WATCHED_SLOS.map((text) => parseSlo(text)),
  planned: { unit: "sessions", levelAt: () => 10 },
};

/** The sessions as one worker's only snapshot. */
export function watchedRun(observations: readonly Observation[]): { watch: RunState; totals: Totals } {
  const { window, slos } = WATCHED_FACTS;
  const recorder = createRecorder({ window, slos });
  for (const observation of observations) recorder.record(observation);
  const snapshot = recorder.snapshot(0, 12_000);
  const totals = createTotals({ window, slos });
  totals.add(snapshot);
  const watch = createRunState(WATCHED_FACTS, 2);
  watch.tick({ totals, windowEndMs: window.endMs });
  watch.snapshot(snapshot);
  return { watch, totals };
}
