/** Is the estimate for another `stop_history` what a run at that setting measures? Held against the emulator, which decides by known rules. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { AtSetting, EndpointingStudy } from "../../src/metrics/judge/endpointing.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { bench, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";

const MEASURED_MS = 800;
/** Shorter, with pauses of speakers among what it closes; and longer. */
const OTHERS_MS = [160, 1200] as const;
/** Milliseconds that an answer may wait for the CPU of a busy machine, and the estimate therefore miss. */
const TOLERANCE_MS = 15;

const scenario = (stopHistoryMs: number): string => `
name: endpointing-${stopHistoryMs}
load: { model: constant, rate: 5 }
duration: { warmup: 1s, steady: 10s }
audio: { padding: { after: 2s }, clips: { max: 7s } }
recognition: { endpointing: { stopHistoryMs: ${stopHistoryMs} } }
slo: [error_ratio < 1%]
`;

interface Measured {
  result: RunResult;
  folder: string;
  study: EndpointingStudy;
}

async function measured(stopHistoryMs: number, flags: readonly string[]): Promise<Measured> {
  return undisturbed(async () => {
    const folder = join(tempFolder(), "run");
    const file = join(tempFolder(), "scenario.yaml");
    writeFileSync(file, scenario(stopHistoryMs));
    await bench(["--scenario", file, "--seed", "7", "--out", folder, "--quiet"]);
    const { stdout, stderr } = await bench(["endpointing", folder, "--json", ...flags]);
    expect(stderr).toBe("");
    return { result: readRun(folder).result, folder, study: JSON.parse(stdout) as EndpointingStudy };
  });
}

let base: Measured;
const truths: AtSetting[] = [];
beforeAll(async () => {
  base = await measured(MEASURED_MS, ["--stop-history", [MEASURED_MS, ...OTHERS_MS].join("ms,") + "ms"]);
  for (const ms of OTHERS_MS) {
    const { study } = await measured(ms, ["--stop-history", `${ms}ms`]);
    truths.push(study.whatIf!.measured);
  }
}, 400_000);

describe("a run against the emulator at a stop_history of 800 ms", () => {
  it("has its finals by endpointing, in parts that add up and match the emulator's own figures", () => {
    const { endpointed, atStreamEnd, notApart } = base.study;
    expect(base.result.target.emulated).toBe(true);
    expect([atStreamEnd.total.count, notApart]).toEqual([0, []]);
    expect(endpointed.total.count).toBe(base.result.sessions.completed);
    expect(base.result.metrics["endpointing_wait"]?.count).toBe(endpointed.total.count);
    // 800 ms of silence, up to 160 ms to the next chunk of the server, up to 100 ms to the end of the client's.
    expect(endpointed.audio.p50).toBeGreaterThan(MEASURED_MS);
    expect(endpointed.audio.p50).toBeLessThan(MEASURED_MS + 260);
    // The profile gives a final three times the delay of another answer.
    expect((endpointed.flush.p50 ?? NaN) / (endpointed.compute.p50 ?? NaN)).toBeCloseTo(2, 0);
  });

  it("is estimated at its own setting as it was measured", () => {
    const { measured, estimates } = base.study.whatIf!;
    expect(estimates[0]).toEqual(measured);
  });

  it.each(OTHERS_MS.map((ms, index) => [ms, index] as const))(
    "foretells p50, p95 and the finals of a run at %i ms",
    (ms, index) => {
      const estimate = base.study.whatIf!.estimates[index + 1]!;
      const truth = truths[index]!;
      expect(estimate.stopHistoryMs).toBe(ms);
      for (const name of ["p50", "p95"] as const)
        expect(Math.abs((estimate.final[name] ?? NaN) - (truth.final[name] ?? NaN)), name).toBeLessThan(
          TOLERANCE_MS,
        );
      // The same sessions: an open load starts what the plan says.
      expect(estimate.final.count).toBe(truth.final.count);
      expect(estimate.endpointed).toBe(truth.endpointed);
      expect(estimate.pauses).toEqual(truth.pauses);
      expect(truth.pauses.extraFinals > 0).toBe(ms === 160);
    },
  );
});
