/** A planted overload of 2 % is told within a minute; a server that keeps up is left alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { RunEvent } from "../../src/metrics/result/run-event.ts";
import { bench, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";

async function runOnce(target: string) {
  const out = join(tempFolder(), "run");
  const { stderr } = await bench([
    "--scenario",
    "concurrency-50",
    "--streams",
    "10",
    "--target",
    target,
    "--out",
    out,
  ]);
  const events = readFileSync(join(out, "events.ndjson"), "utf8").trim().split("\n");
  const { result } = readRun(out);
  return {
    stderr,
    result,
    collapse: result.slos.find((check) => check.name === "collapse"),
    told: events.map((line) => JSON.parse(line) as RunEvent).find((event) => event.type === "collapse"),
  };
}

async function run(flags: readonly string[]) {
  return undisturbed(async () => {
    const emulator = await startEmulatorProcess(flags);
    try {
      return await runOnce(`grpc://127.0.0.1:${emulator.port}`);
    } finally {
      await emulator.stop();
    }
  });
}

// Ten callers each: side by side they are no load for the machine.
it.concurrent(
  "a planted overload of 2 % is reported within 60 s of the window",
  { timeout: 300_000 },
  async () => {
    const { stderr, result, collapse, told } = await run(["--overload", "2"]);
    expect(collapse).toMatchObject({ verdict: "fail" });
    expect(collapse?.observed).toBeGreaterThan(0.017);
    expect(collapse?.observed).toBeLessThan(0.023);
    expect(told?.atMs).toBeLessThan(result.window.warmupMs + 60_000);
    expect(stderr).toContain("collapse: response_latency");
    expect(result.validity.checks.find((check) => check.name === "steady_state")?.verdict).toBe(
      "inconclusive",
    );
  },
);

it.concurrent("a server that keeps up is neither", { timeout: 300_000 }, async () => {
  const { result, collapse, told } = await run([]);
  expect(told).toBeUndefined();
  expect(collapse).toMatchObject({ verdict: "pass" });
  expect(result.validity.checks.find((check) => check.name === "steady_state")).toMatchObject({
    verdict: "pass",
  });
});
