/** The emulator's profiles against NVIDIA's published table (ASR NIM 1.4.0, set A), measured as NVIDIA measures. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { bench, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";

/** Average and p95 in ms by number of streams; 16 at 960 ms is not published: from the straight line through the table. */
const TABLES = {
  nim: { chunkMs: 160, rows: { 1: [14, 13.7], 16: [21, 28], 64: [42, 55] } },
  legacy: { chunkMs: 960, rows: { 1: [20, 30], 16: [33.5, 69], 64: [53, 120] } },
} as const;

interface Measured {
  result: RunResult;
  mean: number;
  p95: number;
}

async function measure(
  profile: keyof typeof TABLES,
  streams: number,
  phase: "aligned" | "spread",
): Promise<Measured> {
  const { chunkMs } = TABLES[profile];
  return undisturbed(async () => {
    const folder = tempFolder();
    const scenario = join(folder, "table.yaml");
    writeFileSync(
      scenario,
      `name: table
description: NVIDIA's procedure, with fewer iterations
load: { model: concurrency, streams: ${streams}, rampIn: 0s, iterations: ${streams === 1 ? 3 : 2} }
duration: { warmup: 0s, steady: 2m }
audio: { chunk: ${chunkMs}ms, phase: ${phase}, clips: { only: [asterisk-demo-nogo] } }
recognition: { interim: false, punctuation: true, wordTimeOffsets: false }
connections: { streamsPerConnection: 20000 }
slo: [error_ratio < 1%]
`,
    );
    const out = join(folder, "run");
    await bench(["--scenario", scenario, "--target", `emulator-${profile}`, "--out", out, "--quiet"]);
    const { result } = readRun(out);
    const latency = result.metrics["nvidia_compat_latency"];
    return { result, mean: latency?.mean ?? NaN, p95: latency?.p95 ?? NaN };
  });
}

function near(measured: number, published: number, what: string): void {
  expect(Math.abs(measured - published) / published, `${what}: ${measured} for ${published}`).toBeLessThan(
    0.25,
  );
}

describe.each(["nim", "legacy"] as const)("profile %s", (profile) => {
  it.each([1, 16, 64] as const)(
    "%i aligned streams: average and p95 within 25 % of the table",
    async (streams) => {
      const { result, mean, p95 } = await measure(profile, streams, "aligned");
      const [publishedMean, publishedP95] = TABLES[profile].rows[streams];
      console.log(
        `${profile} ${streams} aligned: mean ${mean} (${publishedMean}), p95 ${p95} (${publishedP95})`,
      );
      expect(result.metrics["nvidia_compat_unpaired"]?.value ?? 0).toBe(0);
      near(mean, publishedMean, "average");
      near(p95, publishedP95, "p95");
    },
    120_000,
  );

  it("spread phases are cheaper than aligned ones", async () => {
    const spread = await measure(profile, 64, "spread");
    const [publishedMean, publishedP95] = TABLES[profile].rows[64];
    console.log(`${profile} 64 spread: mean ${spread.mean}, p95 ${spread.p95}`);
    expect(spread.mean).toBeLessThan(publishedMean * 0.75);
    expect(spread.p95).toBeLessThan(publishedP95);
  }, 200_000);
});
