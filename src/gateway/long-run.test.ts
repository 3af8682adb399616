/** A day of the gateway on a virtual clock: everything that it remembers stays bounded, and what it counts is exact. */
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { WebSocket } from "ws";
import type { Failure } from "../base/outcome.ts";
import { randomBelow, randomStream } from "../base/random.ts";
import { CountingClock } from "../../test/support/counting-clock.ts";
import { FakeSocket } from "../../test/support/fake-socket.ts";
import { fakeTransport } from "../../test/support/fake-transport.ts";
import type { FakeTransport } from "../../test/support/fake-transport.ts";
import type { RivaUnary } from "../client/grpc/riva-unary.ts";
import { createAdmission } from "./door/admission.ts";
import { createAuth, parseApiKeys } from "./door/auth.ts";
import { createBlockStore } from "./session/block-store.ts";
import { gatewayFile } from "./config.ts";
import { serveConnection } from "./session/connection.ts";
import { createExceptions } from "./contain.ts";
import { createGuard, OFFENCES } from "./door/address-limits.ts";
import { createGatewayMetrics } from "./metrics.ts";
import { createRealtimeDialect } from "./dialects/realtime-dialect.ts";
import { createStreamDialect } from "./dialects/stream-dialect.ts";
import { createUpstreams } from "./upstream/upstreams.ts";

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test("a day of callers, outages and strangers: timers, series, places and blocks are what they were", async () => {
  const clock = new CountingClock();
  const random = randomStream(7, "long run");
  const settings = gatewayFile.parse({ limits: { sessionsPerAddress: 50 } });
  const { limits } = settings;
  const keys = Array.from({ length: 20 }, (_, i) => `key${i} 0123456789abcdef${i}`);
  const auth = createAuth(parseApiKeys(keys.join("\n"), "keys"), Buffer.alloc(32), 60_000);
  const exceptions = createExceptions({ error: () => undefined });
  const LOST: Failure = {
    phase: "streaming",
    class: "connection-lost",
    origin: "network",
    code: "X",
    message: "",
  };

  // The first upstream is away for ten minutes of each hour, streams and probes alike.
  const away = (): boolean => clock.nowMs() % HOUR_MS < 600_000;
  const transports: FakeTransport[] = [];
  const unary = (address: string): RivaUnary => ({
    health: () =>
      Promise.resolve({ ok: true, value: address === "a:1" && away() ? "not-serving" : "serving" }),
    models: () => Promise.resolve({ ok: true, value: [] }),
    recognize: () => Promise.reject(new Error("not asked")),
    close: () => undefined,
  });
  const config = (name: string, address: string) => ({
    name,
    uri: `grpc://${address}`,
    endpoint: { address },
  });
  const upstreams = createUpstreams(
    [config("one", "a:1"), config("two", "b:1")],
    {
      unary: ({ address }) => unary(address),
      transport({ address }) {
        const transport = fakeTransport(clock, {
          ...{ readyMs: 5, partialMs: 20, finalMs: 30 },
          fail: () => (address === "a:1" && away() ? { afterMs: 8, failure: LOST } : undefined),
        });
        transports.push(transport);
        return transport;
      },
    },
    clock,
    { changed: () => undefined, threw: (_, error) => exceptions.caught("upstream", error) },
  );
  const guard = createGuard(() => limits, clock, {
    offence: (kind) => metrics.offence(kind),
    blocked: () => undefined,
  });
  const metrics = createGatewayMetrics({
    ...{
      upstreams: () => upstreams.list(),
      loopDelayMaxMs: () => 0,
      ready: () => true,
      draining: () => false,
    },
    ...{
      sessionsLimit: () => limits.sessions,
      blockedAddresses: () => guard.blocked,
      residentBytes: () => 0,
    },
    ...{ queue: () => ({ waitingChunks: 0, callersPaused: 0 }), exceptions, workerRestarts: 0 },
  });
  const admission = createAdmission(() => settings, auth, clock, {
    draining: () => false,
    canServe: () => true,
  });
  const blocks = createBlockStore();
  let blocksInUse = 0;
  const store = {
    ...{ blockBytes: blocks.blockBytes },
    take: () => (blocksInUse++, blocks.take()),
    giveBack(block: Buffer) {
      blocksInUse--;
      blocks.giveBack(block);
    },
  };
  let served = 0;
  let refused = 0;
  let openNow = 0;

  function call(): void {
    const address = `2001:db8:${randomBelow(random, 65_536).toString(16)}:${randomBelow(random, 65_536).toString(16)}::/64`;
    if (guard.connected(address) !== "serve") return;
    const key = randomBelow(random, 25);
    const headers = { "x-api-key": `0123456789abcdef${key}` };
    const place = admission.enter({ headers, socket: {} } as unknown as IncomingMessage, address);
    if (!("leave" in place)) {
      refused++;
      metrics.refused(place.code);
      guard.offended(address, OFFENCES[randomBelow(random, OFFENCES.length)]!);
      guard.disconnected(address);
      return;
    }
    const socket = new FakeSocket();
    socket.answersPings = true;
    const realtime = random() < 0.5;
    served++;
    openNow++;
    const dialect = realtime ? "realtime" : "stream";
    serveConnection(
      socket as unknown as WebSocket,
      {
        ...{
          sessionId: `s${served}`,
          socket: new EventEmitter() as unknown as Duplex,
          address,
          dialect,
          place,
        },
        offended: (kind) => guard.offended(address, kind),
        create: realtime ? createRealtimeDialect : createStreamDialect,
      },
      {
        ...{ clock, random, limits, blocks: store, upstreams, metrics, guard, exceptions },
        log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      },
      () => {
        openNow--;
        guard.disconnected(address);
      },
    );
    const text = (message: object): void => socket.message(Buffer.from(JSON.stringify(message)), false);
    if (!realtime) text({ type: "start" });
    const chunks = 1 + randomBelow(random, 12);
    for (let i = 0; i < chunks; i++)
      clock.wakeAt(clock.nowMs() + 100 * (i + 1), () => {
        const audio = Buffer.alloc(3200);
        if (realtime) text({ type: "input_audio_buffer.append", audio: audio.toString("base64") });
        else socket.message(audio, true);
      });
    const how = random();
    clock.wakeAt(clock.nowMs() + 100 * (chunks + 1), () => {
      if (how < 0.6) text({ type: realtime ? "input_audio_buffer.done" : "finish" });
      else if (how < 0.8) text({ type: "nonsense", label: `"}\n${served}` });
      // A code of the caller's own must not become a label.
      else socket.closedByCaller(3000 + (served % 1999));
    });
    // Whoever is told goodbye says so, too.
    clock.wakeAt(clock.nowMs() + 3000, () =>
      socket.closedByCaller(socket.closeCode === 0 ? 1005 : socket.closeCode),
    );
  }

  async function pass(untilMs: number): Promise<void> {
    for (let nextCallMs = clock.nowMs(); clock.nowMs() < untilMs;) {
      clock.advanceTo(clock.nowMs() + 500);
      // Probes answer in a later tick.
      for (let tick = 0; tick < 4; tick++) await Promise.resolve();
      if (clock.nowMs() < nextCallMs) continue;
      call();
      nextCallMs = clock.nowMs() + 1000 + randomBelow(random, 20_000);
    }
  }

  const seriesNow = async (): Promise<number> => (await metrics.text()).split("\n").length;
  await pass(2 * HOUR_MS);
  const early = { heap: heapBytes(), series: await seriesNow() };
  await pass(DAY_MS);
  // The last sessions end, probes go on.
  for (let second = 0; second < 120; second++) {
    clock.advanceTo(clock.nowMs() + 1000);
    for (let tick = 0; tick < 4; tick++) await Promise.resolve();
  }

  expect(served).toBeGreaterThan(5000);
  expect([openNow, blocksInUse, guard.blocked]).toEqual([0, 0, 0]);
  expect(upstreams.list().map(({ sessions }) => sessions)).toEqual([0, 0]);
  expect(transports.map(({ openNow: open }) => open)).toEqual([0, 0]);
  // One probe of each upstream.
  expect(clock.outstanding).toBe(2);
  const text = await metrics.text();
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, "gm"))].reduce(
      (all, [, value]) => all + Number(value),
      0,
    );
  expect(sum("bench_gateway_sessions_total")).toBe(served);
  expect(sum("bench_gateway_sessions_ended_total")).toBe(served);
  expect(sum("bench_gateway_refused_total")).toBe(refused);
  expect(sum("bench_gateway_sessions_active")).toBe(0);
  expect([...exceptions.counts.values()].every((count) => count === 0)).toBe(true);
  // Two thousand close codes of callers' own are one series a dialect; a new kind of end may come late.
  expect(text.split("\n").length).toBeLessThanOrEqual(early.series + 20);
  expect(heapBytes() - early.heap).toBeLessThan(6_000_000);
}, 60_000);

test("a million strangers and owners are forgotten", () => {
  const clock = new CountingClock();
  const { limits } = gatewayFile.parse({});
  const guard = createGuard(() => limits, clock, { offence: () => undefined, blocked: () => undefined });
  const pass = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const address = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
      if (guard.connected(address) === "serve") {
        if (i % 3 === 0) guard.offended(address, "refused");
        guard.bulk(address, 100);
        guard.disconnected(address);
      }
      clock.stall(86);
    }
  };
  pass(0, 100_000);
  const early = heapBytes();
  pass(100_000, 1_000_000);
  expect(heapBytes() - early).toBeLessThan(3_000_000);
  expect(clock.nowMs()).toBeGreaterThan(DAY_MS * 0.99);
}, 60_000);
