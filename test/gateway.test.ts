/** The gateway over real sockets before the emulator: both dialects, who may come in, and callers that mean no good. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { realClock } from "../src/base/clock.ts";
import { loadDataset, selectClips } from "../src/base/dataset/dataset.ts";
import { findProfile } from "../src/emulator/timing/profiles.ts";
import type { Emulator } from "../src/emulator/server.ts";
import { createEmulator } from "../src/emulator/server.ts";
import { parseApiKeys } from "../src/gateway/door/auth.ts";
import type { TestGateway } from "./support/gateway.ts";
import { Caller, streamSession, testGateway } from "./support/gateway.ts";
import { wavFile } from "./support/wav.ts";

const dataset = selectClips(await loadDataset("default"), { only: ["ps-goforward"] });
const [clip] = dataset.clips;
const pcm = Buffer.from(clip!.pcm.buffer, clip!.pcm.byteOffset, clip!.pcm.byteLength);
const WORDS = "go forward ten meters";
const KEY = "0123456789abcdef";
const keys = parseApiKeys(`web ${KEY}`, "keys");

const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0).reverse()) await stop();
});

/** The answer on a connection of this agent. */
async function askOn(agent: Agent, url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent }), "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response;
}

async function emulator(): Promise<Emulator> {
  const one = await createEmulator({
    ...{ profile: findProfile("nim"), dataset, clock: realClock, host: "127.0.0.1", port: 0 },
    delays: { partialMs: 5, finalMs: 10 },
  });
  running.push(() => one.close());
  return one;
}

async function gateway(
  options: Parameters<typeof testGateway>[1] = {},
  upstreams?: string[],
): Promise<TestGateway> {
  const one = await testGateway(upstreams ?? [`127.0.0.1:${(await emulator()).port}`], {
    ...options,
    config: { limits: { drain: "100ms" }, ...options.config },
  });
  running.push(() => one.gateway.drain());
  return one;
}

async function ready({ http }: TestGateway): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${http}/health/ready`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function until(is: () => Promise<boolean>, limitMs: number): Promise<void> {
  const endMs = realClock.nowMs() + limitMs;
  while (!(await is())) {
    if (realClock.nowMs() > endMs) throw new Error(`not so within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("the binary dialect", () => {
  test("gives the words, numbered, with times, and ends well", async () => {
    const { url, log } = await gateway();
    const caller = await streamSession(url, pcm, { word_times: true });
    const [final] = caller.of("final");
    expect(final).toMatchObject({ text: WORDS, segment: 0 });
    expect((final?.["words"] as object[])[0]).toEqual({ word: "go", start_ms: 490, end_ms: 640 });
    const ids = caller.events.flatMap(({ id }) => (id === undefined ? [] : [id]));
    expect(ids).toEqual(ids.map((_, i) => i));
    expect(await caller.closed).toEqual({ code: 1000, reason: "" });
    expect(new Set(caller.events.map(({ session_id }) => session_id)).size).toBe(1);
    // What is said stays out of the log.
    expect(log.join("\n")).not.toContain("forward");
  });

  test.each([
    ["no JSON", (caller: Caller) => caller.socket.send("hello"), 4400],
    ["no start", (caller: Caller) => caller.json({ type: "finish" }), 4400],
    ["audio before the start", (caller: Caller) => caller.socket.send(Buffer.alloc(320)), 4400],
    ["a setting that is unknown", (caller: Caller) => caller.json({ type: "start", speed: 2 }), 4400],
    ["a rate out of range", (caller: Caller) => caller.json({ type: "start", sample_rate_hz: 1 }), 4400],
    [
      "half a sample",
      (caller: Caller) => {
        caller.json({ type: "start" });
        caller.socket.send(Buffer.alloc(321));
      },
      4400,
    ],
    ["a frame over the limit", (caller: Caller) => caller.socket.send(Buffer.alloc(262_145)), 1009],
    ["nothing at all", () => undefined, 4408],
  ])("%s is told what is wrong and closed", async (_, misbehave, code) => {
    const { url } = await gateway({ config: { limits: { start: "300ms" } } });
    const caller = await new Caller(`${url}/v1/stream`).opened();
    misbehave(caller);
    expect(await caller.closed).toMatchObject({ code });
    if (code !== 1009) expect(caller.of("error")).toHaveLength(1);
  });

  test("a language that no model speaks is the caller's mistake", async () => {
    const { url } = await gateway();
    const caller = await new Caller(`${url}/v1/stream`).opened();
    caller.json({ type: "start", language: "xx-XX" });
    expect(await caller.closed).toMatchObject({ code: 4400 });
    expect(String(caller.of("error")[0]?.["message"])).toContain("Unavailable model");
  });
});

describe("the realtime dialect", () => {
  async function speak(
    { url }: TestGateway,
    session: object,
    audio: Buffer,
    caller?: Caller,
  ): Promise<Caller> {
    const one = caller ?? new Caller(`${url}/v1/realtime?intent=transcription`);
    await one.heard("conversation.created");
    one.json({ type: "transcription_session.update", session });
    await one.heard("transcription_session.updated");
    for (let at = 0; at < audio.length; at += 3200) {
      const base64 = audio.subarray(at, at + 3200).toString("base64");
      one.json({ type: "input_audio_buffer.append", audio: base64 });
      one.json({ type: "input_audio_buffer.commit" });
    }
    one.json({ type: "input_audio_buffer.done" });
    await one.closed;
    return one;
  }
  const COMPLETED = "conversation.item.input_audio_transcription.completed";

  test("the last completed holds the whole text", async () => {
    const caller = await speak(await gateway(), {}, pcm);
    expect(
      caller.of(COMPLETED).map(({ transcript, is_last_result }) => [transcript, is_last_result]),
    ).toEqual([
      [WORDS, false],
      [WORDS, true],
    ]);
    expect(caller.of("input_audio_buffer.committed")).toHaveLength(Math.ceil(pcm.length / 3200));
  });

  test("a WAV from byte 0, cut anywhere, is taken with format none", async () => {
    const caller = await speak(await gateway(), { input_audio_format: "none" }, wavFile(pcm));
    expect(caller.of(COMPLETED).at(-1)).toMatchObject({ transcript: WORDS, is_last_result: true });
  });

  test.each([
    ["an unknown event", { type: "nonsense" }],
    ["no type", {}],
    ["an inherited name", { type: "constructor" }],
    ["no base64", { type: "input_audio_buffer.append", audio: "*" }],
    [
      "two channels",
      { type: "transcription_session.update", session: { input_audio_params: { num_channels: 2 } } },
    ],
  ])("%s is told and closed", async (_, event) => {
    const { url } = await gateway();
    const caller = new Caller(`${url}/v1/realtime?intent=transcription`);
    await caller.heard("conversation.created");
    caller.json(event);
    expect(await caller.closed).toMatchObject({ code: 4400 });
    expect(caller.of("error")).toHaveLength(1);
  });

  test("needs its intent", async () => {
    const caller = new Caller(`${(await gateway()).url}/v1/realtime`);
    await caller.closed;
    expect(caller.refused).toBe(403);
  });

  test("with keys: a session is made with one and joined with its token", async () => {
    const one = await gateway({ keys });
    const path = `${one.http}/v1/realtime/transcription_sessions`;
    const refused = await fetch(path, { method: "POST", body: "{}" });
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    const made = await fetch(path, {
      method: "POST",
      body: "{}",
      headers: { authorization: `Bearer ${KEY}` },
    });
    const session = (await made.json()) as { client_secret: { value: string } };
    const without = new Caller(`${one.url}/v1/realtime?intent=transcription`);
    await without.closed;
    expect(without.refused).toBe(401);
    const protocols = ["realtime", `realtime-token.${session.client_secret.value}`];
    const caller = new Caller(`${one.url}/v1/realtime?intent=transcription`, { protocols });
    await speak(one, {}, pcm, caller);
    expect(caller.socket.protocol).toBe("realtime");
    expect(caller.of(COMPLETED).at(-1)).toMatchObject({ transcript: WORDS });
    expect(one.log.join("\n")).not.toContain(KEY);
  });
});

describe("who may come in", () => {
  test("pages of other origins may not, unless they are named", async () => {
    const { url } = await gateway({ config: { allowedOrigins: ["https://app.example"] } });
    const statusFor = async (origin: string): Promise<number | undefined> => {
      const caller = new Caller(`${url}/v1/stream`, { headers: { origin } });
      await Promise.race([caller.closed, once(caller.socket, "open")]);
      caller.socket.terminate();
      return caller.refused;
    };
    expect(await statusFor("https://evil.example")).toBe(403);
    expect(await statusFor("null")).toBe(403);
    expect(await statusFor("https://app.example")).toBeUndefined();
    expect(await statusFor(url.replace("ws", "http"))).toBeUndefined();
  });

  test("no more sessions than the limit, and their places are free again", async () => {
    const { url } = await gateway({ config: { limits: { sessions: 1, drain: "100ms" } } });
    const first = await new Caller(`${url}/v1/stream`).opened();
    const second = new Caller(`${url}/v1/stream`);
    await second.closed;
    expect(second.refused).toBe(429);
    first.socket.close();
    await first.closed;
    await until(async () => {
      const third = new Caller(`${url}/v1/stream`);
      await Promise.race([third.closed, once(third.socket, "open")]);
      third.socket.terminate();
      return third.refused === undefined;
    }, 1000);
  });
});

describe("when recognisers are away", () => {
  test("readiness follows within two seconds, sessions are refused meanwhile, and come back", async () => {
    const first = await createEmulator({
      ...{ profile: findProfile("nim"), dataset, clock: realClock, host: "127.0.0.1", port: 0 },
      delays: { partialMs: 5, finalMs: 10 },
    });
    const { port } = first;
    const one = await gateway({}, [`127.0.0.1:${port}`]);
    expect((await streamSession(one.url, pcm)).of("final")[0]?.["text"]).toBe(WORDS);
    await first.close();
    await until(async () => (await ready(one)).status === 503, 2000);
    const refused = new Caller(`${one.url}/v1/stream`);
    await refused.closed;
    expect(refused.refused).toBe(503);
    const again = await createEmulator({
      ...{ profile: findProfile("nim"), dataset, clock: realClock, host: "127.0.0.1", port },
      delays: { partialMs: 5, finalMs: 10 },
    });
    running.push(() => again.close());
    await until(async () => (await ready(one)).status === 200, 4000);
    expect((await streamSession(one.url, pcm)).of("final")[0]?.["text"]).toBe(WORDS);
  });

  test("the next one takes sessions, also those in flight", async () => {
    const first = await createEmulator({
      ...{ profile: findProfile("nim"), dataset, clock: realClock, host: "127.0.0.1", port: 0 },
      delays: { partialMs: 5, finalMs: 10 },
    });
    const second = await emulator();
    const one = await gateway({}, [`127.0.0.1:${first.port}`, `127.0.0.1:${second.port}`]);
    const caller = await new Caller(`${one.url}/v1/stream`).opened();
    caller.json({ type: "start" });
    expect(await caller.heard("ready")).toMatchObject({ upstream: "up1" });
    caller.socket.send(pcm.subarray(0, 32_000));
    await caller.heard("interim");
    await first.close();
    await until(() => Promise.resolve(caller.of("ready").length === 2), 3000);
    caller.socket.send(pcm.subarray(32_000));
    caller.json({ type: "finish" });
    expect(await caller.closed).toMatchObject({ code: 1000 });
    expect(caller.of("final")[0]?.["text"]).toBe(WORDS);
  });

  test("the fallback says what it is in every event", async () => {
    const one = await gateway({ mock: true }, []);
    expect((await ready(one)).body).toMatchObject({ ready: true, fallback: "mock" });
    const caller = await streamSession(one.url, pcm);
    expect(caller.of("final")).toHaveLength(1);
    expect(caller.events.every(({ mock }) => mock === true)).toBe(true);
  });
});

describe("callers that mean no good", () => {
  test("whatever they send, others are served and nothing breaks", async () => {
    const one = await gateway({
      config: { limits: { start: "200ms", idle: "500ms", drain: "100ms", offencesPerAddress: 1000 } },
    });
    const anything = fc.oneof(
      fc.string().map((text) => text as string | Buffer),
      fc.json(),
      fc.uint8Array({ maxLength: 5000 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(
        JSON.stringify({ type: "start" }),
        JSON.stringify({ type: "finish" }),
        JSON.stringify({ type: "input_audio_buffer.append", audio: "AAAA" }),
        JSON.stringify({ type: "input_audio_buffer.done" }),
        JSON.stringify({ type: "transcription_session.update", session: {} }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("stream", "realtime"),
        fc.array(anything, { maxLength: 6 }),
        async (path, messages) => {
          const caller = await new Caller(`${one.url}/v1/${path}?intent=transcription`).opened();
          for (const message of messages) caller.socket.send(message);
          caller.socket.close();
          expect((await caller.closed).code).toBeGreaterThanOrEqual(1000);
        },
      ),
      { numRuns: 60 },
    );
    expect((await streamSession(one.url, pcm)).of("final")[0]?.["text"]).toBe(WORDS);
  });

  test("one that never reads and one that never finishes its request are let go", async () => {
    const one = await gateway({
      config: { limits: { slowReader: "300ms", handshake: "500ms", drain: "100ms" } },
    });
    const slow = connect(one.gateway.port, "127.0.0.1");
    slow.on("error", () => undefined);
    slow.write("GET /v1/stream HTTP/1.1\r\nHost: x\r\n");
    const mute = await new Caller(`${one.url}/v1/stream`).opened();
    mute.json({ type: "start" });
    await mute.heard("ready");
    mute.socket.pause();
    // Results pile up only when the socket's buffers are full: send audio for as long as it is taken.
    const talk = setInterval(() => mute.socket.send(pcm.subarray(0, 32_000)), 5);
    const gone = new Promise((resolve) => slow.once("close", resolve));
    await gone;
    clearInterval(talk);
    expect((await streamSession(one.url, pcm)).of("final")[0]?.["text"]).toBe(WORDS);
    mute.socket.terminate();
  }, 15_000);

  test("an address that breaks the protocol again and again is turned away for a while, and told so", async () => {
    const one = await gateway({
      config: { limits: { offencesPerAddress: 2, penalty: "1500ms", drain: "100ms" } },
    });
    const open = await new Caller(`${one.url}/v1/stream`).opened();
    open.json({ type: "start" });
    await open.heard("ready");
    // A connection that was there before is told the same as a new one.
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await askOn(kept, `${one.http}/health/live`)).statusCode).toBe(200);
    for (const misbehave of ["no JSON", Buffer.alloc(262_145), "no JSON"]) {
      const caller = await new Caller(`${one.url}/v1/stream`).opened();
      caller.socket.send(misbehave);
      await caller.closed;
    }
    // Its open session goes on and is the only one that may ask.
    open.socket.send(pcm);
    open.json({ type: "finish" });
    expect(await open.closed).toMatchObject({ code: 1000 });
    const onKept = await askOn(kept, `${one.http}/health/live`);
    expect([onKept.statusCode, onKept.headers["retry-after"]]).toEqual([429, "2"]);
    const refused = await fetch(`${one.http}/health/live`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(one.log.filter((line) => line.includes("address blocked"))).toHaveLength(1);
    await until(async () => (await fetch(`${one.http}/health/live`)).status === 200, 3000);
    const metrics = await (await fetch(`${one.http}/metrics`)).text();
    expect(metrics).toMatch(/^bench_gateway_offences_total\{kind="bad_session"\} 3$/m);
    expect(metrics).toMatch(/^bench_gateway_refused_total\{reason="blocked"\} [1-9]/m);
  }, 15_000);

  test("what an upstream won't have is no breach, nor are sessions that end in the middle of their audio", async () => {
    const one = await gateway({ config: { limits: { offencesPerAddress: 1, drain: "100ms" } } });
    for (let i = 0; i < 3; i++) {
      const wrong = await new Caller(`${one.url}/v1/stream`).opened();
      wrong.json({ type: "start", language: "xx-XX" });
      expect(await wrong.closed).toMatchObject({ code: 4400 });
      const vanishing = await new Caller(`${one.url}/v1/stream`).opened();
      vanishing.json({ type: "start" });
      await vanishing.heard("ready");
      vanishing.socket.send(pcm.subarray(0, 6400));
      await vanishing.heard("interim");
      vanishing.socket.terminate();
    }
    expect((await streamSession(one.url, pcm)).of("final")[0]?.["text"]).toBe(WORDS);
  });

  test("more requests than an address may make get 429, and block nobody", async () => {
    const one = await gateway({ config: { limits: { requestsPerSecondPerAddress: 5, drain: "100ms" } } });
    const answers: Response[] = [];
    for (let i = 0; i < 25; i++) answers.push(await fetch(`${one.http}/health/live`));
    expect(answers.slice(0, 20).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get("retry-after")).toBeNull();
    await until(async () => (await fetch(`${one.http}/health/live`)).status === 200, 1000);
  });

  test("audio much faster than speech for long is refused", async () => {
    const { url } = await gateway({ config: { limits: { bytesPerSecondPerSession: 1000, drain: "100ms" } } });
    const caller = await new Caller(`${url}/v1/stream`).opened();
    caller.json({ type: "start" });
    caller.socket.send(Buffer.alloc(64_000));
    expect(await caller.closed).toMatchObject({ code: 4429 });
  });
});

test("draining: no new sessions, open ones are followed, then told to go", async () => {
  const one = await testGateway([`127.0.0.1:${(await emulator()).port}`], {
    config: { limits: { drain: "400ms" } },
  });
  const stays = await new Caller(`${one.url}/v1/stream`).opened();
  const ends = await new Caller(`${one.url}/v1/stream`).opened();
  for (const caller of [stays, ends]) {
    caller.json({ type: "start" });
    await caller.heard("ready");
  }
  const drained = one.gateway.drain();
  ends.socket.send(pcm);
  ends.json({ type: "finish" });
  expect(await ends.closed).toMatchObject({ code: 1000 });
  expect(ends.of("final")[0]?.["text"]).toBe(WORDS);
  expect(await stays.closed).toMatchObject({ code: 1001 });
  await drained;
});
