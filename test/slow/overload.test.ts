/** A planted overload is read from keep_up at its size, closed and open, from the built command line; a healthy server reads 1. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bench, readRun, tempFolder } from "../support/bench-process.ts";
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

const cases = (["closed", "open"] as const).flatMap((load) =>
  [0, 5, 50, 100].map((percent) => ({ load, percent })),
);

// A few streams each: side by side they are no load for the machine.
it.concurrent.each(cases)("$percent % too much, $load", { timeout: 180_000 }, async ({ load, percent }) => {
  const emulator = await startEmulatorProcess(percent === 0 ? [] : ["--overload", `${percent}`]);
  const folder = tempFolder();
  const [file, out] = [join(folder, "overload.yaml"), join(folder, "run")];
  writeFileSync(file, scenario(LOADS[load]));
  await bench(["--scenario", file, "--target", `grpc://127.0.0.1:${emulator.port}`, "--out", out]).finally(
    () => emulator.stop(),
  );
  const value = readRun(out).result.metrics["keep_up"]?.value ?? NaN;
  expect(Math.abs(value - 1 / (1 + percent / 100))).toBeLessThan(percent === 0 ? 0.01 : 0.03);
});
