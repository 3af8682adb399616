/** Streams that fail behind a health probe that is content: the breaker opens, readiness follows, and a stream closes it. */
import { afterEach, describe, expect, test } from "vitest";
import { answer } from "../support/grpc-peer.ts";
import { Caller, testGateway } from "../support/gateway.ts";
import type { ServerCall } from "../support/misbehaving-server.ts";
import { scriptedServer } from "../support/misbehaving-server.ts";

const UNIMPLEMENTED = 12;
const STATUS = { INVALID_ARGUMENT: 3, NOT_FOUND: 5, INTERNAL: 13, UNAVAILABLE: 14, UNAUTHENTICATED: 16 };
const CHUNK = Buffer.alloc(3200);

type Dialect = "stream" | "realtime";

interface Behaviour {
  onConfig?(call: ServerCall): void;
  onChunk?(call: ServerCall): void;
  onHalfClose?(call: ServerCall): void;
}

const GOOD: Behaviour = {
  onChunk: (call) => call.send(answer("hm", false)),
  onHalfClose(call) {
    call.send(answer("hm", true));
    call.end(0);
  },
};

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A recogniser without a health service, whose streams do as told; counts those that are open at once. */
async function recogniser(first: Behaviour) {
  const state = { does: first, streams: 0, open: 0, mostOpen: 0 };
  const isStream = (call: ServerCall): boolean =>
    String(call.headers[":path"]).endsWith("StreamingRecognize");
  const server = await scriptedServer({
    onCall(call) {
      if (!isStream(call)) return;
      state.streams++;
      state.mostOpen = Math.max(state.mostOpen, ++state.open);
      call.stream.on("close", () => state.open--);
    },
    onMessage(call, index) {
      if (!isStream(call)) call.end(UNIMPLEMENTED);
      else if (index === 0) state.does.onConfig?.(call);
      else state.does.onChunk?.(call);
    },
    onHalfClose(call) {
      if (isStream(call)) state.does.onHalfClose?.(call);
    },
  });
  const one = await testGateway([server.address], {
    config: { limits: { drain: "100ms", flush: "300ms", connect: "1s", offencesPerAddress: 1000 } },
  });
  stops.push(
    () => server.close(),
    () => one.gateway.drain(),
  );
  return { state, one };
}

type World = Awaited<ReturnType<typeof recogniser>>;

/** One session; its close code, or the HTTP status of its refusal. */
async function session({ one }: World, dialect: Dialect, chunks = 2): Promise<number> {
  const realtime = dialect === "realtime";
  const caller = new Caller(`${one.url}/v1/${dialect}?intent=transcription`);
  const audio = CHUNK.toString("base64");
  caller.socket.on("open", () => {
    if (!realtime) caller.json({ type: "start" });
    for (let i = 0; i < chunks; i++)
      if (realtime) caller.json({ type: "input_audio_buffer.append", audio });
      else caller.socket.send(CHUNK);
    // Later, so that it does not overtake a recogniser that ends the stream.
    setTimeout(() => caller.json({ type: realtime ? "input_audio_buffer.done" : "finish" }), 50);
  });
  const { code } = await caller.closed;
  return caller.refused ?? code;
}

async function status({ one }: World): Promise<number> {
  return (await fetch(`${one.http}/health/ready`)).status;
}

function openings({ one }: World): number | undefined {
  return one.upstreams.list()[0]?.breaker.openings;
}

const FAILING: [string, Behaviour][] = [
  ["INTERNAL at once", { onConfig: (call) => call.end(STATUS.INTERNAL, "no") }],
  ["UNAVAILABLE", { onConfig: (call) => call.end(STATUS.UNAVAILABLE, "no") }],
  ["our own key refused", { onConfig: (call) => call.end(STATUS.UNAUTHENTICATED, "no") }],
  ["INTERNAL after audio", { onChunk: (call) => call.end(STATUS.INTERNAL, "no") }],
  [
    "INTERNAL after a response",
    {
      onChunk(call) {
        if (call.messages.length === 2) call.send(answer("hm", false));
        else call.end(STATUS.INTERNAL, "no");
      },
    },
  ],
  ["an end before the audio's", { onConfig: (call) => call.end(0) }],
  ["no answer and no end", {}],
  ["a reset", { onChunk: (call) => call.reset(2) }],
];

describe.each<Dialect>(["stream", "realtime"])("%s", (dialect) => {
  test.each(FAILING)(
    "%s: it opens, readiness follows, and one stream at a time tries again",
    async (_, does) => {
      const world = await recogniser(does);
      const codes: number[] = [];
      for (let i = 0; i < 20 && openings(world) === 0; i++) codes.push(await session(world, dialect));
      expect(openings(world)).toBe(1);
      expect(codes.length).toBeLessThanOrEqual(4);
      expect(codes.every((code) => [4502, 4504, 4503].includes(code))).toBe(true);
      expect(await status(world)).toBe(503);
      const metrics = await (await fetch(`${world.one.http}/metrics`)).text();
      expect(metrics).toMatch(/^bench_gateway_upstream_breaker_openings_total\{upstream="up1"\} 1$/m);
      expect(metrics).toMatch(/^bench_gateway_upstream_up\{upstream="up1"\} 0$/m);
      world.state.mostOpen = world.state.open;
      const before = world.state.streams;
      await expect.poll(() => world.state.streams, { timeout: 4000 }).toBeGreaterThan(before);
      expect(world.state.mostOpen).toBeLessThanOrEqual(world.state.open + 1);
      expect(await session(world, dialect)).toBe(503);
      world.state.does = GOOD;
      await expect.poll(() => status(world), { timeout: 15_000, interval: 100 }).toBe(200);
      expect(await session(world, dialect)).toBe(1000);
    },
    30_000,
  );

  test.each<[string, Behaviour, number]>([
    [
      "what the caller asks for wrongly",
      { onConfig: (call) => call.end(STATUS.INVALID_ARGUMENT, "no") },
      4400,
    ],
    ["a model that there is not", { onConfig: (call) => call.end(STATUS.NOT_FOUND, "no") }, 4400],
    [
      "a slow first response",
      {
        onHalfClose(call) {
          setTimeout(() => {
            call.send(answer("hm", true));
            call.end(0);
          }, 200);
        },
      },
      1000,
    ],
    ["nothing recognised, and a good end", { onHalfClose: (call) => call.end(0) }, 1000],
  ])("%s opens nothing", async (_, does, code) => {
    const world = await recogniser(does);
    for (let i = 0; i < 6; i++) expect(await session(world, dialect)).toBe(code);
    expect([openings(world), await status(world)]).toEqual([0, 200]);
  });
});

test("a caller who hangs up on a recogniser that never answers is evidence, too", async () => {
  const world = await recogniser({});
  for (let i = 0; i < 3; i++) {
    const caller = await new Caller(`${world.one.url}/v1/stream`).opened();
    caller.json({ type: "start" });
    await caller.heard("ready");
    caller.socket.send(CHUNK);
    caller.socket.close();
    await caller.closed;
  }
  await expect.poll(() => openings(world), { timeout: 3000 }).toBe(1);
});

test("one caller whose session fails again and again does not shut out others", async () => {
  const world = await recogniser(GOOD);
  for (let i = 0; i < 10; i++) {
    world.state.does = { onConfig: (call) => call.end(STATUS.INTERNAL, "no") };
    expect(await session(world, "stream")).toBe(4502);
    world.state.does = GOOD;
    expect(await session(world, "stream")).toBe(1000);
  }
  expect(openings(world)).toBe(0);
}, 60_000);
