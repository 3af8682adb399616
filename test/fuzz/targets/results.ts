import fc from "fast-check";
import { Histogram } from "../../../src/metrics/record/histogram.ts";
import { parseRunManifest } from "../../../src/metrics/result/run-manifest.ts";
import { parseRunResult } from "../../../src/metrics/result/read-result.ts";
import { checkCalibration } from "../../../src/metrics/result/result-schema.ts";
import { REPORT_FORMATS, REPORTERS } from "../../../src/report/reporters.ts";
import { PASSED } from "../../support/sample-result.ts";
import { jsonObject } from "../json.ts";
import { each, fail, refusable } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const keys = [
  "schema",
  "verdict",
  "validity",
  "status",
  "checks",
  "name",
  "observed",
  "limit",
  "slos",
  "run",
  "target",
  "window",
  "sessions",
  "failures",
  "metrics",
  "unit",
  "count",
  "p95",
  "histogram",
  "timeline",
  "byStage",
  "certified",
];
const whole = JSON.stringify(PASSED);
const spoilt = fc
  .tuple(
    fc.nat({ max: whole.length }),
    fc.nat({ max: 40 }),
    fc.constantFrom("null", "-1", "1e308", '"x"', "[]", "{}", ""),
  )
  .map(([at, length, piece]) => whole.slice(0, at) + piece + whole.slice(at + length));
const oneNumber = fc
  .tuple(fc.nat(), fc.constantFrom("null", "-1", "1e308", "5e-324", "0", "9007199254740993", "-0"))
  .map(([pick, number]) => {
    const numbers = [...whole.matchAll(/(?<=:)-?\d+(?:\.\d+)?(?=[,}])/g)];
    const { index, 0: old } = numbers[pick % numbers.length]!;
    return whole.slice(0, index) + number + whole.slice(index + old.length);
  });

export const results: FuzzTarget = {
  name: "results",
  about: "`result.json` and the reports of what was accepted, `run.json`, histograms",
  dictionary: [...keys.map((key) => `"${key}":`), "null", "-1", "1e308", "[]", "{}", '"pass"', '"<script>"'],
  grammar: fc.oneof(spoilt, oneNumber, oneNumber, jsonObject(keys, ["pass", "riva-bench/run@1"])),
  longestBytes: 65_536,
  run(input) {
    const text = input.toString("utf8");
    return each(
      () => refusable(() => reported(text)),
      () => refusable(() => parseRunManifest(text, "x")),
      () => (typeof checkCalibration(parsed(text)) === "string" ? "refused" : "calibration"),
      () => histogram(text),
    );
  },
};

/** Whatever is accepted can be told in every form. */
function reported(text: string): unknown {
  const result = parseRunResult(text, "x.json");
  for (const format of REPORT_FORMATS) {
    const page = REPORTERS[format]([{ result }], { color: false });
    if (page.length === 0) fail(`an empty ${format}`);
  }
  return result;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function histogram(text: string): string {
  if (text.length > 4000) return "long";
  try {
    Histogram.decode(text, 1000);
    return "histogram";
  } catch (error) {
    if (error instanceof Error) return "refused";
    throw error;
  }
}
