import { describe, expect, it } from "vitest";
import type { Calibration, CalibrationLevel } from "./calibration.ts";
import {
  errorLimitMs,
  honestLimit,
  quoteCalibration,
  responseErrors,
  summarizeErrors,
} from "./calibration.ts";
import { NO_REFERENCE, sketch, type SessionSketch } from "../../../test/support/timeline.ts";
import type { Observation } from "../observation/observation.ts";

/** A session of 250 ms of audio in three chunks, anchored at 1000. */
function session(atMs: readonly number[], over: SessionSketch = {}): Observation {
  const clip = { ...NO_REFERENCE, audioMs: 250 };
  return sketch({ startMs: 980, clip, said: atMs.map((at) => [at, ""]), ...over });
}

describe("responseErrors", () => {
  it("is what was measured less what was imposed, from when each chunk was due", () => {
    // Due at 1100, 1200 and 1250; the final answers the end of the audio.
    const errors = responseErrors(session([1180.5, 1281, 1330.25, 1371]), [80, 80.5, 80, 120]);
    expect(errors).toEqual([0.5, 0.5, 0.25, 1]);
  });

  it("says nothing of a session that failed, or whose replies are not all there", () => {
    expect(
      responseErrors(session([1180, 1280, 1330, 1370], { failure: {} }), [80, 80, 80, 120]),
    ).toBeUndefined();
    expect(responseErrors(session([1180, 1280, 1330]), [80, 80, 80, 120])).toBeUndefined();
    expect(responseErrors(session([1180, 1280, 1330, 1370]), [80, 80, 80])).toBeUndefined();
  });
});

it("sums errors up: bias and median keep their sign, the 99th percentile and the most are sizes", () => {
  const errors = [...Array<number>(97).fill(0.4), -2, -3, 5];
  expect(summarizeErrors(errors)).toEqual({
    responses: 100,
    biasMs: 0.388,
    p50Ms: 0.4,
    p99Ms: 3,
    maxMs: 5,
  });
});

it("allows as much error as a valid run allows lateness", () => {
  expect([20, 100, 1000].map(errorLimitMs)).toEqual([5, 10, 100]);
});

function level(streams: number, p99Ms: number, over: Partial<CalibrationLevel> = {}): CalibrationLevel {
  return {
    ...{ streams, chunksPerSecond: streams * 10, workers: 1, transport: "riva-grpc", responses: 5000 },
    ...{ biasMs: 0.3, p50Ms: 0.25, p99Ms, maxMs: 4, latenessP99Ms: 0.5, honest: true },
    ...over,
  };
}

const calibration: Calibration = {
  schema: "riva-bench/calibration@1",
  at: "2025-06-01T10:00:00.000Z",
  machine: { host: "box", cpus: 2, cpu: "a cpu", node: "v20.20.0", tool: "riva-bench 0.1.0" },
  levels: [level(10, 0.8), level(100, 1.2), level(200, 20, { honest: false }), level(400, 2)],
};

describe("a calibration", () => {
  it("is honest up to the level before the first that is not", () => {
    expect(honestLimit(calibration)?.streams).toBe(100);
    expect(honestLimit({ ...calibration, levels: [level(1, 99, { honest: false })] })).toBeUndefined();
  });

  const run = { streams: 60, chunkMs: 100, pace: 1, transport: "riva-grpc" };

  it("is quoted by the level next above a run's load, in streams of its chunk length", () => {
    expect(quoteCalibration(calibration, run)).toEqual({
      at: calibration.at,
      ...{ biasMs: 0.3, p50Ms: 0.25, p99Ms: 1.2, upToStreams: 100, beyond: false },
    });
    expect(quoteCalibration(calibration, { ...run, streams: 5 })).toMatchObject({
      p99Ms: 0.8,
      upToStreams: 10,
    });
    expect(quoteCalibration(calibration, { ...run, chunkMs: 1000 })).toMatchObject({
      p99Ms: 0.8,
      upToStreams: 100,
    });
    expect(quoteCalibration(calibration, { ...run, streams: 2, chunkMs: 20, pace: 2 })).toMatchObject({
      p99Ms: 1.2,
      upToStreams: 10,
    });
  });

  it("says when a run went beyond it, and nothing of another transport or of a load without pace", () => {
    expect(quoteCalibration(calibration, { ...run, streams: 101 })).toMatchObject({
      upToStreams: 100,
      beyond: true,
    });
    expect(quoteCalibration(calibration, { ...run, transport: "riva-h2" })).toBeUndefined();
    expect(quoteCalibration(calibration, { ...run, pace: Infinity })).toBeUndefined();
  });
});
