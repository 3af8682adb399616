/**
 * One caller sends each malformed message of both dialects a thousand times, and is never blocked: fifty callers beside it lose
 * nothing and wait hardly longer.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { loadavg, availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { tempFolder } from "../support/bench-process.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { speakAtPace } from "../support/gateway.ts";
import { gatewayReady, launchGateway } from "../support/gateway-process.ts";
import { MALFORMED } from "../support/malformed-messages.ts";
import type { MalformedTold } from "../support/malformed-process.ts";

const CALLERS = 50;
const CHUNKS = 30;
const TIMES = Number(process.env["MALFORMED_TIMES"] ?? 1000);
const GOAL_MS = 10;
/** Of the machine's cores, what may have been busy before for a latency to say anything about the gateway. */
const QUIET_LOAD = 0.5;
const TEXT = "one two three";
const NEVER_BLOCKED = "limits: { offencesPerAddress: 1000000, requestsPerSecondPerAddress: 1000000 }";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Rounds of fifty callers until it is over. */
async function rounds(port: number, isOver: () => boolean): Promise<{ p99Ms: number; sessions: number }> {
  const waitsMs: number[] = [];
  let sessions = 0;
  do {
    const ends = await Promise.all(
      Array.from({ length: CALLERS }, async (_, index) =>
        speakAtPace(port, { place: index / CALLERS, chunks: CHUNKS, waitsMs }),
      ),
    );
    for (const caller of ends)
      expect([(await caller.closed).code, caller.of("final")[0]?.["text"]]).toEqual([1000, TEXT]);
    sessions += ends.length;
  } while (!isOver());
  waitsMs.sort((a, b) => a - b);
  // Interim results that a newer one replaced on the way are not waits: few are missing.
  expect(waitsMs.length).toBeGreaterThan(sessions * CHUNKS * 0.9);
  return { p99Ms: waitsMs[Math.floor(waitsMs.length * 0.99)] ?? Infinity, sessions };
}

test.skipIf(process.platform !== "linux")(
  "each malformed message a thousand times: others lose nothing and wait hardly longer",
  async () => {
    const busy = (loadavg()[0] ?? 0) / availableParallelism();
    const upstream = await startDelayServer({ partialMs: 0, finalMs: 0, text: TEXT });
    stops.push(() => upstream.close());
    const config = join(tempFolder(), "gateway.yaml");
    writeFileSync(config, NEVER_BLOCKED);
    const gateway = await launchGateway([
      ...["--upstream", `grpc://${upstream.address}`, "--log-level", "error", "--config", config],
    ]);
    stops.push(() => gateway.child.kill("SIGKILL"));
    await gatewayReady(gateway);
    const { port } = gateway;
    await rounds(port, () => true);
    const quiet = await rounds(port, () => true);

    const path = fileURLToPath(new URL("../support/malformed-process.ts", import.meta.url));
    const child = fork(path, { execArgv: ["--import", "tsx"] });
    stops.push(() => child.kill());
    await once(child, "message");
    let told: MalformedTold | undefined;
    child.once("message", (message: MalformedTold) => (told = message));
    child.send({ port, from: "127.0.0.2", times: TIMES });
    const during = await rounds(port, () => told !== undefined);

    expect(told).toEqual(
      Object.fromEntries(
        MALFORMED.map(({ dialect, name, code }) => [`${dialect}: ${name}`, { [code]: TIMES }]),
      ),
    );
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect([...metrics.matchAll(/^bench_gateway_exceptions_total\{.*\} [1-9].*$/gm)].map(String)).toEqual([]);
    expect((await gateway.stop()).code).toBe(0);
    const addedMs = during.p99Ms - quiet.p99Ms;
    const figures = {
      addedMs,
      quietP99Ms: quiet.p99Ms,
      duringP99Ms: during.p99Ms,
      sessions: during.sessions,
      busy,
    };
    process.stderr.write(`${JSON.stringify(figures)}\n`);
    // On a machine that others use, latencies say nothing about the gateway; that nothing is lost holds on any.
    if (busy < QUIET_LOAD) expect(addedMs).toBeLessThan(GOAL_MS);
  },
  900_000,
);
