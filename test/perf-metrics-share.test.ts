import { expect, test } from "vitest";
import { metricsShare, renderMetricsShares } from "../perf/metrics-share.ts";

const COST = {
  recordUsPerSession: 25,
  lineUsPerSession: 99,
  encodeUsPerSnapshot: 1000,
  mergeUsPerSnapshot: 2000,
  exposeUsPerScrape: 1000,
};

test("off, a fifth of a session's recording and a stream's part of each second, and its part of a scrape every 5 s", () => {
  const share = metricsShare({ transport: "riva-h2", streams: 400, cpuUsPerStreamSecond: 300 }, COST);
  const recorded = 300 + 25 / 5 + 3000 / 400;
  expect(share).toEqual({
    ...{ transport: "riva-h2", streams: 400, off: 300 },
    ...{ recorded, scraped: recorded + 1000 / 5 / 400 },
  });
  expect(renderMetricsShares([share])).toMatch(/^riva-h2 +400 +300 +313 +\+4\.2 % +313 +\+0\.2 %$/m);
});
