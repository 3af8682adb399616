import { expect, test } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import type { RunResult, Summary } from "../../metrics/result/result.ts";
import { renderHtml } from "../html/html.ts";
import { stageRows } from "./stages.ts";
import { renderTable } from "./table.ts";

const latency = (p50: number, p95: number, certified: string[]): Summary => ({
  ...{ unit: "ms", count: 150, p50, p95, certified },
});
const staged: RunResult = {
  ...PASSED,
  byStage: {
    calm: {
      first_partial_from_onset: latency(300, 400, ["p50", "p95"]),
      final_from_speech_end: latency(200, 250, ["p50"]),
      error_ratio: { unit: "ratio", count: 150, value: 0 },
    },
    rush: { error_ratio: { unit: "ratio", count: 12, value: 0.25 } },
  },
};

test("stages stand under each other with their medians, p95 and errors", () => {
  expect(stageRows(staged)?.rows).toEqual([
    ["calm", "150", "300", "400", "-", "-", "200", "~250", "0.00 %"],
    ["rush", "12", "-", "-", "-", "-", "-", "-", "25.00 %"],
  ]);
  const table = renderTable(staged, { color: false });
  expect(table).toMatch(/stage, latencies in ms\s+sessions\s+first partial p50/);
  expect(table).toMatch(/calm\s+150\s+300\s+400\s+-\s+-\s+200\s+~250\s+0\.00 %/);
  expect(renderHtml(staged)).toContain('<h2 id="stages">Stages</h2>');
});

test("rates of errors in words stand there with their intervals, where they have one", () => {
  const wer = (more: Partial<Summary>): Record<string, Summary> => ({
    wer: { unit: "ratio", count: 9, value: 0.0421, ...more },
  });
  const byStage = { calm: wer({ low: 0.031, high: 0.056, clips: 9 }), rush: wer({ clips: 5 }) };
  expect(stageRows({ ...PASSED, byStage })?.rows.map((row) => row.at(-1))).toEqual([
    "4.21 % (3.10 to 5.60 %)",
    "4.21 %",
  ]);
});

test("a run of one stage has no such table", () => {
  expect(stageRows({ ...staged, byStage: { main: staged.byStage["calm"] ?? {} } })).toBeUndefined();
  expect(renderHtml(PASSED)).not.toContain("Stages");
});
