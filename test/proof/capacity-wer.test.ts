/** A server that loses words beyond a known number of streams, and breaks nothing else: the search must find that number by the words. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { EXIT } from "../../src/base/errors.ts";
import type { CapacityReport } from "../../src/report/text/capacity.ts";
import { bench, tempFolder } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import { unlessSpoiled } from "../support/stalls.ts";

const PLANTED = 12;
const SLO = "wer < 8%";
/** Thirteen clips of up to 4.2 s, so that probes of 4 s play the eight that an interval needs. Finals may come as late as they do. */
const SCENARIO = `name: words-lost
load: { model: concurrency, streams: 4 }
duration: { warmup: 0s, steady: 4s }
audio: { clips: { max: 4.2s } }
scoring: { failures: { truncated: off } }
slo: [final_from_speech_end p95 < 8s, error_ratio < 1%, ${SLO}]
`;

let emulator: RunningEmulator | undefined;
afterEach(() => emulator?.stop());

/** Undefined on a machine that can't make the load. */
async function search(port: number): Promise<CapacityReport | undefined> {
  const folder = tempFolder();
  const [scenario, answer] = [join(folder, "words-lost.yaml"), join(folder, "answer.json")];
  writeFileSync(scenario, SCENARIO);
  const { code, stdout, stderr } = await bench([
    ...["capacity", "--target", `grpc://127.0.0.1:${port}`, "--scenario", scenario, "--max", "16"],
    ...["--probe", "4s", "--budget", "62s", "--replicates", "1", "--precision", "1.5"],
    ...["--out", join(folder, "search"), "--quiet", "--json", answer],
  ]);
  if (code === EXIT.runVoid || code === EXIT.inconclusive) return undefined;
  expect(code, stdout + stderr).toBe(EXIT.passed);
  return JSON.parse(readFileSync(answer, "utf8")) as CapacityReport;
}

test("an SLO on wer binds at the level where the server begins to lose words", async ({ skip }) => {
  // Full queue, nine words of ten: an overload of a few streams breaks the limit long before a final is seconds late.
  emulator = await startEmulatorProcess(["--capacity", `${PLANTED}`, "--wer-overload", "90%"]);
  const { port } = emulator;
  const contains = ([pass, fail]: CapacityReport["callers"]): boolean =>
    pass >= 8 && pass <= PLANTED && fail !== null && fail > PLANTED;
  const report = await unlessSpoiled(
    () => search(port),
    (found) => found === undefined || !contains(found.callers) || found.bindingSlo !== SLO,
    skip,
  );
  const point = (streams: number | null | undefined): Record<string, number> =>
    report?.curve.find((one) => one.streams === streams)?.figures ?? {};
  const [pass, fail] = report?.callers ?? [];
  expect(point(pass)["wer"]).toBeLessThan(0.08);
  expect(point(fail)["wer"]).toBeGreaterThan(0.08);
  // Latency would not have found it.
  expect(point(fail)["final_from_speech_end p95"]).toBeLessThan(8000);
}, 400_000);
