import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { BenchError } from "../../base/errors.ts";
import { emptyCounts } from "../observation/counts.ts";
import { buildRunResult, overallVerdict, type RunResult } from "./result.ts";
import { parseRunResult, readRunResult } from "./read-result.ts";

const failures = [{ phase: "flush", class: "deadline", origin: "server", count: 1 } as const];
const counts = {
  ...emptyCounts(),
  scheduled: 3,
  started: 3,
  completed: 2,
  failed: 1,
  failures: [...failures],
};
const RESULT: RunResult = buildRunResult({
  validity: { status: "valid", checks: [{ name: "stalls", verdict: "pass", observed: 0, limit: "< 500ms" }] },
  slos: [{ name: "error_ratio < 1%", verdict: "fail", observed: 0.33, limit: "< 1%", advice: "1 of 3" }],
  run: {
    id: "2026-11-22-a",
    startedAt: "2026-11-22T10:00:00.000Z",
    endedAt: "2026-11-22T10:01:00.000Z",
    interrupted: false,
    seed: 1,
    planHash: "ab",
    tool: "riva-bench 0.1.0",
    node: "v20.20.2",
    host: "here",
    cpus: 2,
    workers: 1,
  },
  target: {
    name: "emulator",
    kind: "riva-grpc",
    uri: "grpc://127.0.0.1:1",
    emulated: true,
    server: { profile: "nim" },
  },
  scenario: { name: "smoke" },
  dataset: { name: "core", clips: 29, audioSeconds: 160.5, sha256: "cd" },
  window: { warmupMs: 2000, steadyMs: 8000, drainMs: 14_000 },
  sessions: counts,
  sessionsByPhase: { warmup: emptyCounts(), steady: counts, drain: emptyCounts() },
  metrics: {
    error_ratio: { unit: "ratio", count: 3, value: 1 / 3 },
    final_from_close: {
      unit: "ms",
      count: 2,
      min: 1,
      mean: 2,
      max: 3,
      p50: 1,
      certified: [],
      histogram: "HIST",
    },
  },
  byStage: {},
  timeline: [
    {
      ...{ fromMs: 0, toMs: 1000, phase: "warmup", open: 3, loopDelayMs: 1.5 },
      ended: { scheduled: 1, completed: 1, failed: 0, dropped: 0 },
      metrics: { final_from_close: { count: 1, p50: 1, p95: 1, p99: 1, max: 1 } },
    },
  ],
});

describe("a result", () => {
  it("comes back from its text as it was", () => {
    expect(parseRunResult(JSON.stringify(RESULT), "result.json")).toEqual(RESULT);
  });

  it("of before keep_up meant what it means is read without it, whatever else it holds", () => {
    const { metricsVersion, ...old } = {
      ...RESULT,
      metrics: { ...RESULT.metrics, keep_up: { unit: "ratio", count: 3, value: 1.14 } },
      byStage: { main: { keep_up: { unit: "ratio", count: 3, value: 1.14 } } },
    };
    expect(metricsVersion).toBe(2);
    const read = parseRunResult(JSON.stringify(old), "result.json");
    expect(read.metrics).toEqual(RESULT.metrics);
    expect(read.byStage).toEqual({ main: {} });
    const now = parseRunResult(JSON.stringify({ ...old, metricsVersion }), "result.json");
    expect(now.metrics["keep_up"]?.value).toBe(1.14);
    expect(() => parseRunResult(JSON.stringify({ ...old, metricsVersion: 3 }), "result.json")).toThrow(
      "metrics of version 3",
    );
  });

  it("keeps to the published schema", () => {
    const schema = JSON.parse(
      readFileSync(new URL("../../../schema/run.schema.json", import.meta.url), "utf8"),
    ) as object;
    const validate = new Ajv2020({ strict: true, formats: { "date-time": true } }).compile(schema);
    expect([validate(RESULT), validate.errors]).toEqual([true, null]);
    expect(validate({ ...RESULT, extra: 1 })).toBe(false);
  });

  it.each([
    ["nonsense", "not JSON"],
    ["[]", "has no schema"],
    ["null", "has no schema"],
    [JSON.stringify({ ...RESULT, schema: "riva-bench/run@2" }), 'has schema "riva-bench/run@2"'],
    [JSON.stringify({ ...RESULT, run: { ...RESULT.run, seed: "x" } }), "run.seed"],
    [JSON.stringify({ ...RESULT, novelty: 1 }), "novelty"],
  ])("is refused when it is not one: %.40s", (text, message) => {
    expect(() => parseRunResult(text, "result.json")).toThrow(BenchError);
    expect(() => parseRunResult(text, "result.json")).toThrow(message);
  });

  it("is written to and read from a file", () => {
    const folder = mkdtempSync(join(tmpdir(), "result-"));
    try {
      const path = join(folder, "result.json");
      writeFileSync(path, JSON.stringify(RESULT));
      expect(readRunResult(path)).toEqual(RESULT);
      expect(() => readRunResult(join(folder, "none.json"))).toThrow("can't read");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("overallVerdict", () => {
  const valid = { status: "valid", checks: [] } as const;
  const check = (verdict: "pass" | "fail" | "inconclusive") => ({ name: "x", verdict });

  it("puts validity first, then failure, then doubt", () => {
    const all = [check("pass"), check("inconclusive"), check("fail")];
    const whole = { interrupted: false };
    expect(overallVerdict({ status: "void", checks: [] }, all, whole)).toBe("void");
    expect(overallVerdict({ ...valid, checks: [] }, all, whole)).toBe("fail");
    expect(overallVerdict({ ...valid, checks: [] }, all.slice(0, 2), whole)).toBe("inconclusive");
    expect(overallVerdict({ status: "degraded", checks: [] }, all.slice(0, 1), whole)).toBe("pass");
  });

  it("never passes what was interrupted; what failed by then has failed", () => {
    const cut = { interrupted: true };
    expect(overallVerdict({ status: "degraded", checks: [] }, [check("pass")], cut)).toBe("inconclusive");
    expect(overallVerdict({ status: "degraded", checks: [] }, [check("pass"), check("fail")], cut)).toBe(
      "fail",
    );
    expect(overallVerdict({ status: "void", checks: [] }, [], cut)).toBe("void");
  });
});
