import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runBench } from "../../../test/support/fake-world.ts";
import { VOIDED } from "../../../test/support/sample-result.ts";
import { storeRun } from "../../../test/support/stored-runs.ts";
import type { ComparisonReport } from "../../report/text/comparison.ts";
import { renderComparisonHtml } from "../../report/html/comparison-html.ts";
import { renderComparisonMarkdown } from "../../report/text/comparison.ts";
import { firstSides } from "../../run/series/compare-pairs.ts";

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "compare-"));
  const side = (name: string, ms: number, text?: string): void => {
    for (let i = 0; i < 5; i++) {
      const finalMs = (seq: number): number => ms + i + (seq % 40);
      storeRun(join(cwd, name), {
        id: `${name}-${i}`,
        sessions: 100,
        finalMs,
        ...(text === undefined ? {} : { text }),
      });
    }
  };
  side("old", 400);
  side("new", 500, "one two tree four.");
  side("same", 401);
  storeRun(join(cwd, "new"), { id: "spoiled", sessions: 9, finalMs: () => 9, validity: VOIDED.validity });
});
afterAll(() => rmSync(cwd, { recursive: true }));

async function compare(a: string, b: string): Promise<ComparisonReport & { exitCode: number; out: string }> {
  const { out, err, exitCode } = await runBench(["compare", a, b, "--json", "c.json"], { cwd });
  expect(err).toBe("");
  const report = JSON.parse(readFileSync(join(cwd, "c.json"), "utf8")) as ComparisonReport;
  return { ...report, exitCode, out };
}

test("stored runs: values, interval, verdict, what was left out and what was understood differently", async () => {
  const { exitCode, out, ...report } = await compare("old", "new");
  expect([exitCode, report.verdict, report.design]).toEqual([4, "worse", "stored runs"]);
  expect(report.rows[0]).toMatchObject({
    verdict: "worse",
    difference: expect.closeTo(100, 0) as number,
  });
  expect(report.leftOut).toEqual([{ run: "spoiled", why: "it is void" }]);
  const heard = { times: 500, of: 500 };
  expect(report.transcripts).toEqual([
    {
      clip: "four-words",
      baseline: { text: "one two three four", ...heard },
      candidate: { text: "one two tree four", ...heard },
    },
  ]);
  const middle = report.quantiles.points.find(({ p }) => p === 0.5);
  expect(middle?.difference).toBeCloseTo(100, 0);
  expect(out).toMatch(/WORSE: emulator-nim \(emulated\) is worse/);
  expect(out).toContain('"one two tree four" (500 of 500)');
});

test("pages say the same, escape what they are given and name the emulator", async () => {
  const report = await compare("old", "new");
  const side = { ...report.candidate, name: "<b>|evil|" };
  for (const text of [
    renderComparisonHtml({ ...report, candidate: side }),
    renderComparisonMarkdown({ ...report, candidate: side }),
  ]) {
    expect(text).toContain("WORSE");
    expect(text).toContain("emulated");
    expect(text).not.toContain("<b>");
  }
  expect(existsSync(join(cwd, "results"))).toBe(false);
});

test("the same again is equivalent", async () => {
  expect(await compare("old", "same")).toMatchObject({ exitCode: 0, verdict: "equivalent" });
});

test("each two pairs go once the one and once the other way round, by the seed", () => {
  for (let seed = 1; seed < 20; seed++) {
    const sides = firstSides(9, seed);
    expect(sides).toHaveLength(9);
    for (let i = 0; i + 1 < 9; i += 2) expect(sides[i]).not.toBe(sides[i + 1]);
    expect(firstSides(9, seed)).toEqual(sides);
  }
  expect(new Set(Array.from({ length: 20 }, (_, seed) => firstSides(1, seed)[0])).size).toBe(2);
});

test.each([
  [["emulator-nim", "emulator-nmi"], "emulator-nim"],
  [["emulator-nim", "emulator-legacy", "--pairs", "0"], "--pairs"],
  [["emulator-nim", "emulator-legacy", "--metric", "speed"], 'no metric "speed"'],
  [["emulator-nim", "emulator-legacy", "--scenario", "abc"], "unknown scenario"],
  // Both files have the address of RIVA_HOST.
  [
    ["legacy-riva", "nim"],
    "legacy-riva and nim are both grpc://localhost:50051: one server would be compared with itself",
  ],
  [["nim", "grpc://localhost:50051"], "one server would be compared with itself"],
])("bad input is told before any run: %s", async (args, message) => {
  const { err, exitCode } = await runBench(["compare", ...args], { cwd });
  expect([exitCode, err]).toEqual([2, expect.stringContaining(message)]);
});
