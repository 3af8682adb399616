import { describe, expect, it } from "vitest";
import { dropped, NO_REFERENCE, sketch, type SessionSketch } from "../../../test/support/timeline.ts";
import { Histogram } from "./histogram.ts";
import type { Observation } from "../observation/observation.ts";
import { createRecorder } from "./recorder.ts";
import type { Summary, TimelinePoint } from "../result/result.ts";
import { parseSlo } from "../judge/slo.ts";
import type { Snapshot } from "./snapshot.ts";
import { createTotals, type Totals } from "./totals.ts";

const WINDOW = { startMs: 1000, endMs: 11_000 };

/** Through JSON, as between machines. */
function sent(snapshot: Snapshot): Snapshot {
  return JSON.parse(JSON.stringify(snapshot)) as Snapshot;
}

function totalsOf(
  observations: readonly Observation[],
  slos: readonly string[] = [],
  nvidiaStrict = false,
): Totals {
  const config = { window: WINDOW, slos: slos.map(parseSlo), nvidiaStrict };
  const recorder = createRecorder(config);
  for (const observation of observations) recorder.record(observation);
  const totals = createTotals(config);
  totals.add(sent(recorder.snapshot(0, 12_000)));
  return totals;
}

/** A good session whose final comes `finalMs` after its last chunk. */
function good(spec: SessionSketch & { finalMs?: number } = {}): Observation {
  const { startMs = 2000, finalMs = 60 } = spec;
  const endMs = startMs + 1020 + finalMs;
  return sketch({
    startMs,
    said: [
      [startMs + 290, "one", 200],
      [endMs, "one two three four.", 1000],
    ],
    endedMs: endMs + 20,
    ...spec,
  });
}

const FAILED = { startMs: 2000, latenessMs: [0, 0], endedMs: 2300 } as const;

function value(totals: Totals, name: string): number | undefined {
  return totals.summaries()[name]?.value;
}

describe("counts", () => {
  it("conserve sessions: scheduled = completed + failed + dropped, by phase", () => {
    const totals = totalsOf([
      good(),
      good({ phase: "warmup" }),
      sketch({ ...FAILED, failure: {} }),
      sketch({ ...FAILED, failure: {} }),
      sketch({ ...FAILED, failure: { class: "deadline", phase: "flush" } }),
      dropped(9),
    ]);
    expect(totals.counts("steady")).toEqual({
      scheduled: 5,
      started: 4,
      completed: 1,
      failed: 3,
      dropped: 1,
      failures: [
        { phase: "streaming", class: "unavailable", origin: "server", count: 2 },
        { phase: "flush", class: "deadline", origin: "server", count: 1 },
      ],
    });
    expect(totals.counts("warmup").scheduled).toBe(1);
    expect(totals.counts("drain").scheduled).toBe(0);
  });
});

describe("summaries", () => {
  it("are of completed steady sessions; the generator's own also of failed ones", () => {
    const { final_from_last_chunk: final, send_lateness: lateness } = totalsOf([
      good({ finalMs: 60 }),
      good({ finalMs: -40 }),
      good({ finalMs: 500, phase: "warmup" }),
      sketch({ ...FAILED, failure: {} }),
    ]).summaries();
    expect(final).toMatchObject({ unit: "ms", count: 2, negatives: 1, certified: [] });
    expect(final?.p50).toBeCloseTo(-40, 1);
    expect(final?.max).toBeCloseTo(60, 1);
    expect(Histogram.decode(final?.histogram ?? "", 1000).count).toBe(2);
    expect(lateness).toMatchObject({ count: 22, sessions: 3 });
  });

  it("are empty without steady sessions", () => {
    expect(totalsOf([good({ phase: "warmup" })]).summaries()).toEqual({});
  });

  it("can be asked for by stage", () => {
    const totals = totalsOf([
      good({ stage: "a" }),
      good({ stage: "b" }),
      sketch({ ...FAILED, stage: "b", failure: {} }),
    ]);
    expect(totals.stages()).toEqual(["a", "b"]);
    expect(totals.summaries("b")["error_ratio"]?.value).toBe(0.5);
    expect(totals.summaries("b")["final_from_close"]?.count).toBe(1);
    expect(totals.summaries("b")["rtfx"]).toBeUndefined();
  });

  it("certify by sessions, not by values", () => {
    const summaries = totalsOf(Array.from({ length: 11 }, () => good())).summaries();
    expect(summaries["response_latency"]).toMatchObject({ count: 22, sessions: 11, certified: ["p50"] });
  });
});

describe("run metrics", () => {
  it("error_ratio leaves out what the generator spoiled but keeps it in the denominator", () => {
    const totals = totalsOf([
      good(),
      good(),
      sketch({ ...FAILED, failure: {} }),
      sketch({ ...FAILED, failure: { origin: "generator" } }),
    ]);
    expect(value(totals, "error_ratio")).toBe(0.25);
  });

  it("goodput counts sessions that meet every SLO among all scheduled", () => {
    const slos = ["final_from_last_chunk p95 < 100ms", "response_latency p50 < 90ms"];
    const totals = totalsOf(
      [
        good(),
        good({ finalMs: 200 }),
        // One of two responses beyond the limit is within p50.
        good({ finalMs: 95 }),
        sketch({ ...FAILED, failure: {} }),
        dropped(5),
      ],
      slos,
    );
    expect(value(totals, "goodput")).toBe(2 / 5);
  });

  it("rtfx counts audio whose last final came in the window", () => {
    const totals = totalsOf([
      good({ startMs: 2000 }),
      good({ startMs: 10_500 }),
      good({ startMs: 500, phase: "warmup" }),
      sketch({ ...FAILED, failure: {} }),
    ]);
    expect(value(totals, "rtfx")).toBeCloseTo(2000 / 10_000, 9);
  });

  it("keep_up is a ratio of sums over the steady sessions, whatever worker they ran on", () => {
    expect(value(totalsOf([good()]), "keep_up")).toBeUndefined();
    const advancing = (toMs: number, spec: SessionSketch = {}): Observation =>
      sketch({
        startMs: 2000,
        said: [
          [2120, "one", 100],
          [2120 + toMs, "one two.", 500],
        ],
        ...spec,
      });
    const sessions = [advancing(800), advancing(500, { failure: {} }), advancing(50, { phase: "warmup" })];
    expect(value(totalsOf(sessions), "keep_up")).toBe(800 / 1300);
    const config = { window: WINDOW, slos: [] };
    const totals = createTotals(config);
    for (const session of sessions) {
      const recorder = createRecorder(config);
      recorder.record(session);
      totals.add(sent(recorder.snapshot(0, 12_000)));
    }
    expect(value(totals, "keep_up")).toBe(800 / 1300);
  });

  it("concurrency is the time-weighted mean in the window, with the most at a whole second", () => {
    const totals = totalsOf([
      good({ startMs: 1500, endedMs: 6500 }),
      good({ startMs: 4500, endedMs: 5500 }),
      good({ phase: "warmup", startMs: 0, endedMs: 2000 }),
      good({ phase: "drain", startMs: 10_000, endedMs: 13_000 }),
    ]);
    expect(totals.summaries()["concurrency"]).toEqual({ unit: "count", count: 2, value: 0.8, max: 2 });
  });

  it("counts premature partials and unpaired sessions", () => {
    const totals = totalsOf([
      sketch({
        said: [
          [150, "uh"],
          [300, "one"],
          [1100, "one two."],
        ],
      }),
    ]);
    expect([value(totals, "premature_partials"), value(totals, "nvidia_compat_unpaired")]).toEqual([1, 1]);
  });

  it("rtfx_nvidia_compat counts all audio sent over the wall time", () => {
    const totals = totalsOf([good({ startMs: 2000, endedMs: 4000 }), sketch({ ...FAILED, failure: {} })]);
    expect(value(totals, "rtfx_nvidia_compat")).toBeCloseTo((1000 + 200) / 2000, 9);
  });
});

describe("NVIDIA's percentiles", () => {
  const paired = (latencyMs: number): Observation =>
    sketch({
      said: Array.from({ length: 10 }, (_, i) => [120 + i * 100 + latencyMs, i === 9 ? "one." : "one"]),
    });

  it("are the sample at floor(p n / 100), exactly", () => {
    const { nvidia_compat_final: final } = totalsOf([1.23456, 2.5, 3.5, 4.5].map(paired)).summaries();
    expect([final?.p50, final?.p90, final?.p99]).toEqual([3.5, 4.5, 4.5]);
    expect(final?.min).toBeCloseTo(1.235, 2);
  });

  it("leave out an unpaired session, or in strict mode everything", () => {
    const sessions = [paired(5), good()];
    expect(totalsOf(sessions).summaries()["nvidia_compat_latency"]?.count).toBe(10);
    expect(totalsOf(sessions, [], true).summaries()["nvidia_compat_latency"]).toBeUndefined();
  });
});

describe("tallies", () => {
  const slos = [
    "final_from_close p95 < 100ms",
    "response_latency p95 < 100ms",
    "final_from_close@b p50 < 1s",
  ];

  it("count sessions and values beyond the limit, failed sessions as beyond it", () => {
    const totals = totalsOf(
      [
        good(),
        good(),
        good({ finalMs: 150, stage: "b" }),
        good({ finalMs: 150, phase: "warmup" }),
        sketch({ ...FAILED, failure: {} }),
        sketch({ ...FAILED, failure: { origin: "generator" } }),
        dropped(8),
      ],
      slos,
    );
    expect(totals.tally(0)).toEqual([
      { values: 1, over: 0, sessions: 2 },
      { values: 1, over: 1, sessions: 2 },
    ]);
    expect(totals.tally(1)).toEqual([
      { values: 2, over: 0, sessions: 2 },
      { values: 2, over: 1, sessions: 1 },
      { values: 10, over: 10, sessions: 1 },
    ]);
    expect(totals.tally(2)).toEqual([{ values: 1, over: 0, sessions: 1 }]);
  });
});

describe("the timeline", () => {
  const snapshotAt = (fromMs: number, finalMs: number, loopDelayMs = 1): Snapshot => {
    const recorder = createRecorder({ window: WINDOW, slos: [] });
    recorder.record(good({ startMs: fromMs, finalMs }));
    return sent(recorder.snapshot(fromMs, fromMs + 1000, { loopDelayMs }));
  };

  it("merges workers by second and counts the open sessions", () => {
    const totals = createTotals({ window: WINDOW, slos: [] });
    for (let s = 0; s < 6; s++)
      for (const finalMs of [10, 30]) totals.add(snapshotAt(s * 1000, finalMs, finalMs));
    const points = totals.timeline();
    expect(points.map(({ fromMs, phase }: TimelinePoint) => [fromMs, phase])).toEqual([
      [0, "warmup"],
      ...[1000, 2000, 3000, 4000, 5000].map((ms) => [ms, "steady"]),
    ]);
    expect(points[3]).toMatchObject({
      toMs: 4000,
      open: 4,
      loopDelayMs: 30,
      ended: { completed: 2, failed: 0 },
    });
    expect(points[3]?.metrics["final_from_close"]).toMatchObject({ count: 2 });
    expect(points[3]?.metrics["final_from_close"]?.p99).toBeCloseTo(30, 1);
  });

  it("has longer points in runs of more than an hour", () => {
    const totals = createTotals({ window: { startMs: 0, endMs: 7_200_000 }, slos: [] });
    for (let s = 0; s < 6; s++) totals.add(snapshotAt(s * 1000, 10));
    expect(totals.timeline().map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
      [0, 2000],
      [2000, 4000],
      [4000, 6000],
    ]);
    expect(totals.latest()).toMatchObject({ fromMs: 4000, ended: { completed: 2 } });
  });

  it("loses nothing that comes late", () => {
    const totals = createTotals({ window: WINDOW, slos: [] });
    for (let s = 0; s < 6; s++) totals.add(snapshotAt(s * 1000, 10));
    totals.add(snapshotAt(0, 10));
    const points = totals.timeline();
    expect(points).toHaveLength(6);
    expect(points.reduce((sum, point) => sum + point.ended.completed, 0)).toBe(7);
  });
});

it("a cut window ends where it was cut", () => {
  const config = { window: WINDOW, slos: [] };
  const recorder = createRecorder(config);
  const totals = createTotals(config);
  recorder.cutWindow(6000);
  totals.cutWindow(6000);
  recorder.record(good({ startMs: 5000, endedMs: 8000 }));
  totals.add(sent(recorder.snapshot(0, 8000)));
  const summaries: Record<string, Summary> = totals.summaries();
  expect(summaries["concurrency"]?.value).toBe(1000 / 5000);
});

it("knows clips without a reference", () => {
  expect(totalsOf([good({ clip: NO_REFERENCE })]).summaries()["final_from_speech_end"]?.p50).toBeCloseTo(
    260,
    0,
  );
});
