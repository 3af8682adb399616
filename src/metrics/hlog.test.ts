import { HistogramLogReader } from "hdr-histogram-js";
import { expect, it } from "vitest";
import { sketch } from "../../test/support/timeline.ts";
import { hlogHeader, hlogLines } from "./hlog.ts";
import { createRecorder } from "./recorder.ts";

it("is read by HdrHistogram's own reader, values below zero under their own tag", () => {
  const recorder = createRecorder({ window: { startMs: 0, endMs: 5000 }, slos: [] });
  recorder.record(sketch({ said: [[900, "one two three four."]] }));
  recorder.record(sketch({ said: [[1050, "one two three four."]] }));
  const job = recorder.beginSnapshot(1000, 2000);
  let snapshot = job.step();
  while (snapshot === undefined) snapshot = job.step();

  const reader = new HistogramLogReader(hlogHeader(1_700_000_000_000) + hlogLines(snapshot));
  const found = new Map<string, { startMs: number; count: number; max: number }>();
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
    found.set(next.tag, { startMs: next.startTimeStampMsec, count: next.totalCount, max: next.maxValue });
  }
  expect(found.get("steady.main.final_from_last_chunk")).toMatchObject({
    count: 1,
    startMs: 1_700_000_001_000,
  });
  expect(found.get("steady.main.final_from_last_chunk")?.max).toBeCloseTo(30_000, -2);
  expect(found.get("steady.main.final_from_last_chunk.negative")?.max).toBe(120_063);
});
