/** Is the estimate for another `stop_history` what a run at that setting measures? Held against the emulator, which decides by known rules. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { AtSetting, EndpointingStudy } from "../../src/metrics/judge/endpointing.ts";
import { EndpointingTally } from "../../src/metrics/judge/endpointing.ts";
import type { Observation } from "../../src/metrics/observation/observation.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { completedSessions } from "../../src/store/session-details.ts";
import { bench, readRun, tempFolder } from "../support/bench-process.ts";
import { unlessSpoiled } from "../support/stalls.ts";

const MEASURED_MS = 800;
/** One so short that it closes in pauses of the speakers, and a longer one. */
const OTHERS_MS = [160, 1200] as const;
/** Milliseconds that answers of two runs may differ by: each is some 15 ms, and waits for the CPU besides. */
const TOLERANCE_MS = 15;

/** An open load: both runs have the same sessions. */
const scenario = (stopHistoryMs: number): string => `
name: endpointing-${stopHistoryMs}
load: { model: constant, rate: 5 }
duration: { warmup: 1s, steady: 10s }
audio: { chunk: 200ms, padding: { after: 2s }, clips: { max: 7s } }
recognition: { endpointing: { stopHistoryMs: ${stopHistoryMs} } }
slo: [error_ratio < 1%]
`;

interface Run {
  result: RunResult;
  folder: string;
  sessions: Map<number, Observation>;
}

async function runAt(stopHistoryMs: number): Promise<Run> {
  const folder = join(tempFolder(), "run");
  const file = join(tempFolder(), "scenario.yaml");
  writeFileSync(file, scenario(stopHistoryMs));
  await bench(["--scenario", file, "--seed", "7", "--out", folder, "--quiet"]);
  const sessions = new Map<number, Observation>();
  for await (const session of completedSessions(folder)) sessions.set(session.seq, session);
  return { result: readRun(folder).result, folder, sessions };
}

/** The study of the sessions that completed in both runs. */
function studyOf({ sessions }: Run, measuredAtMs: number, beside: Run, settingMs: number): EndpointingStudy {
  const tally = new EndpointingTally(measuredAtMs, [settingMs]);
  for (const [seq, session] of sessions) if (beside.sessions.has(seq)) tally.add(session);
  return tally.end();
}

interface Pair {
  settingMs: number;
  estimate: AtSetting;
  truth: AtSetting;
}

/** The estimate from the base run, and what a run at that setting measured of the same sessions; none without any in common. */
function pairOf(base: Run, other: Run, settingMs: number): Pair[] {
  const [estimate] = studyOf(base, MEASURED_MS, other, settingMs).whatIf?.estimates ?? [];
  const truth = studyOf(other, settingMs, base, settingMs).whatIf?.measured;
  return estimate === undefined || truth === undefined ? [] : [{ settingMs, estimate, truth }];
}

/** Enough sessions, and the same percentiles. */
function isForetold({ estimate, truth }: Pair): boolean {
  return (
    truth.final.count > 40 &&
    (["p50", "p95"] as const).every(
      (name) => Math.abs((estimate.final[name] ?? NaN) - (truth.final[name] ?? NaN)) < TOLERANCE_MS,
    )
  );
}

it(
  "predicts the finals of runs at a shorter and a longer stop_history",
  { timeout: 500_000 },
  async (test) => {
    const { base, pairs } = await unlessSpoiled(
      async () => {
        const base = await runAt(MEASURED_MS);
        const others = [await runAt(OTHERS_MS[0]), await runAt(OTHERS_MS[1])];
        const pairs = OTHERS_MS.flatMap((ms, index) => pairOf(base, others[index]!, ms));
        return { base, pairs };
      },
      // What holds on a busy machine holds.
      ({ pairs }) => pairs.length < OTHERS_MS.length || !pairs.every(isForetold),
      (why) => test.skip(why),
    );

    for (const { settingMs, estimate, truth } of pairs) {
      expect(estimate.final.count).toBe(truth.final.count);
      // To the session: positions, pauses and chunks are not a matter of milliseconds.
      expect(estimate.endpointed).toBe(truth.endpointed);
      expect(estimate.pauses).toEqual(truth.pauses);
      expect(truth.pauses.extraFinals > 0).toBe(settingMs === OTHERS_MS[0]);
      // The two settings are far from each other, and so are their finals.
      expect(
        Math.abs((truth.final.p50 ?? NaN) - (base.result.metrics["final_from_speech_end"]?.p50 ?? NaN)),
      ).toBeGreaterThan(300);
    }

    const flags = ["--stop-history", "800ms", "--json"];
    const { stdout, stderr, code } = await bench(["endpointing", base.folder, ...flags]);
    expect([stderr, code]).toEqual(["", 0]);
    const { endpointed, atStreamEnd, notApart, whatIf } = JSON.parse(stdout) as EndpointingStudy;
    expect([atStreamEnd.total.count, notApart]).toEqual([0, []]);
    expect(endpointed.total.count).toBe(base.result.sessions.completed);
    expect(base.result.metrics["endpointing_wait"]?.count).toBe(endpointed.total.count);
    expect(whatIf?.estimates[0]).toEqual(whatIf?.measured);
    expect(whatIf?.stepMs).toBe(160);
    // 800 ms of silence, up to 160 ms to the next chunk of the server, up to 200 ms to the end of the client's; most speech ends are annotated within 50 ms of the last word.
    expect(endpointed.audio.p50).toBeGreaterThan(MEASURED_MS - 50);
    expect(endpointed.audio.p50).toBeLessThan(MEASURED_MS + 410);
    // The emulator takes no longer for a final by endpointing than for any other answer.
    expect(Math.abs(endpointed.flush.p50 ?? NaN)).toBeLessThan(10);
  },
);
