import { describe, expect, it } from "vitest";
import { simulateOverload } from "../../../test/support/simulated-overload.ts";
import { sketch, type Said } from "../../../test/support/timeline.ts";
import { advanceOf } from "./keep-up.ts";
import type { Observation } from "../observation/observation.ts";

/** Sends from 20 to 1020 ms, in chunks of 100 ms that end at 120, 220 ... 1020 ms. */
const CLIP_END_MS = 1020;

function heard(...said: readonly (readonly [atMs: number, audioProcessedMs?: number])[]): Observation {
  return sketch({ said: said.map(([atMs, p]): Said => (p === undefined ? [atMs, "a"] : [atMs, "a", p])) });
}

describe("one session", () => {
  it("advances from its first response with a position to its last before the end of the sending", () => {
    expect(advanceOf(heard([130, 100], [330, 200], [930, 500], [1500, 900], [2000, 1000]))).toEqual({
      advancedMs: 400,
      recordedMs: 800,
    });
  });

  it("counts audio at its pace", () => {
    const twice = { ...heard([70, 100], [170, 300], [470, 700]), pace: 2, finishedMs: 520 };
    expect(advanceOf(twice)).toEqual({ advancedMs: 600, recordedMs: 800 });
  });

  it("says nothing with fewer than two such responses, without positions, and without a pace", () => {
    expect(advanceOf(heard())).toBeUndefined();
    expect(advanceOf(heard([900, 100], [CLIP_END_MS + 1, 200]))).toBeUndefined();
    expect(advanceOf(heard([130], [230, 0], [330]))).toBeUndefined();
    expect(advanceOf({ ...heard([130, 100], [530, 500]), pace: Infinity })).toBeUndefined();
  });

  it("has a response at the very end of the sending", () => {
    expect(advanceOf(heard([120, 100], [CLIP_END_MS, 1000]))).toEqual({ advancedMs: 900, recordedMs: 900 });
  });

  it("takes positions in whole chunks of the client: a server can't go on before the next has come", () => {
    // A server that takes 160 ms at a time, as soon as they are there, 10 ms later.
    const healthy = heard([230, 160], [430, 320], [530, 480], [730, 640], [830, 800], [1030, 960]);
    expect(advanceOf(healthy)).toEqual({ advancedMs: 600, recordedMs: 600 });
  });

  it("takes the last response of a chunk that brought several", () => {
    // Chunks of 500 ms, in which the server finds three of 160 ms; sent at 520 and 1020 ms.
    const bursts = {
      ...heard([525, 160], [530, 320], [535, 480], [1005, 490], [1026, 640], [1030, 800], [1035, 960]),
      chunkMs: 500,
      chunks: 2,
    };
    expect(advanceOf(bursts)).toBeUndefined();
    const longer = { ...bursts, finishedMs: 1100 };
    expect(advanceOf(longer)).toEqual({ advancedMs: 500, recordedMs: 1035 - 1005 });
  });

  it("leaves out the chunk that the server was in the middle of when the sending ended", () => {
    const observation = {
      ...heard([430, 200], [900, 390], [1015, 400], [1016, 440], [1400, 500]),
      chunkMs: 200,
      chunks: 5,
    };
    expect(advanceOf(observation)).toEqual({ advancedMs: 200, recordedMs: 1015 - 430 });
  });

  it("counts the time in which a server repeats where it is", () => {
    expect(advanceOf(heard([130, 100], [330, 300], [630, 300], [930, 300]))).toEqual({
      advancedMs: 200,
      recordedMs: 800,
    });
  });

  it("forgives a final that says a little less, and not a count that starts again", () => {
    expect(advanceOf(heard([130, 100], [430, 400], [530, 300]))).toMatchObject({ recordedMs: 400 });
    const long = { ...heard([1230, 1200], [1330, 100]), finishedMs: 5000 };
    expect(advanceOf(long)).toBeUndefined();
  });

  it("ends with the session where its caller or the server ended it, and is nothing when the generator spoiled it", () => {
    const failed = (origin: "server" | "caller" | "generator"): Observation => {
      const whole = sketch({
        said: [
          [130, "a", 100],
          [630, "a", 300],
        ],
        failure: { origin },
      });
      delete whole.finishedMs;
      return { ...whole, endedMs: 700 };
    };
    expect(advanceOf(failed("server"))).toEqual({ advancedMs: 200, recordedMs: 500 });
    expect(advanceOf(failed("caller"))).toEqual({ advancedMs: 200, recordedMs: 500 });
    expect(advanceOf(failed("generator"))).toBeUndefined();
  });

  it("leaves out the time in which the microphone was off", () => {
    const muted = {
      ...heard([130, 100], [330, 300], [930, 400], [1130, 600]),
      faults: { condition: "silence", mute: { chunk: 3, ms: 500 } },
      finishedMs: 1520,
    };
    expect(advanceOf(muted)).toEqual({ advancedMs: 500, recordedMs: 500 });
  });
});

describe("a planted overload", () => {
  const SHORT = [2070, 2217, 2641, 2786, 2990];
  const LONG = [10_512, 11_148, 15_175];
  const cases = (["closed", "open"] as const).flatMap((model) =>
    [SHORT, LONG].flatMap((clipsMs) =>
      [
        { percent: 0, reads: 1 },
        { percent: 5, reads: 1 / 1.05 },
        { percent: 50, reads: 1 / 1.5 },
        { percent: 100, reads: 1 / 2 },
      ].map((one) => ({ model, clipsMs, ...one })),
    ),
  );

  it.each(cases)("of $percent %, $model, clips of $clipsMs ms", ({ model, clipsMs, percent, reads }) => {
    // No warm-up: later sessions find a queue that is longer than themselves, and hear nothing while they send.
    const { metrics } = simulateOverload({
      ...{ server: "planted", model, clipsMs, percent, streams: 10 },
      ...{ warmupMs: 0, steadyMs: 10_000, deadlineMs: 60_000 },
    });
    expect(Math.abs((metrics["keep_up"]?.value ?? NaN) - reads)).toBeLessThan(0.01);
  });

  it.each([
    { serverChunkMs: 160, chunkMs: 1000 },
    { serverChunkMs: 160, chunkMs: 20 },
    { serverChunkMs: 960, chunkMs: 100 },
  ])("reads the same whatever the chunks: $serverChunkMs ms, $chunkMs ms", ({ serverChunkMs, chunkMs }) => {
    const read = (percent: number): number | undefined =>
      simulateOverload({
        ...{ server: "planted", model: "open", clipsMs: LONG, percent, streams: 10 },
        ...{ serverChunkMs, chunkMs, warmupMs: 0, steadyMs: 10_000, deadlineMs: 60_000 },
      }).metrics["keep_up"]?.value;
    expect(read(0)).toBeCloseTo(1, 2);
    expect(read(50)).toBeCloseTo(2 / 3, 2);
  });

  it("of a server of a fixed capacity reads the same in an open load", () => {
    for (const percent of [5, 50, 100]) {
      const { metrics } = simulateOverload({
        ...{ server: "capacity", model: "open", clipsMs: [8000, 10_000, 13_700], percent, streams: 20 },
        ...{ warmupMs: 10_000, steadyMs: 30_000 },
      });
      expect(Math.abs((metrics["keep_up"]?.value ?? NaN) - 1 / (1 + percent / 100))).toBeLessThan(0.03);
    }
  });

  it("that lets nobody hear anything while they send is not reported", () => {
    const { metrics } = simulateOverload({
      ...{ server: "planted", model: "open", clipsMs: SHORT, percent: 100, streams: 10 },
      ...{ warmupMs: 10_000, steadyMs: 10_000 },
    });
    expect(metrics["keep_up"]).toBeUndefined();
    expect(metrics["error_ratio"]?.value).toBe(1);
  });
});
