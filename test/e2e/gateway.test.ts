/** `bench gateway` before the emulator, and load through it, all as their user runs them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { EmulatorStats } from "../../src/emulator/call/counts.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { bench, readRun, startBench, tempFolder, undisturbed } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import type { RunningGateway } from "../support/gateway-process.ts";
import { launchGateway, startGatewayProcess } from "../support/gateway-process.ts";
import { Caller } from "../support/gateway.ts";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function emulatorOn(...flags: string[]): Promise<RunningEmulator> {
  const emulator = await startEmulatorProcess(flags);
  stops.push(() => emulator.stop());
  return emulator;
}

async function gatewayBefore(port: number): Promise<RunningGateway> {
  const gateway = await startGatewayProcess([port]);
  stops.push(() => gateway.stop());
  return gateway;
}

async function readiness(port: number): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}/health/ready`)).status;
}

function scenarioFile(steady: string): string {
  const path = join(tempFolder(), "through.yaml");
  writeFileSync(
    path,
    `name: through
description: Eight callers through the gateway
load: { model: concurrency, streams: 8 }
duration: { warmup: 1s, steady: ${steady} }
audio: { chunk: 100ms, clips: { only: [ps-goforward] } }
slo: [error_ratio < 100%]
`,
  );
  return path;
}

const inAll = (result: RunResult, of: "started" | "completed" | "failed"): number =>
  Object.values(result.sessionsByPhase).reduce((sum, counts) => sum + counts[of], 0);

test("load through it is the recogniser's load: every session is counted alike on all three sides", async () => {
  const emulator = await emulatorOn("--http-port", "0");
  const gateway = await gatewayBefore(emulator.port);
  let sessionsBefore = 0;
  const result = await undisturbed(async () => {
    const { started } = (await (
      await fetch(`http://127.0.0.1:${emulator.httpPort}/emulator/stats`)
    ).json()) as EmulatorStats;
    sessionsBefore = started;
    const out = join(tempFolder(), "run");
    const target = `ws://127.0.0.1:${gateway.port}/v1/stream`;
    await bench(["--scenario", scenarioFile("4s"), "--target", target, "--out", out, "--quiet"]);
    return readRun(out);
  });
  const { result: run } = result;
  expect(run.target).toMatchObject({ kind: "gateway", emulated: true });
  expect(inAll(run, "failed")).toBe(0);
  const stats = (await (
    await fetch(`http://127.0.0.1:${emulator.httpPort}/emulator/stats`)
  ).json()) as EmulatorStats;
  expect(stats.started - sessionsBefore).toBe(inAll(run, "started"));
  const metrics = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
  expect(Number(/^bench_gateway_sessions_total\{dialect="stream"\} (\d+)/m.exec(metrics)?.[1])).toBe(
    stats.started,
  );
  expect(metrics).toMatch(/^bench_gateway_sessions_active\{dialect="stream"\} 0$/m);
}, 120_000);

test("a recogniser that dies and comes back: readiness follows both ways, what was under way is told, the rest succeeds", async () => {
  const emulator = await emulatorOn("--http-port", "0");
  const gateway = await gatewayBefore(emulator.port);
  const out = join(tempFolder(), "run");
  const target = `ws://127.0.0.1:${gateway.port}/v1/stream`;
  const { finished } = startBench([
    ...["--scenario", scenarioFile("10s"), "--target", target, "--out", out, "--quiet"],
  ]);
  const control = `http://127.0.0.1:${emulator.httpPort}/emulator`;
  const started = async (): Promise<number> =>
    ((await (await fetch(`${control}/stats`)).json()) as EmulatorStats).started;
  await expect.poll(started, { timeout: 60_000 }).toBeGreaterThan(11);
  await fetch(`${control}/faults`, { method: "PUT", body: "crash:restart=2s" });
  await expect.poll(() => readiness(gateway.port), { timeout: 2000 }).toBe(503);
  await expect.poll(() => readiness(gateway.port), { timeout: 2000 + 2000 }).toBe(200);
  await finished;
  const { result } = readRun(out);
  expect(inAll(result, "started")).toBe(inAll(result, "completed") + inAll(result, "failed"));
  const failures = Object.values(result.sessionsByPhase).flatMap((counts) => counts.failures);
  expect(failures.length).toBeGreaterThan(0);
  // In flight: the upstream failed; meanwhile: no upstream, before or after the upgrade.
  for (const failure of failures) expect(["unavailable", "timeout"]).toContain(failure.class);
  expect(result.sessionsByPhase.drain.completed).toBe(8);
}, 120_000);

test("SIGTERM: an open session is followed to its end, and the exit code is 0", async () => {
  const emulator = await emulatorOn();
  const gateway = await gatewayBefore(emulator.port);
  const caller = await new Caller(`ws://127.0.0.1:${gateway.port}/v1/stream`).opened();
  caller.json({ type: "start" });
  await caller.heard("ready");
  const stopped = gateway.stop();
  await expect.poll(async () => readiness(gateway.port).catch(() => 503), { timeout: 2000 }).toBe(503);
  caller.socket.send(Buffer.alloc(32_000));
  caller.json({ type: "finish" });
  expect(await caller.closed).toMatchObject({ code: 1000 });
  expect((await stopped).code).toBe(0);
}, 60_000);

test("SIGTERM under load: no session is cut, those that come later are refused, and the exit code is 0", async () => {
  const emulator = await emulatorOn("--http-port", "0");
  const gateway = await gatewayBefore(emulator.port);
  const out = join(tempFolder(), "run");
  const target = `ws://127.0.0.1:${gateway.port}/v1/stream`;
  const run = startBench(["--scenario", scenarioFile("6s"), "--target", target, "--out", out, "--quiet"]);
  const stats = `http://127.0.0.1:${emulator.httpPort}/emulator/stats`;
  const started = async (): Promise<number> => ((await (await fetch(stats)).json()) as EmulatorStats).started;
  await expect.poll(started, { timeout: 60_000 }).toBeGreaterThan(8);
  const { code } = await gateway.stop();
  expect(code).toBe(0);
  await run.finished;
  const { result } = readRun(out);
  expect(inAll(result, "completed")).toBe(await started());
  const failures = Object.values(result.sessionsByPhase).flatMap((counts) => counts.failures);
  expect(failures.length).toBeGreaterThan(0);
  for (const { phase } of failures) expect(phase).toBe("connect");
}, 120_000);

test("the fallback's words are marked in metrics and log, and none of their sessions counts as served", async () => {
  const gateway = await launchGateway(["--upstream", "grpc://127.0.0.1:1", "--fallback", "mock"]);
  stops.push(() => gateway.stop());
  const out = join(tempFolder(), "run");
  const target = `ws://127.0.0.1:${gateway.port}/v1/stream`;
  const { code } = await bench([
    "--scenario",
    scenarioFile("3s"),
    ...["--target", target, "--out", out, "--quiet"],
  ]);
  expect(code).toBe(3);
  const { result } = readRun(out);
  expect(inAll(result, "started")).toBeGreaterThan(0);
  expect([inAll(result, "completed"), inAll(result, "failed")]).toEqual([0, inAll(result, "started")]);
  const metrics = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
  const marked = Number(/^bench_gateway_mock_sessions_total (\d+)/m.exec(metrics)?.[1]);
  expect(marked).toBe(inAll(result, "started"));
  const { stderr, stdout } = await gateway.stop();
  const closed = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("session closed"));
  expect(closed.length).toBe(marked);
  for (const line of closed) expect(line).toContain('"mock":true');
}, 120_000);
