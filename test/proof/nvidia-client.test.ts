/** `bench --scenario nvidia-table` beside a stand-in for NVIDIA's own client, one after the other on one emulator. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/package-root.ts";
import type { Summary } from "../../src/metrics/result.ts";
import { bench, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import type { NvidiaFigures, NvidiaTable } from "../support/nvidia-table.ts";

const run = promisify(execFile);
const STREAMS = 16;
const ITERATIONS = 2;

/** The scenario that comes with the package, with fewer iterations. */
function scenarioFile(folder: string): string {
  const path = join(folder, "table.yaml");
  writeFileSync(
    path,
    `name: nvidia-table-short
description: scenarios/nvidia-table.yaml with fewer iterations
load: { model: concurrency, streams: ${STREAMS}, rampIn: 0s, iterations: ${ITERATIONS}, next: after-sending }
duration: { warmup: 0s, steady: 2m }
audio: { chunk: 160ms, phase: aligned, anchor: at-start, clips: { only: [asterisk-demo-nogo] } }
recognition: { interim: false, punctuation: true, wordTimeOffsets: false }
connections: { streamsPerConnection: 20000 }
slo: [error_ratio < 1%]
`,
  );
  return path;
}

it("the table of NVIDIA's client and nvidia_compat_* agree within 5 % or 2 ms", async () => {
  const emulator = await startEmulatorProcess(["--profile", "nim"]);
  try {
    const wav = join(PACKAGE_ROOT, "datasets/core/wav/asterisk-demo-nogo.wav");
    const client = join(PACKAGE_ROOT, "test/support/nvidia-client.ts");
    const address = `127.0.0.1:${emulator.port}`;
    const { stdout } = await run(
      process.execPath,
      [...["--import", "tsx", client, address, wav, "160", String(STREAMS), String(ITERATIONS)]],
      { cwd: PACKAGE_ROOT },
    );
    const table = JSON.parse(stdout) as NvidiaTable | null;
    // No table would mean that the emulator breaks the response-count rule.
    expect(table).not.toBeNull();

    const { result } = await undisturbed(async () => {
      const folder = tempFolder();
      const out = join(folder, "run");
      await bench([
        "--scenario",
        scenarioFile(folder),
        "--target",
        `grpc://${address}`,
        "--out",
        out,
        "--quiet",
      ]);
      return readRun(out);
    });
    for (const [name, theirs] of [
      ["nvidia_compat_latency", table!.latencies],
      ["nvidia_compat_intermediate", table!.intermediate],
      ["nvidia_compat_final", table!.final],
    ] as const) {
      expectAgreement(name, result.metrics[name], theirs);
    }
  } finally {
    await emulator.stop();
  }
}, 180_000);

function expectAgreement(name: string, ours: Summary | undefined, theirs: NvidiaFigures): void {
  expect(ours?.count, name).toBe(theirs.count);
  for (const figure of ["p50", "p90", "p95", "p99", "mean"] as const) {
    const [a, b] = [ours?.[figure] ?? NaN, theirs[figure]];
    console.log(`${name} ${figure}: ${a.toFixed(2)} beside ${b.toFixed(2)}`);
    expect(Math.abs(a - b), `${name} ${figure}`).toBeLessThanOrEqual(Math.max(2, 0.05 * b));
  }
}
