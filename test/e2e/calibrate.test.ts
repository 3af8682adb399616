/** The harness measures its own error, and what it found stands in the reports that are made afterwards. */
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Calibration } from "../../src/metrics/judge/calibration.ts";
import { checkCalibration } from "../../src/metrics/result/result-schema.ts";
import { bench, readRun, tempFolder } from "../support/bench-process.ts";
import { unlessSpoiled } from "../support/stalls.ts";

const env = { RIVA_BENCH_CALIBRATION: join(tempFolder(), "calibration.json") };

/** One short level, honest or not. */
async function measured(transport: string): Promise<Calibration> {
  const flags = ["--quick", "--max-streams", "8", "--transport", transport, "--json"];
  const { code, stdout, stderr } = await bench(["calibrate", ...flags], { env });
  expect([0, 5], stderr).toContain(code);
  const calibration = checkCalibration(JSON.parse(stdout));
  if (typeof calibration === "string") throw new Error(calibration);
  expect(calibration.levels[0]).toMatchObject({ honest: code === 0, streams: 8 });
  return calibration;
}

/** An honest level. */
function honest(transport: string, skip: (why: string) => void): Promise<Calibration> {
  return unlessSpoiled(
    () => measured(transport),
    ({ levels }) => levels[0]?.honest !== true,
    skip,
  );
}

it("quotes the machine's error in every report made after it", { timeout: 240_000 }, async ({ skip }) => {
  const { levels, at } = await honest("riva-grpc", skip);
  expect(levels).toHaveLength(1);
  const [level] = levels;
  expect(level).toMatchObject({ streams: 8, chunksPerSecond: 80, workers: 1, honest: true });
  // Eight callers for five seconds, ten responses a second each, a little less for the gaps between sessions.
  expect(level?.responses).toBeGreaterThan(250);
  // An error is there, and it is nowhere near the delays that were imposed.
  expect(level?.biasMs).toBeGreaterThan(0);
  expect(level?.p99Ms).toBeLessThan(10);

  const out = join(tempFolder(), "run");
  const scenario = ["--scenario", "smoke", "--streams", "5", "--duration", "3s", "--out", out];
  await bench([...scenario, "--transport", "riva-grpc", "--quiet"], { env });
  const { result } = readRun(out);
  expect(result.run.calibration).toEqual({
    ...{ at, biasMs: level?.biasMs, p50Ms: level?.p50Ms, p99Ms: level?.p99Ms },
    ...{ upToStreams: 8, beyond: false },
  });
  // The result carries it: no file of this machine is needed any more.
  const { stdout } = await bench(["report", out], { env: { RIVA_BENCH_CALIBRATION: "/nowhere" } });
  expect(stdout).toMatch(
    /harness error +±[\d.]+ ms \(p99; mean \+[\d.]+ ms\) up to 8 streams on this machine/,
  );
});

it(
  "riva-grpc and riva-h2 report the same latencies within 1 ms on one plan",
  { timeout: 240_000 },
  async () => {
    let differenceMs = NaN;
    for (let attempt = 1; attempt <= 3; attempt++) {
      const [grpc, h2] = [await measured("riva-grpc"), await measured("riva-h2")];
      differenceMs = Math.abs((grpc.levels[0]?.p50Ms ?? NaN) - (h2.levels[0]?.p50Ms ?? NaN));
      if (differenceMs < 1) break;
    }
    expect(differenceMs).toBeLessThan(1);
  },
);
