/** Faults as a session lives through them, on a virtual clock. */
import { describe, expect, it } from "vitest";
import type { FakeServer } from "../../../test/support/fake-transport.ts";
import { fakeTransport } from "../../../test/support/fake-transport.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { sessionFailure } from "../../metrics/observation/classify.ts";
import { metricNamed } from "../../metrics/catalogue/catalogue.ts";
import type { Observation } from "../../metrics/observation/observation.ts";
import { dueMs, plannedSendMs } from "../../metrics/observation/observation.ts";
import type { FaultPlan } from "../plan/fault-plan.ts";
import { createScheduler } from "./scheduler.ts";
import type { SessionContext } from "./session.ts";
import { Session } from "./session.ts";

const AUDIBLE = new Uint8Array(3200).fill(1);
const SILENT = new Uint8Array(3200);
const SILENT_END = new Uint8Array(1600);

/** Ten chunks of 100 ms but for the last, of 50 ms; the stream is ready 7 ms after its start at 100 ms. */
function play(
  faults: Omit<FaultPlan, "condition"> | undefined,
  more: { anchor?: SessionContext["anchor"]; server?: Partial<FakeServer>; pace?: number } = {},
): {
  observation: Observation;
  sent: Uint8Array[];
  readingChanges: { atMs: number; reading: boolean }[];
  cancelled: number;
} {
  const clock = new VirtualClock(100);
  const transport = fakeTransport(clock, { readyMs: 7, partialMs: 30, finalMs: 40, ...more.server });
  const sent: Uint8Array[] = [];
  let ended = false;
  const context: SessionContext = {
    clock,
    scheduler: createScheduler(clock),
    transport: {
      ...transport,
      open(spec, listener) {
        const stream = transport.open(spec, listener);
        return { ...stream, send: (chunk) => (sent.push(chunk), stream.send(chunk)) };
      },
    },
    spec: {
      recognition: { language: "en-US", interim: true },
      encoding: "LINEAR_PCM",
      readyTimeoutMs: 1000,
      flushTimeoutMs: 1000,
    },
    anchor: more.anchor,
    names: () => ({ requestId: "run/steady/0" }),
    onEnd: () => (ended = true),
  };
  const facts = { id: "a", audioMs: 950, onsetMs: 100, speechEndMs: 900, text: "all the words", words: [] };
  const session = new Session(context, {
    ...{ seq: 0, slot: 0, phase: "steady" as const, stage: "c", scheduledMs: 90, phaseOffsetMs: 50 },
    pace: more.pace ?? 1,
    clip: {
      facts,
      sampleRateHz: 16_000,
      chunks: Array.from({ length: 10 }, () => AUDIBLE),
      chunkMs: 100,
      silence: { whole: SILENT, last: SILENT_END },
    },
    ...(faults === undefined ? {} : { faults: { condition: "c", ...faults } }),
  });
  clock.advanceTo(60_000);
  expect(ended).toBe(true);
  const { readingChanges, cancelled } = transport;
  return { observation: session.observation(true), sent, readingChanges, cancelled };
}

function lateness(observation: Observation): number[] {
  const metric = metricNamed("send_lateness");
  const values: number[] = [];
  if (metric?.per === "chunk")
    metric.each(observation, (value) => values.push(Math.round(value * 1000) / 1000));
  return values;
}

const whole = (values: ArrayLike<number>): number[] => Array.from(values, (value) => Math.round(value));

const failure = {
  phase: "streaming",
  class: "internal",
  origin: "server",
  code: "INTERNAL",
  message: "",
} as const;

describe("a session without faults", () => {
  it("opens the microphone after it is ready, on its phase", () => {
    const { observation } = play(undefined);
    expect(observation.anchorMs).toBe(150);
    expect(whole(observation.sentMs)).toEqual([250, 350, 450, 550, 650, 750, 850, 950, 1050, 1100]);
  });

  it("or when it is begun, whatever the phase of others: NVIDIA's client does so", () => {
    const { observation } = play(undefined, { anchor: "at-start", server: { readyMs: 80 } });
    // Begun at 100, and 50 of its own phase; ready at 180, which waits for the next phase where readiness counts.
    expect(observation.anchorMs).toBe(150);
    expect(whole(observation.sentMs)).toEqual([250, 350, 450, 550, 650, 750, 850, 950, 1050, 1100]);
    expect(play(undefined, { server: { readyMs: 80 } }).observation.anchorMs).toBe(250);
  });

  it("or at its planned start: what was said until it was ready goes out at once, and nobody was late", () => {
    const { observation } = play(undefined, { anchor: "at-schedule", server: { readyMs: 380 } });
    // 90 + 50, ready at 480: the chunks due at 240, 340 and 440 have waited.
    expect(observation.anchorMs).toBe(140);
    expect(whole(observation.sentMs)).toEqual([480, 480, 480, 540, 640, 740, 840, 940, 1040, 1090]);
    expect(dueMs(observation, 0)).toBe(240);
    expect(plannedSendMs(observation, 0)).toBe(480);
    expect(lateness(observation)).toEqual(Array(10).fill(0));
    expect(sessionFailure(observation)).toBeUndefined();
    // Set-up is inside the latency: from the first chunk, due at 240, to the first text at 480 + 30.
    const metric = metricNamed("first_partial_from_audio");
    expect(metric?.per === "session" ? metric.of(observation) : undefined).toBe(270);
  });
});

describe("held on the way", () => {
  const delayMs = [0, 0, 250, 150, 50, 0, 0, 0, 0, 0];

  it("chunks leave when their plan says; due they were before, and late nobody was", () => {
    const { observation } = play({ delayMs });
    expect(whole(observation.sentMs)).toEqual([250, 350, 700, 700, 700, 750, 850, 950, 1050, 1100]);
    expect(dueMs(observation, 2)).toBe(450);
    expect(lateness(observation)).toEqual(Array(10).fill(0));
    const injected: number[] = [];
    const metric = metricNamed("injected_delay");
    if (metric?.per === "chunk") metric.each(observation, (value) => injected.push(value));
    expect(injected).toEqual(delayMs);
    expect(sessionFailure(observation)).toBeUndefined();
  });

  it("a caller waits through it: latency counts from the spoken word, its twin from the send", () => {
    const { observation } = play({ delayMs: [600, 500, 400, 300, 200, 100, 0, 0, 0, 0] });
    const metric = metricNamed("first_partial_from_audio");
    if (metric?.per !== "session") throw new Error("not a session metric");
    expect(metric.of(observation)).toBe(630);
    expect(metric.actual?.(observation)).toBe(30);
  });
});

describe("the microphone's own faults", () => {
  it("a clock that is fast records sooner, and the plan says so", () => {
    const { observation } = play({}, { pace: 1.25 });
    // Phase 50 in chunks of 80 ms: A0 = 130.
    expect(whole(observation.sentMs)).toEqual([210, 290, 370, 450, 530, 610, 690, 770, 850, 890]);
    expect(lateness(observation)).toEqual(Array(10).fill(0));
  });

  it("muted: what is said afterwards is due afterwards", () => {
    const { observation } = play({ mute: { chunk: 4, ms: 5000 } });
    expect(whole(observation.sentMs)).toEqual([250, 350, 450, 550, 5650, 5750, 5850, 5950, 6050, 6100]);
    expect(dueMs(observation, 3)).toBe(550);
    expect(dueMs(observation, 4)).toBe(5650);
    expect(lateness(observation)).toEqual(Array(10).fill(0));
    // Nothing piles up while nothing is said: all that was due has been answered within 30 ms.
    const backlogs: number[] = [];
    const backlog = metricNamed("backlog");
    const processed = observation.responses.map((r, k) => ({
      ...r,
      audioProcessedMs: Math.min(950, (k + 1) * 100),
    }));
    if (backlog?.per === "response")
      backlog.each({ ...observation, responses: processed }, (value) => backlogs.push(value));
    expect(backlogs).toEqual(Array(11).fill(0));
    // The speech ended after the pause: 150 + 900 + 5000; the final came at 6100 + 40.
    const metric = metricNamed("final_from_speech_end");
    expect(metric?.per === "session" ? metric.of(observation) : undefined).toBe(90);
  });

  it("lost audio goes out as silence, in its place", () => {
    const { observation, sent } = play({ lost: [3, 4, 9] });
    const silent = sent.flatMap((chunk, k) => (chunk === AUDIBLE ? [] : [k]));
    expect(silent).toEqual([3, 4, 9]);
    expect(sent[9]).toBe(SILENT_END);
    expect(
      sessionFailure({ ...observation, clip: { ...observation.clip, text: "one two ".repeat(20) } }),
    ).toBeUndefined();
  });
});

describe("callers who leave", () => {
  it("hang up in mid-call: the stream is cancelled, and it is nobody's failure but their own", () => {
    const { observation, sent, cancelled } = play({ hangUpMs: 420 });
    expect(observation.endedMs).toBe(570);
    expect(sent.length).toBe(4);
    expect(cancelled).toBe(1);
    expect(observation.outcome).toEqual({
      ok: false,
      failure: {
        phase: "streaming",
        class: "hang-up",
        origin: "caller",
        code: "CANCELLED",
        message: "the caller hung up, as planned",
      },
    });
  });

  it("vanish: no audio, no reading, and the stream stays open for a while", () => {
    const { observation, sent, readingChanges, cancelled } = play({ vanish: { atMs: 420, forMs: 8000 } });
    expect(sent.length).toBe(4);
    expect(readingChanges).toEqual([{ atMs: 570, reading: false }]);
    expect(observation.endedMs).toBe(8570);
    expect(cancelled).toBe(1);
    expect(observation.outcome).toMatchObject({
      failure: { class: "half-open", origin: "caller", code: "CANCELLED" },
    });
  });

  it("a server that makes an end of a vanished caller's stream has not failed", () => {
    const { observation, cancelled } = play(
      { vanish: { atMs: 420, forMs: 8000 } },
      { server: { fail: () => ({ afterMs: 3000, failure }) } },
    );
    expect(cancelled).toBe(0);
    expect(observation.outcome).toMatchObject({
      failure: { class: "half-open", origin: "caller", code: "INTERNAL" },
    });
  });

  it("a server that failed before they could leave has failed", () => {
    const { observation } = play({ hangUpMs: 420 }, { server: { fail: () => ({ afterMs: 200, failure }) } });
    expect(observation.outcome).toEqual({ ok: false, failure });
  });
});

it("a slow reader reads when its plan says, and is through with it before the audio ends", () => {
  const { observation, readingChanges } = play({
    deaf: [
      { fromMs: 100, toMs: 300 },
      { fromMs: 700, toMs: 900 },
    ],
  });
  expect(readingChanges).toEqual([
    { atMs: 250, reading: false },
    { atMs: 450, reading: true },
    { atMs: 850, reading: false },
    { atMs: 1050, reading: true },
  ]);
  expect(observation.outcome).toEqual({ ok: true });
});
