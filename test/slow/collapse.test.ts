/** A planted overload of 2 % is told within a minute; a server that keeps up is left alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { RunEvent } from "../../src/metrics/result/run-event.ts";
import type { BenchProcess } from "../support/bench-process.ts";
import { bench, readRun, startBench, tempFolder, undisturbed } from "../support/bench-process.ts";

let emulator: BenchProcess | undefined;
afterEach(() => emulator?.child.kill("SIGINT"));

async function startEmulator(extra: readonly string[]): Promise<string> {
  emulator = startBench(["emulator", "--port", "0", "--json", ...extra]);
  const ready = await new Promise<string>((resolve) => {
    emulator?.child.stdout?.once("data", (data: Buffer) => resolve(data.toString()));
  });
  return `grpc://127.0.0.1:${(JSON.parse(ready) as { port: number }).port}`;
}

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
    emulator?.child.kill("SIGINT");
    return runOnce(await startEmulator(flags));
  });
}

it("a planted overload of 2 % is reported within 60 s of the window", { timeout: 300_000 }, async () => {
  const { stderr, result, collapse, told } = await run(["--overload", "2"]);
  expect(collapse).toMatchObject({ verdict: "fail" });
  expect(collapse?.observed).toBeGreaterThan(0.017);
  expect(collapse?.observed).toBeLessThan(0.023);
  expect(told?.atMs).toBeLessThan(result.window.warmupMs + 60_000);
  expect(stderr).toContain("collapse: response_latency");
  expect(result.validity.checks.find((check) => check.name === "steady_state")?.verdict).toBe("inconclusive");
});

it("a server that keeps up is neither", { timeout: 300_000 }, async () => {
  const { result, collapse, told } = await run([]);
  expect(told).toBeUndefined();
  expect(collapse).toMatchObject({ verdict: "pass" });
  expect(result.validity.checks.find((check) => check.name === "steady_state")).toMatchObject({
    verdict: "pass",
  });
});
