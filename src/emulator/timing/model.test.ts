import { describe, expect, it } from "vitest";
import { BenchError } from "../../base/errors.ts";
import type { Profile } from "./model.ts";
import { perJobMs, ServiceQueue } from "./model.ts";
import { findProfile } from "./profiles.ts";

/** Length of the file that NVIDIA's procedure and these tests send. */
const FILE_MS = 10_512;

/**
 * Latencies as NVIDIA's client measures them, every reply against the message it answers, sorted: `streams` streams send the
 * file `times` times with messages of one server chunk. Aligned streams come 20 microseconds apart.
 */
function latenciesMs(profile: Profile, streams: number, phase: "aligned" | "spread", times = 3): number[] {
  const { chunkMs } = profile;
  const chunks = Math.floor(FILE_MS / chunkMs);
  const arrivals: { atMs: number; weight: number; final: boolean }[] = [];
  for (let stream = 0; stream < streams; stream++) {
    const offsetMs = phase === "aligned" ? stream * 0.02 : (stream * chunkMs) / streams;
    for (let time = 0; time < times; time++) {
      const startMs = offsetMs + time * (chunks + 1) * chunkMs;
      for (let chunk = 0; chunk < chunks; chunk++) {
        arrivals.push({ atMs: startMs + (chunk + 1) * chunkMs, weight: 1, final: false });
      }
      arrivals.push({ atMs: startMs + FILE_MS, weight: FILE_MS / chunkMs - chunks, final: true });
    }
  }
  arrivals.sort((a, b) => a.atMs - b.atMs);

  const queue = new ServiceQueue<number>(profile);
  const served = arrivals.flatMap(({ atMs, weight, final }) => {
    const before = queue.serve(atMs - 0.001);
    queue.add({ arrivedMs: atMs, weight, final, payload: atMs });
    return before;
  });
  served.push(...queue.serve(Infinity));
  return served.map(({ payload, leavesMs }) => leavesMs - payload).sort((a, b) => a - b);
}

/** NVIDIA's percentile: no interpolation. */
const percentile = (sorted: number[], p: number): number => sorted[Math.floor((p * sorted.length) / 100)]!;
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

// Published means and 95th percentiles in ms; 16 streams of the second by the straight line through its table.
const TABLES = [
  { name: "nim", streams: 1, meanMs: 14, p95Ms: 13.7 },
  { name: "nim", streams: 16, meanMs: 21, p95Ms: 28 },
  { name: "nim", streams: 64, meanMs: 42, p95Ms: 55 },
  { name: "legacy", streams: 1, meanMs: 20, p95Ms: 30 },
  { name: "legacy", streams: 16, meanMs: 33.5, p95Ms: 69 },
  { name: "legacy", streams: 64, meanMs: 53, p95Ms: 120 },
  { name: "nim-throughput", streams: 1, meanMs: 20, p95Ms: 30 },
  { name: "nim-throughput", streams: 64, meanMs: 53, p95Ms: 120 },
  { name: "nim-b", streams: 1, meanMs: 18, p95Ms: 20 },
  { name: "nim-b", streams: 8, meanMs: 21, p95Ms: 30 },
  { name: "nim-b", streams: 16, meanMs: 29, p95Ms: 41 },
  { name: "nim-b", streams: 32, meanMs: 41, p95Ms: 55 },
  { name: "nim-b", streams: 48, meanMs: 53, p95Ms: 73 },
  { name: "nim-b", streams: 64, meanMs: 65.5, p95Ms: 85 },
  { name: "nim-b-throughput", streams: 1, meanMs: 20, p95Ms: 36 },
  { name: "nim-b-throughput", streams: 64, meanMs: 80, p95Ms: 140 },
];

describe("profiles against the published tables", () => {
  it.each(TABLES)(
    "$name, $streams streams in phase: mean and p95 within 25 %",
    ({ name, streams, meanMs, p95Ms }) => {
      const latencies = latenciesMs(findProfile(name), streams, "aligned");
      expect(Math.abs(mean(latencies) / meanMs - 1)).toBeLessThan(0.25);
      expect(Math.abs(percentile(latencies, 95) / p95Ms - 1)).toBeLessThan(0.25);
    },
  );

  it.each(TABLES.filter(({ streams }) => streams > 1))(
    "$name, $streams streams out of phase wait less",
    ({ name, streams }) => {
      const aligned = latenciesMs(findProfile(name), streams, "aligned");
      const spread = latenciesMs(findProfile(name), streams, "spread");
      expect(mean(spread)).toBeLessThan(0.75 * mean(aligned));
      expect(percentile(spread, 95)).toBeLessThan(0.75 * percentile(aligned, 95));
    },
  );
});

describe("capacity", () => {
  it.each([
    { name: "nim", capacity: undefined, streams: 270 },
    { name: "legacy", capacity: undefined, streams: 1240 },
    { name: "nim-b", capacity: undefined, streams: 160 },
    { name: "nim-b-throughput", capacity: undefined, streams: 770 },
    { name: "nim", capacity: 20, streams: 20 },
    { name: "nim", capacity: 1, streams: 1 },
    { name: "legacy", capacity: 100, streams: 100 },
    { name: "nim", capacity: undefined, chunkMs: 100, streams: 270 },
    { name: "nim-throughput", capacity: 20, chunkMs: 80, streams: 20 },
  ])("$name with $capacity: delays stay bounded at $streams streams, and grow without bound above", (row) => {
    const profile = findProfile(row.name, {
      ...(row.capacity === undefined ? {} : { capacity: row.capacity }),
      ...(row.chunkMs === undefined ? {} : { chunkMs: row.chunkMs }),
    });
    const above = Math.ceil(row.streams * 1.1);
    const short = {
      at: latenciesMs(profile, row.streams, "spread", 2),
      above: latenciesMs(profile, above, "spread", 2),
    };
    const long = {
      at: latenciesMs(profile, row.streams, "spread", 6),
      above: latenciesMs(profile, above, "spread", 6),
    };
    expect(percentile(long.at, 50)).toBeLessThan(1.2 * percentile(short.at, 50));
    expect(percentile(long.above, 50)).toBeGreaterThan(2 * percentile(short.above, 50));
  });

  it("leaves the delay of a lone stream nearly as it was", () => {
    expect(mean(latenciesMs(findProfile("nim", { capacity: 135 }), 1, "aligned"))).toBeLessThan(
      1.1 * mean(latenciesMs(findProfile("nim"), 1, "aligned")),
    );
  });

  it.each([0, -1, NaN, Infinity])("refuses %s", (limit) => {
    expect(() => findProfile("nim", { capacity: limit })).toThrow(BenchError);
    expect(() => findProfile("nim", { slots: limit })).toThrow(BenchError);
  });

  it("is one thing, the slots are another", () => {
    expect(findProfile("nim", { slots: 5 })).toEqual({ ...findProfile("nim"), slots: 5 });
    expect(findProfile("nim", { capacity: 20 }).slots).toBe(findProfile("nim").slots);
  });

  it("tells of another chunk in its name and its source", () => {
    expect(findProfile("nim", { chunkMs: 100 })).toMatchObject({
      chunkMs: 100,
      capacity: 270,
      model: "emulated-parakeet-nim-100ms",
      source: expect.stringMatching(/not fitted to chunks of 100 ms$/) as string,
    });
    for (const chunkMs of [0, 19, 10_001, NaN])
      expect(() => findProfile("nim", { chunkMs })).toThrow("the server chunk must be 20 ms to 10 s");
  });

  it("names the profile that was meant", () => {
    expect(() => findProfile("nmi")).toThrow(
      expect.objectContaining({ exitCode: 2, hint: 'Did you mean "nim"?' }),
    );
  });
});

describe("ServiceQueue", () => {
  const profile = { ...findProfile("nim"), maxBatch: 2, batchMs: 10, pathMs: 100, finalFactor: 2 };
  const jobMs = perJobMs(profile);

  it("serves a lone job at once: batch time, work, path", () => {
    const queue = new ServiceQueue<string>(profile);
    queue.add({ arrivedMs: 1000, weight: 0.5, final: false, payload: "a" });
    expect(queue.serve(1000)).toEqual([{ payload: "a", leavesMs: 1000 + 10 + 0.5 * jobMs + 100 }]);
    expect(queue.nextBatchMs).toBeUndefined();
  });

  it("makes a final wait longer without making others wait", () => {
    const queue = new ServiceQueue<string>(profile);
    queue.add({ arrivedMs: 0, weight: 0, final: true, payload: "a" });
    queue.add({ arrivedMs: 1, weight: 0, final: false, payload: "b" });
    expect(queue.serve(10)).toEqual([
      { payload: "a", leavesMs: 220 },
      { payload: "b", leavesMs: 120 },
    ]);
  });

  it("takes what has come when the batch begins, at most a full batch, and begins the next when it is done", () => {
    const queue = new ServiceQueue<string>(profile);
    for (const [payload, arrivedMs] of [
      ["a", 0],
      ["b", 1],
      ["c", 2],
      ["d", 3],
    ] as const) {
      queue.add({ arrivedMs, weight: 0, final: false, payload });
    }
    expect(queue.serve(0).map(({ payload }) => payload)).toEqual(["a"]);
    expect(queue.nextBatchMs).toBe(10);
    // Told late: the batches begin when they would have.
    expect(queue.serve(25)).toEqual([
      { payload: "b", leavesMs: 120 },
      { payload: "c", leavesMs: 120 },
      { payload: "d", leavesMs: 130 },
    ]);
  });

  it("does no work for jobs that were dropped", () => {
    const queue = new ServiceQueue<string>(profile);
    queue.add({ arrivedMs: 0, weight: 1, final: false, payload: "gone" });
    queue.add({ arrivedMs: 5, weight: 0, final: false, payload: "b" });
    queue.drop((payload) => payload === "gone");
    expect(queue.waiting).toBe(1);
    expect(queue.serve(5)).toEqual([{ payload: "b", leavesMs: 115 }]);
  });
});

it("tells how long a job would wait: for the batch that runs, and for what waits before it", () => {
  const profile = { ...findProfile("nim"), chunkMs: 100, capacity: 50, maxBatch: 2, batchMs: 1 };
  const queue = new ServiceQueue<number>(profile);
  expect(queue.behindMs(0)).toBe(0);
  for (let payload = 0; payload < 3; payload++) queue.add({ arrivedMs: 0, weight: 1, final: false, payload });
  // 2 ms a stream: a full batch of two takes 4 ms, one job 1.5 ms and its batch 1 ms.
  expect(queue.behindMs(0)).toBeCloseTo(2 * 1 + 3 * 1.5, 9);
  queue.serve(0);
  expect(queue.behindMs(1)).toBeCloseTo(3 + 2.5, 9);
});
