import { HistogramLogReader } from "hdr-histogram-js";
import { expect, it } from "vitest";
import { sketch } from "../../../test/support/timeline.ts";
import { createHlog, hlogHeader } from "./hlog.ts";
import { createRecorder } from "./recorder.ts";
import type { Snapshot } from "./snapshot.ts";

/** One session that ended in the second from `fromMs` on, its final at `finalAtMs`. */
function second(fromMs: number, finalAtMs: number): Snapshot {
  const recorder = createRecorder({ window: { startMs: 0, endMs: 60_000 }, slos: [] });
  recorder.record(sketch({ said: [[finalAtMs, "one two three four."]] }));
  return recorder.snapshot(fromMs, fromMs + 1000);
}

/** As HdrHistogram's own reader finds it. */
function read(log: string): { tag: string; startMs: number; endMs: number; count: number; max: number }[] {
  const reader = new HistogramLogReader(log);
  const found = [];
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
    const {
      tag,
      startTimeStampMsec: startMs,
      endTimeStampMsec: endMs,
      totalCount: count,
      maxValue: max,
    } = next;
    found.push({ tag, startMs, endMs, count, max });
  }
  return found;
}

it("is read by HdrHistogram's own reader, values below zero under their own tag", () => {
  let log = hlogHeader(1_700_000_000_000);
  const hlog = createHlog((lines) => (log += lines));
  hlog.add(second(1000, 900));
  hlog.add(second(1000, 1050));
  hlog.end();

  const finals = read(log).filter(({ tag }) => tag.startsWith("steady.main.final_from_last_chunk"));
  expect(finals).toEqual([
    {
      tag: "steady.main.final_from_last_chunk",
      startMs: 1_700_000_001_000,
      endMs: 1_700_000_002_000,
      count: 1,
      max: expect.closeTo(30_000, -2) as number,
    },
    {
      tag: "steady.main.final_from_last_chunk.negative",
      startMs: 1_700_000_001_000,
      endMs: 1_700_000_002_000,
      count: 1,
      max: 120_063,
    },
  ]);
});

it("puts the seconds of all workers into intervals of ten seconds, each value into one", () => {
  let log = hlogHeader(0);
  const hlog = createHlog((lines) => (log += lines));
  for (let s = 0; s < 12; s++) for (let worker = 0; worker < 2; worker++) hlog.add(second(s * 1000, 1050));
  hlog.end();
  hlog.end();

  expect(read(log).filter(({ tag }) => tag === "steady.main.session_setup")).toMatchObject([
    { startMs: 0, endMs: 10_000, count: 20 },
    { startMs: 10_000, endMs: 12_000, count: 4 },
  ]);
});
