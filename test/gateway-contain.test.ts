/** An exception ends the session that it came from, and nothing else: whatever throws, wherever it is called from. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { realClock } from "../src/base/clock.ts";
import type { AsrTransport, StreamListener } from "../src/client/transport.ts";
import { createAddresses } from "../src/gateway/door/address.ts";
import { createAuth } from "../src/gateway/door/auth.ts";
import { gatewayFile } from "../src/gateway/config.ts";
import { createExceptions } from "../src/gateway/contain.ts";
import type { Gateway } from "../src/gateway/server.ts";
import { startGateway } from "../src/gateway/server.ts";
import { createUpstreams } from "../src/gateway/upstream/upstreams.ts";
import { WavInput } from "../src/gateway/dialects/wav-header.ts";
import { Caller } from "./support/gateway.ts";

/** What each part of a transport throws, once a session with that model asks for it. */
type Fault = "open" | "encode" | "send" | "finish" | "accepted" | "response" | "end";

const running: Gateway[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const one of running.splice(0)) await one.drain();
});

/** Uncaught errors of this process would be the end of everybody's session. */
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);
beforeEach(() => {
  uncaught.length = 0;
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
  return () => {
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
    expect(uncaught).toEqual([]);
  };
});

const BOOM = new Error("private words of a caller");

/** Answers every chunk; sessions whose model is a fault meet it. */
function faultyTransport(): AsrTransport {
  return {
    name: "faulty",
    encodeChunk(audio, told) {
      if (told?.["boom"] !== undefined) throw BOOM;
      return audio;
    },
    sessionsByAddress: () => ({}),
    warmUp: () => Promise.resolve({ connections: 0, tookMs: 0 }),
    open({ recognition: { model } }, listener: StreamListener) {
      const fault = model as Fault | undefined;
      if (fault === "open") throw BOOM;
      const later = (act: () => void): void => void setImmediate(act);
      // Values that no transport gives: the session must stand them.
      const bad = (kind: Fault): boolean => fault === kind;
      let index = 0;
      later(() => listener.onOpen(realClock.nowMs(), 0));
      return {
        send() {
          if (bad("send")) throw BOOM;
          later(() => listener.onAccepted(index++, bad("accepted") ? Number.NaN : realClock.nowMs()));
          later(() =>
            listener.onResponse(
              bad("response")
                ? (undefined as never)
                : { atMs: realClock.nowMs(), final: false, text: "hm", audioProcessedS: Infinity },
            ),
          );
          return true;
        },
        finish() {
          if (bad("finish")) throw BOOM;
          if (!bad("end"))
            later(() => listener.onResponse({ atMs: realClock.nowMs(), final: true, text: "hm" }));
          later(() => listener.onEnd(realClock.nowMs(), bad("end") ? (undefined as never) : { ok: true }));
        },
        setReading: () => undefined,
        cancel: () => undefined,
      };
    },
    close: () => Promise.resolve(),
  };
}

async function start() {
  const log: string[] = [];
  const write = (fields: object, message: string): void =>
    void log.push(JSON.stringify({ ...fields, message }));
  const exceptions = createExceptions({ error: write });
  const clock = realClock;
  const upstreams = createUpstreams(
    [{ name: "up", uri: "grpc://x", endpoint: { address: "x:1" } }],
    {
      transport: faultyTransport,
      unary: () => ({
        health: () => Promise.resolve({ ok: true, value: "serving" }),
        models: () => Promise.resolve({ ok: true, value: [] }),
        recognize: () => Promise.reject(new Error("not used")),
        close: () => undefined,
      }),
    },
    clock,
    { changed: () => undefined, threw: (_, error) => exceptions.caught("upstream", error) },
  );
  const page = new Map();
  const gateway = await startGateway({
    ...{ clock, random: Math.random, auth: createAuth([], Buffer.alloc(32), 60_000), upstreams, exceptions },
    config: gatewayFile.parse({ port: 0, limits: { drain: "100ms" } }),
    addresses: createAddresses([]),
    log: { info: write, warn: write, error: write },
    page,
    residentBytes: () => 0,
  });
  running.push(gateway);
  const http = `http://127.0.0.1:${gateway.port}`;
  return { gateway, upstreams, log, page, http, url: `ws://127.0.0.1:${gateway.port}` };
}

async function metric(http: string, line: RegExp): Promise<string | undefined> {
  return line.exec(await (await fetch(`${http}/metrics`)).text())?.[1];
}

test.each<Fault>(["open", "send", "finish", "accepted", "response", "end"])(
  "a transport that breaks its word in %s ends that session; the one beside it goes on",
  async (model) => {
    const { http, url, log, upstreams } = await start();
    const good = await new Caller(`${url}/v1/stream`).opened();
    good.json({ type: "start" });
    await good.heard("ready");
    const bad = await new Caller(`${url}/v1/stream`).opened();
    bad.json({ type: "start", model });
    if (model !== "open") await bad.heard("ready");
    bad.socket.send(Buffer.alloc(3200));
    bad.json({ type: "finish" });
    const { code } = await bad.closed;
    // A stamp that is no number is a metric's loss, not the session's.
    if (model === "accepted") {
      expect(code).toBe(1000);
      expect(await metric(http, /^bench_gateway_exceptions_total\{place="metric"\} (\d+)$/m)).toBe("1");
    } else {
      expect([code, bad.of("error")[0]?.["code"]]).toEqual([1011, "internal"]);
      expect(await metric(http, /^bench_gateway_exceptions_total\{place="session"\} (\d+)$/m)).toMatch(
        /[1-9]/,
      );
      const session = String(bad.of("error")[0]?.["session_id"]);
      const line = log.find((one) => one.includes("exception caught")) ?? "";
      expect(line).toContain(session);
      expect(line).toContain('"stack"');
      expect(log.join("\n")).not.toContain(BOOM.message);
    }
    good.socket.send(Buffer.alloc(3200));
    good.json({ type: "finish" });
    expect(await good.closed).toMatchObject({ code: 1000 });
    expect(await metric(http, /^bench_gateway_sessions_active\{dialect="stream"\} (\d+)$/m)).toBe("0");
    // A stream that never ends keeps its place: nothing is known of it.
    expect(upstreams.list()[0]?.sessions).toBe(model === "finish" ? 1 : 0);
  },
);

test("a header reader that throws ends its session with 1011, in the realtime dialect", async () => {
  const { http, url } = await start();
  const caller = new Caller(`${url}/v1/realtime?intent=transcription`);
  await caller.heard("conversation.created");
  caller.json({ type: "transcription_session.update", session: { input_audio_format: "none" } });
  await caller.heard("transcription_session.updated");
  vi.spyOn(WavInput.prototype, "push").mockImplementation(() => {
    throw new RangeError("offset is out of range");
  });
  for (let i = 0; i < 2; i++) caller.json({ type: "input_audio_buffer.append", audio: "UklGRiQA" });
  expect(await caller.closed).toMatchObject({ code: 1011 });
  expect(caller.of("error")[0]).toMatchObject({ error: { code: "internal" } });
  expect(
    await metric(http, /^bench_gateway_sessions_ended_total\{dialect="realtime",close_code="1011"\} (\d+)$/m),
  ).toBe("1");
});

test("a request whose answer throws gets 500, and the next one its answer", async () => {
  const { http, page, upstreams } = await start();
  page.set("/broken", {
    get contentType(): string {
      throw BOOM;
    },
  });
  expect((await fetch(`${http}/broken`)).status).toBe(500);
  expect((await fetch(`${http}/health/live`)).status).toBe(200);
  // Readiness and metrics ask the upstreams.
  const list = vi.spyOn(upstreams, "list").mockImplementation(() => {
    throw BOOM;
  });
  expect((await fetch(`${http}/health/ready`)).status).toBe(500);
  // One family that can't be read leaves the others.
  expect(await (await fetch(`${http}/metrics`)).text()).toContain("bench_gateway_sessions_limit 2000");
  list.mockRestore();
  expect((await fetch(`${http}/health/ready`)).status).toBe(200);
});

test("an upgrade that throws is answered with 500, and its place is free again", async () => {
  const { url, upstreams, http } = await start();
  const choose = vi.spyOn(upstreams, "choose").mockImplementation(() => {
    throw BOOM;
  });
  const refused = new Caller(`${url}/v1/stream`);
  await refused.closed;
  expect(refused.refused).toBe(500);
  choose.mockRestore();
  expect(await metric(http, /^bench_gateway_exceptions_total\{place="connection"\} (\d+)$/m)).toBe("1");
});

test("a probe that throws takes its upstream out, and probing goes on", async () => {
  const exceptions = createExceptions({ error: () => undefined });
  let broken = true;
  const upstreams = createUpstreams(
    [{ name: "up", uri: "grpc://x", endpoint: { address: "x:1" } }],
    {
      transport: faultyTransport,
      unary: () => ({
        health: () => (broken ? Promise.reject(BOOM) : Promise.resolve({ ok: true, value: "serving" })),
        models: () => Promise.resolve({ ok: true, value: [] }),
        recognize: () => Promise.reject(BOOM),
        close: () => undefined,
      }),
    },
    realClock,
    { changed: () => undefined, threw: (_, error) => exceptions.caught("upstream", error) },
  );
  await expect.poll(() => upstreams.choose([])).toBeUndefined();
  expect(exceptions.counts.get("upstream")).toBeGreaterThan(0);
  broken = false;
  await expect.poll(() => upstreams.choose([])?.name, { timeout: 5000 }).toBe("up");
  await upstreams.close();
});
