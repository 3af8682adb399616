/** A server past its capacity, and one with room: what the run says of its own p95 follows the server's metrics. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { RunResult } from "../../src/metrics/result.ts";
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

it("names the queue of a server past its capacity, and no queue where there is none", async () => {
  const full = await runAgainst(14);
  const parts = partsOf(full.result);
  const latency = full.result.attribution?.find(({ metric }) => metric === "response_latency");
  expect(parts?.["queue"]).toBeGreaterThan(0.2 * (latency?.tailMeanMs ?? Infinity));
  expect(full.stdout).toMatch(/response p95\s+\d+ % of p95 is server queue/);

  const roomy = await runAgainst(200);
  const seconds = roomy.result.timeline.filter(
    ({ phase, server }) => phase === "steady" && server !== undefined,
  );
  expect(seconds.length).toBeGreaterThanOrEqual(10);
  expect(roomy.stdout).not.toContain("server queue");
}, 120_000);
