/** Two recognisers behind the gateway: one dies in the middle of a load; one is exchanged by the configuration. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { EmulatorStats } from "../../src/emulator/call/counts.ts";
import { readRun, startBench, tempFolder } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import { Caller } from "../support/gateway.ts";
import type { RunningGateway } from "../support/gateway-process.ts";
import { gatewayReady, launchGateway } from "../support/gateway-process.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function emulator(): Promise<RunningEmulator> {
  const one = await startEmulatorProcess(["--http-port", "0"]);
  stops.push(() => one.stop());
  return one;
}

async function startGateway(flags: readonly string[]): Promise<RunningGateway> {
  const gateway = await launchGateway(flags);
  stops.push(() => gateway.child.kill("SIGKILL"));
  await gatewayReady(gateway);
  return gateway;
}

async function started({ httpPort }: RunningEmulator): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/emulator/stats`);
  return ((await response.json()) as EmulatorStats).started;
}

/** Sum of the series of this name. */
async function metric({ port }: RunningGateway, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

async function begin({ port }: RunningGateway): Promise<{ caller: Caller; upstream: unknown }> {
  const caller = await new Caller(`ws://127.0.0.1:${port}/v1/stream`).opened();
  caller.json({ type: "start" });
  return { caller, upstream: (await caller.heard("ready"))["upstream"] };
}

async function end(caller: Caller): Promise<number> {
  caller.socket.send(Buffer.alloc(32_000));
  caller.json({ type: "finish" });
  return (await caller.closed).code;
}

test("the first dies under load and comes back: the second takes over, and all four sides count alike", async () => {
  const [first, second] = [await emulator(), await emulator()];
  const uri = ({ port }: RunningEmulator): string => `grpc://127.0.0.1:${port}`;
  const gateway = await startGateway(["--upstream", uri(first), "--upstream", uri(second)]);
  const folder = tempFolder();
  writeFileSync(
    join(folder, "through.yaml"),
    `name: through
load: { model: concurrency, streams: 8 }
duration: { warmup: 1s, steady: 8s }
audio: { chunk: 100ms, clips: { only: [ps-goforward] } }
slo: [error_ratio < 100%]
`,
  );
  const { finished } = startBench([
    ...["--scenario", join(folder, "through.yaml"), "--target", `ws://127.0.0.1:${gateway.port}/v1/stream`],
    ...["--out", join(folder, "run"), "--quiet"],
  ]);
  await expect.poll(() => started(first), { timeout: 60_000 }).toBeGreaterThan(11);
  expect(await started(second)).toBe(0);
  await fetch(`http://127.0.0.1:${first.httpPort}/emulator/faults`, {
    method: "PUT",
    body: "crash:restart=2s",
  });
  await finished;

  const counts = Object.values(readRun(join(folder, "run")).result.sessionsByPhase);
  const sum = (of: "started" | "completed" | "failed"): number => counts.reduce((n, one) => n + one[of], 0);
  // A session that this machine sent too late has failed for us, and ended well for the gateway.
  const late = counts
    .flatMap(({ failures }) => failures)
    .reduce((n, { origin, count }) => n + (origin === "generator" ? count : 0), 0);
  // Kept audio takes every session over; at the very worst those in flight would be lost.
  expect(sum("failed") - late).toBeLessThanOrEqual(8);
  expect(sum("started")).toBe(sum("completed") + sum("failed"));
  expect(await metric(gateway, "bench_gateway_sessions_total{")).toBe(sum("started"));
  expect(
    await metric(gateway, 'bench_gateway_sessions_ended_total{dialect="stream",close_code="1000"}'),
  ).toBe(sum("completed") + late);
  const bySecond = await started(second);
  expect(bySecond).toBeGreaterThan(0);
  // What a socket has taken may never have reached a server that dies.
  const opened = await metric(gateway, "bench_gateway_upstream_open_seconds_count{");
  const neverReached = opened - (await started(first)) - bySecond;
  expect(neverReached).toBeGreaterThanOrEqual(0);
  expect(neverReached).toBeLessThanOrEqual(await metric(gateway, "bench_gateway_upstream_errors_total{"));

  // Back again: the order of preference holds.
  const name = "upstream-1";
  await expect
    .poll(
      async () => {
        const { caller, upstream } = await begin(gateway);
        expect(await end(caller)).toBe(1000);
        return upstream;
      },
      { timeout: 20_000, interval: 500 },
    )
    .toBe(name);
}, 120_000);

test("upstreams are exchanged and put back by the configuration; nobody notices", async () => {
  const [first, second] = [await emulator(), await emulator()];
  const config = join(tempFolder(), "gateway.yaml");
  const write = (name: string, { port }: RunningEmulator): void =>
    writeFileSync(config, `upstreams: [{ name: ${name}, uri: "grpc://127.0.0.1:${port}" }]\n`);
  write("old", first);
  const gateway = await startGateway(["--config", config]);
  const before = await begin(gateway);
  const now = async (): Promise<unknown> => {
    const { caller, upstream } = await begin(gateway);
    expect(await end(caller)).toBe(1000);
    return upstream;
  };

  write("new", second);
  gateway.child.kill("SIGHUP");
  await expect.poll(now, { timeout: 5000 }).toBe("new");
  const between = await begin(gateway);
  write("old", first);
  gateway.child.kill("SIGHUP");
  await expect.poll(now, { timeout: 5000 }).toBe("old");

  expect([before.upstream, between.upstream]).toEqual(["old", "new"]);
  expect(await Promise.all([end(before.caller), end(between.caller)])).toEqual([1000, 1000]);
}, 60_000);
