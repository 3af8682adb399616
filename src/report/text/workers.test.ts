import { expect, test } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { renderHtml } from "../html/html.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderTable } from "./table.ts";
import { workerRows } from "./workers.ts";

const remote: RunResult["run"]["remote"] = {
  startSpreadMs: 0.42,
  workers: [
    {
      ...{
        index: 0,
        host: "box-a",
        weight: 8,
        processes: 2,
        clockOffsetMs: -3.217,
        clockUncertaintyMs: 0.12,
        startedAtMs: 0.42,
      },
      load: { sessions: 41, cpuShareMax: 0.344, loopDelayMaxMs: 12.4, latenessP99Ms: 1.25 },
    },
    { index: 1, host: "<b>\u001b[31m", load: { sessions: 0, cpuShareMax: 0.01, loopDelayMaxMs: 0.1 } },
    { index: 2 },
  ],
};
const far: RunResult = { ...PASSED, run: { ...PASSED.run, remote } };

test("workers on other machines stand under each other with their clocks, load and lateness", () => {
  expect(workerRows(far)?.rows).toEqual([
    ["1", "box-a", "8", "2", "-3.2 ms", "0.42", "±0.12 ms", "41", "34.40 %", "12.40", "1.25"],
    ["2", "<b>\u001b[31m", "-", "-", "-", "-", "-", "0", "1.00 %", "0.10", "-"],
    ["3", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"],
  ]);
  expect(renderTable(far, { color: false })).toMatch(/worker\s+host\s+weight\s+processes\s+clock offset/);
  expect(renderHtml(far)).toContain('<h2 id="workers">Workers</h2>');
});

test("a host's name is only a name wherever it is shown", () => {
  expect(renderTable(far, { color: false })).not.toContain("\u001b");
  for (const page of [renderHtml(far), renderMarkdown(far)]) {
    expect(page).not.toContain("<b>\u001b");
    expect(page).not.toContain("| <b>");
  }
});

test("there is none for this machine's own workers", () => {
  expect(workerRows(PASSED)).toBeUndefined();
  expect(renderHtml(PASSED)).not.toContain('id="workers"');
});
