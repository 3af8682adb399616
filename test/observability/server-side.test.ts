/** A server past its capacity, and one with room: the run's timeline and attribution follow the server's own metrics. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { bench, readRun, startBench, tempFolder } from "../support/bench-process.ts";
import { freePort } from "../support/prometheus-servers.ts";

/** A run of twenty callers against an emulator that just carries `capacity`. */
async function runAgainst(capacity: number): Promise<{ result: RunResult; stdout: string }> {
  const [port, http] = [await freePort(), await freePort()];
  const folder = tempFolder();
  const target = join(folder, "target.yaml");
  writeFileSync(
    target,
    `name: small\nuri: grpc://127.0.0.1:${port}\nscrape: ["http://127.0.0.1:${http}/metrics"]\n`,
  );
  const emulator = startBench([
    "emulator",
    "--port",
    `${port}`,
    "--http-port",
    `${http}`,
    "--capacity",
    `${capacity}`,
  ]);
  await new Promise((resolve) => emulator.child.stdout?.once("data", resolve));
  try {
    const { stdout } = await bench([
      ...["--scenario", "smoke", "--streams", "20", "--duration", "14s", "--warmup", "2s", "--quiet"],
      ...["--target", target, "--out", join(folder, "run")],
    ]);
    return { result: readRun(join(folder, "run")).result, stdout };
  } finally {
    emulator.child.kill();
  }
}

const partsOf = ({ attribution = [] }: RunResult): Record<string, number> | undefined =>
  attribution.find(({ metric }) => metric === "response_latency")?.parts;

/** Mean wait of a request over the window, as the server says. */
function queueMs({ timeline }: RunResult): number {
  const seconds = timeline.flatMap(({ phase, server }) => (phase === "steady" && server ? [server] : []));
  expect(seconds.length).toBeGreaterThanOrEqual(10);
  const requests = seconds.reduce((sum, second) => sum + second.requests, 0);
  return seconds.reduce((sum, second) => sum + (second.queueMs ?? 0) * second.requests, 0) / requests;
}

it("shows the queue of a server past its capacity, and names none where there is none", async () => {
  const full = await runAgainst(14);
  const roomy = await runAgainst(200);
  expect(queueMs(full.result)).toBeGreaterThan(5 * queueMs(roomy.result));
  expect(partsOf(full.result)?.["queue"]).toBeGreaterThan(5 * (partsOf(roomy.result)?.["queue"] ?? Infinity));
  expect(roomy.stdout).toMatch(/response p95 /);
  expect(roomy.stdout).not.toContain("server queue");
}, 120_000);
