import { expect, test } from "vitest";
import { metricsShare, renderMetricsShares } from "../perf/metrics-share.ts";

const COST = {
  recordUsPerSession: 25,
  lineUsPerSession: 99,
  encodeUsPerSnapshot: 1000,
  mergeUsPerSnapshot: 2000,
  exposeUsPerScrape: 1000,
};

test("on is off, and a fifth of a session's recording, and a stream's part of what each second takes", () => {
  const share = metricsShare({ transport: "riva-h2", streams: 400, cpuUsPerStreamSecond: 300 }, COST);
  expect(share).toEqual({
    transport: "riva-h2",
    streams: 400,
    offUsPerStreamSecond: 300,
    onUsPerStreamSecond: 300 + 25 / 5 + 4000 / 400,
  });
  expect(renderMetricsShares([share])).toMatch(/^riva-h2 +400 +300 +315 +\+5\.0 %$/m);
});
