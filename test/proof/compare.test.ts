/** The emulator's two profiles held against each other, and one of them against itself. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ComparisonReport } from "../../src/report/text/comparison.ts";
import { bench, tempFolder } from "../support/bench-process.ts";

const LIGHT = ["--streams", "8", "--duration", "3s", "--warmup", "1s", "--quiet"];
const PRIMARY = ["--metric", "first_partial_from_onset p50"];

async function compare(
  targets: readonly [string, string],
  pairs: number,
  out: string,
): Promise<{ code: number | null; report: ComparisonReport }> {
  const { code, stderr } = await bench([
    ...["compare", ...targets, "--pairs", `${pairs}`, "--out", out],
    ...[...LIGHT, ...PRIMARY],
  ]);
  expect(stderr).toBe("");
  const text = readFileSync(join(out, "comparison.json"), "utf8");
  return { code, report: JSON.parse(text) as ComparisonReport };
}

test("six pairs find that 160 ms chunks answer sooner than 960 ms ones; a series is gone on with", async () => {
  const out = join(tempFolder(), "series");
  const profiles = ["emulator-legacy", "emulator-nim"] as const;
  const first = await compare(profiles, 1, out);
  expect([first.code, first.report.verdict]).toEqual([6, "inconclusive"]);
  const stamp = (): number => statSync(join(out, "pair-001-baseline", "result.json")).mtimeMs;
  const before = stamp();
  const { code, report } = await compare(profiles, 6, out);
  expect(stamp()).toBe(before);
  expect([code, report.verdict]).toEqual([0, "better"]);
  const [row] = report.rows;
  expect(row?.interval?.[1]).toBeLessThan(-100);
  expect(row?.interval?.[0]).toBeLessThan(row?.difference ?? -Infinity);
  expect(report.baseline.emulated && report.candidate.emulated).toBe(true);
  expect(readFileSync(join(out, "comparison.html"), "utf8")).toContain("emulated");
  const other = await bench(["compare", "emulator-nim", "emulator-nim", "--out", out]);
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("other settings")]);
}, 400_000);

test("the same profile twice has no winner", async () => {
  const { code, report } = await compare(["emulator-nim", "emulator-nim"], 6, join(tempFolder(), "same"));
  expect(["equivalent", "inconclusive"]).toContain(report.verdict);
  expect([0, 6]).toContain(code);
  expect(report.transcripts).toEqual([]);
}, 400_000);
