import { beforeEach, expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Failure } from "../../base/outcome.ts";
import type { AsrTransport } from "../../client/transport.ts";
import type { FakeServer, FakeTransport } from "../../../test/support/fake-transport.ts";
import { fakeTransport } from "../../../test/support/fake-transport.ts";
import { createBlockStore } from "./block-store.ts";
import { Breaker } from "../upstream/breaker.ts";
import type { GatewayFile } from "../config.ts";
import { gatewayFile } from "../config.ts";
import { createMockTransport } from "../upstream/mock-transport.ts";
import type { SessionError, SessionResult } from "../dialects/result.ts";
import { GatewaySession } from "./session.ts";
import type { Upstream, Upstreams } from "../upstream/upstreams.ts";

const GOOD: FakeServer = { readyMs: 5, partialMs: 40, finalMs: 80 };
const LOST: Failure = {
  phase: "streaming",
  class: "connection-lost",
  origin: "network",
  code: "UNAVAILABLE",
  message: "gone",
};
const CHUNK = Buffer.alloc(3200);

let clock: VirtualClock;
beforeEach(() => (clock = new VirtualClock()));

interface Heard {
  ready: string[];
  results: SessionResult[];
  ends: (SessionError | undefined)[];
  reading: boolean[];
}

function failing(afterMs: number, failure = LOST): FakeServer {
  return { ...GOOD, fail: () => ({ afterMs, failure }) };
}

async function begin(servers: readonly FakeServer[], options: { mock?: AsrTransport; limits?: object } = {}) {
  const transports: FakeTransport[] = servers.map((server) => fakeTransport(clock, server));
  const list: Upstream[] = transports.map((transport, i) => ({
    name: `up${i + 1}`,
    uri: "",
    transport,
    state: () => "up" as const,
    breaker: new Breaker({ failures: 3, pauseMs: 1, longestPauseMs: 1 }),
    sessions: 0,
    mark: { emulated: false },
  }));
  const upstreams: Upstreams = {
    list: () => list,
    choose: (tried) => list.find((one) => !tried.includes(one)),
    take: (upstream) => {
      upstream.sessions++;
      return {
        responded: () => undefined,
        ended: () => undefined,
        failed: () => undefined,
        release: () => upstream.sessions--,
      };
    },
    replace: () => ({ added: [], removed: [], changed: [] }),
    close: () => Promise.resolve(),
  };
  const heard: Heard = { ready: [], results: [], ends: [], reading: [] };
  const config: GatewayFile = gatewayFile.parse({ limits: options.limits ?? {} });
  const session = new GatewaySession(
    {
      id: "s",
      contain: (act) => act,
      clock,
      upstreams,
      limits: config.limits,
      random: () => 1,
      blocks: createBlockStore(),
      ...(options.mock === undefined ? {} : { mock: options.mock }),
      watcher: {
        opened: () => undefined,
        audio: () => undefined,
        sent: () => undefined,
        added: () => undefined,
        result: () => undefined,
        upstreamFailed: () => undefined,
      },
    },
    { recognition: { language: "en-US", interim: true }, sampleRateHz: 16_000 },
    {
      ready: (upstream) => heard.ready.push(upstream),
      result: (result) => heard.results.push(result),
      ended: (error) => heard.ends.push(error),
      setReading: (reading) => heard.reading.push(reading),
    },
  );
  await Promise.resolve();
  const speak = (chunks: number): void => {
    for (let i = 0; i < chunks; i++) {
      session.audio(CHUNK);
      clock.advanceTo(clock.nowMs() + 100);
    }
  };
  return { session, heard, transports, list, speak };
}

test("audio goes in, numbered results come out, and it ends once", async () => {
  const { session, heard, list, speak } = await begin([GOOD]);
  speak(3);
  session.finish();
  clock.advanceTo(1000);
  expect(heard.ready).toEqual(["up1"]);
  expect(heard.results.map(({ id, segment, final }) => [id, segment, final])).toEqual([
    [0, 0, false],
    [1, 0, false],
    [2, 0, false],
    [3, 0, true],
  ]);
  expect(heard.ends).toEqual([undefined]);
  expect(list[0]?.sessions).toBe(0);
});

test("when its upstream fails, the next one hears again what has no final: nothing is lost", async () => {
  const { session, heard, speak } = await begin([failing(450), GOOD]);
  speak(6);
  session.finish();
  clock.advanceTo(2000);
  expect(heard.ready).toEqual(["up1", "up2"]);
  // The second upstream heard all six chunks.
  expect(
    heard.results
      .filter(({ text }) => text.startsWith("word"))
      .map(({ text }) => text)
      .slice(-6),
  ).toEqual(Array.from({ length: 6 }, (_, i) => `word ${i}`));
  expect(heard.results.at(-1)).toMatchObject({ final: true, segment: 0 });
  expect(heard.ends).toEqual([undefined]);
});

test("an utterance longer than what is kept can't be taken over: what is lost is said", async () => {
  const { heard, speak } = await begin([failing(850), GOOD], { limits: { kept: "300ms" } });
  speak(10);
  expect(heard.ends).toEqual([
    {
      code: "upstream_failed",
      message: "the recogniser failed (UNAVAILABLE): gone",
      lost: { fromMs: 0, toMs: 900 },
    },
  ]);
});

/** Fails its first sessions so, after 20 ms. */
function failingAtFirst(sessions: number, failure = LOST): FakeServer {
  return {
    ...GOOD,
    fail: (_spec, opened) => (opened <= sessions ? { afterMs: 20, failure } : undefined),
  };
}

test("an upstream that fails before any result is tried again, after waits that double, with all that was said", async () => {
  const { session, heard, transports, list } = await begin([failingAtFirst(2)]);
  for (let i = 0; i < 3; i++) session.audio(CHUNK);
  session.finish();
  const opened = [19, 319, 320, 939, 940].map((ms) => {
    clock.advanceTo(ms);
    return transports[0]!.opened;
  });
  expect(opened).toEqual([1, 1, 2, 2, 3]);
  clock.advanceTo(2000);
  expect(heard.results.map(({ text }) => text)).toEqual(["word 0", "word 1", "word 2", "all the words"]);
  expect(heard.ends).toEqual([undefined]);
  expect(list[0]?.sessions).toBe(0);
});

test("attempts are bounded, and end with the failure", async () => {
  const { heard, transports } = await begin([failingAtFirst(99)]);
  clock.advanceTo(5000);
  expect(transports[0]?.opened).toBe(4);
  expect(heard.ends).toMatchObject([{ code: "upstream_failed" }]);
});

test("none is made after the time that a connection may take", async () => {
  const { heard, transports } = await begin([failingAtFirst(99)], { limits: { connect: "400ms" } });
  clock.advanceTo(5000);
  expect(transports[0]?.opened).toBe(2);
  expect(heard.ends).toHaveLength(1);
});

test("a caller who hangs up between two attempts is not connected any more", async () => {
  const { session, heard, transports } = await begin([failingAtFirst(99)]);
  clock.advanceTo(100);
  session.end();
  clock.advanceTo(5000);
  expect([transports[0]?.opened, heard.ends]).toEqual([1, [undefined]]);
});

test("what can't pass is not tried again", async () => {
  const unknown: Failure = { ...LOST, class: "internal", origin: "server", code: "UNKNOWN" };
  const { heard, transports } = await begin([failingAtFirst(99, unknown)]);
  clock.advanceTo(5000);
  expect([transports[0]?.opened, heard.ends.length]).toEqual([1, 1]);
});

test("a refusal of the settings is not tried elsewhere", async () => {
  const refused: Failure = {
    ...LOST,
    class: "bad-config",
    origin: "client-config",
    message: "no such model",
  };
  const { heard, transports } = await begin([failing(20, refused), GOOD]);
  clock.advanceTo(100);
  expect(heard.ends).toMatchObject([{ code: "bad_request" }]);
  expect(transports[1]?.opened).toBe(0);
});

test("without any upstream it fails, unless the fallback may answer, which is known for what it is", async () => {
  expect((await begin([])).heard.ends).toMatchObject([{ code: "no_upstream" }]);
  const { session, heard, speak } = await begin([], { mock: createMockTransport(clock) });
  speak(10);
  expect(session.mock).toBe(true);
  session.finish();
  clock.advanceTo(2000);
  expect(heard.ready).toEqual(["mock"]);
  expect(heard.results.at(-1)).toMatchObject({ final: true, text: "mock-1 mock-2" });
});

test("the fallback never continues what a recogniser began", async () => {
  const { heard, speak } = await begin([failing(450)], { mock: createMockTransport(clock) });
  speak(6);
  expect(heard.ready).toEqual(["up1"]);
  expect(heard.ends).toMatchObject([{ code: "upstream_failed" }]);
});

test("silence keeps the upstream's stream alive, and idleness ends the session", async () => {
  const { heard, transports, list, speak } = await begin([GOOD], {
    limits: { keepaliveAfter: "30s", idle: "60s" },
  });
  speak(1);
  const before = heard.results.length;
  clock.advanceTo(29_000);
  expect(heard.results.length).toBe(before);
  clock.advanceTo(50_000);
  // At 30, 35, 40, 45 and 50 s, less what is still on its way.
  expect(heard.results.length - before).toBeGreaterThanOrEqual(4);
  clock.advanceTo(61_000);
  expect(heard.ends).toMatchObject([{ code: "idle" }]);
  // Finished, not reset: its server would count resets against the connection that others use.
  expect([transports[0]?.cancelled, list[0]?.sessions]).toEqual([0, 0]);
});

test("a session has a longest time", async () => {
  const { session, heard } = await begin([GOOD], { limits: { longest: "2s" } });
  for (let i = 0; i < 30; i++) {
    session.audio(CHUNK);
    clock.advanceTo(clock.nowMs() + 100);
  }
  expect(heard.ends).toMatchObject([{ code: "session_too_long" }]);
});

test("a caller who sends before the upstream is open is paused when no more can be kept", async () => {
  const { session, heard } = await begin([{ ...GOOD, readyMs: 1000 }], { limits: { kept: "500ms" } });
  for (let i = 0; i < 5; i++) session.audio(CHUNK);
  expect(heard.reading).toEqual([false]);
  clock.advanceTo(1100);
  expect(heard.reading).toEqual([false, true]);
});

test("while the recogniser takes no more the caller is not read, and every frame that came is sent", async () => {
  let stuck = true;
  const { session, heard, speak } = await begin([{ ...GOOD, stuck: () => stuck }]);
  speak(20);
  expect(heard.reading.at(-1)).toBe(false);
  // What had been read already goes on its way all the same.
  expect(session.waitingChunks).toBe(20);
  stuck = false;
  clock.advanceTo(clock.nowMs() + 100);
  expect([heard.reading.at(-1), session.waitingChunks]).toEqual([true, 0]);
  session.finish();
  clock.advanceTo(clock.nowMs() + 1000);
  expect(heard.results.filter(({ final }) => !final)).toHaveLength(20);
  expect(heard.ends).toEqual([undefined]);
});

test("a recogniser that claims to have heard more than was said loses nothing more by it", async () => {
  const { session, heard, list, speak } = await begin([failing(450)]);
  speak(2);
  session.onResponse({ atMs: clock.nowMs(), final: true, text: "lies", audioProcessedS: 1e30 });
  speak(4);
  expect(heard.ends).toMatchObject([{ code: "upstream_failed", lost: { fromMs: 200, toMs: 500 } }]);
  expect(list[0]?.sessions).toBe(0);
});
