/** Run folders with records, for what judges stored runs: sessions whose finals come exactly when the test says. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judgeSlo } from "../../src/metrics/judge/gate.ts";
import type { Observation } from "../../src/metrics/observation/observation.ts";
import { createRecorder } from "../../src/metrics/record/recorder.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { buildRunResult } from "../../src/metrics/result/result.ts";
import { inMicroseconds, sessionRecord } from "../../src/metrics/result/session-record.ts";
import { parseSlo } from "../../src/metrics/judge/slo.ts";
import { createTotals } from "../../src/metrics/record/totals.ts";
import { PASSED } from "./sample-result.ts";
import { FOUR_WORDS, sketch } from "./timeline.ts";

export interface StoredRunSpec {
  id: string;
  sessions: number;
  /** From the end of the audio to the final of session `seq`. */
  finalMs(seq: number): number;
  fails?(seq: number): boolean;
  slo?: readonly string[];
  validity?: RunResult["validity"];
  /** Day of the month it was made on. */
  day?: number;
  text?: string;
}

const WINDOW = { startMs: 0, endMs: 1_000_000 };

/** Writes result.json and the records; returns the folder. */
export function storeRun(parent: string, spec: StoredRunSpec): string {
  const { id, slo = ["final_from_close p95 < 800ms", "error_ratio < 1%"], day = 1 } = spec;
  const folder = join(parent, id);
  mkdirSync(folder, { recursive: true });
  const slos = slo.map((text) => parseSlo(text));
  const observations = Array.from({ length: spec.sessions }, (_, seq) => observation(seq, spec));
  const recorder = createRecorder({ window: WINDOW, slos });
  const totals = createTotals({ window: WINDOW, slos });
  for (const one of observations) recorder.record(one);
  totals.add(recorder.snapshot(0, 1000));
  const metrics = totals.summaries();
  const at = `2025-03-${`${day}`.padStart(2, "0")}T10:00:00.000Z`;
  const result = buildRunResult({
    ...PASSED,
    validity: spec.validity ?? PASSED.validity,
    slos: slos.map((one, index) => judgeSlo(one, metrics[one.metric], totals.tally(index))),
    run: { ...PASSED.run, id, startedAt: at, endedAt: at },
    scenario: { ...(PASSED.scenario as object), slo },
    window: { warmupMs: 0, steadyMs: WINDOW.endMs, drainMs: 0 },
    sessions: totals.counts("steady"),
    metrics,
    byStage: {},
    timeline: [],
  });
  writeFileSync(join(folder, "result.json"), JSON.stringify(result));
  writeFileSync(join(folder, "clips.ndjson"), `${JSON.stringify(FOUR_WORDS)}\n`);
  writeFileSync(
    join(folder, "sessions.ndjson"),
    observations.map((one) => `${JSON.stringify(sessionRecord(one))}\n`).join(""),
  );
  return folder;
}

function observation(
  seq: number,
  { finalMs, fails, text = "one two three four." }: StoredRunSpec,
): Observation {
  const startMs = seq * 100;
  const finalAtMs = startMs + 1020 + finalMs(seq);
  return inMicroseconds(
    sketch({
      ...{ seq, startMs, endedMs: finalAtMs + 1 },
      said: [
        [startMs + 500, "one", 300],
        [finalAtMs, text, 1000],
      ],
      ...(fails?.(seq) === true ? { failure: {} } : {}),
    }),
  );
}
