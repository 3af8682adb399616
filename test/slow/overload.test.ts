/** A planted overload is read from keep_up at its size, closed and open, from the built command line; a healthy server reads 1. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { bench, readRun, tempFolder } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";

const LOADS = {
  closed: "{ model: concurrency, streams: 6, rampIn: 0s }",
  open: "{ model: constant, rate: 0.6 }",
} as const;
/** Clips of 10.5 and 11.1 s: the queue of 100 % must not be longer than they are before the window ends. */
const scenario = (load: string): string => `name: overload
description: Long clips against a server that is always offered too much
load: ${load}
duration: { warmup: 0s, steady: 8s }
audio: { clips: { only: [asterisk-demo-nogo, asterisk-confbridge-mute-extended] } }
session: { deadline: 60s }
slo: [error_ratio < 1%]
`;

let emulator: RunningEmulator | undefined;
afterEach(async () => emulator?.stop());

const cases = (["closed", "open"] as const).flatMap((load) =>
  [0, 5, 50, 100].map((percent) => ({ load, percent })),
);

it.each(cases)("$percent % too much, $load", { timeout: 180_000 }, async ({ load, percent }) => {
  emulator = await startEmulatorProcess(percent === 0 ? [] : ["--overload", `${percent}`]);
  const folder = tempFolder();
  const [file, out] = [join(folder, "overload.yaml"), join(folder, "run")];
  writeFileSync(file, scenario(LOADS[load]));
  await bench(["--scenario", file, "--target", `grpc://127.0.0.1:${emulator.port}`, "--out", out]);
  const value = readRun(out).result.metrics["keep_up"]?.value ?? NaN;
  expect(Math.abs(value - 1 / (1 + percent / 100))).toBeLessThan(percent === 0 ? 0.01 : 0.03);
});
