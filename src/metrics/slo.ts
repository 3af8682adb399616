/**
 * What a run is held to, written as people say it:
 *
 *     slo    = metric [ "@" stage ] [ stat ] op limit [ unit ]
 *     metric = a name of the catalogue
 *     stage  = ( letter | digit | "_" | "-" )+             one stage of the load; all of the window without it
 *     stat   = "min" | "mean" | "max" | "p50" | "p75" | "p90" | "p95" | "p97" | "p99" | "p999" | "p99.9"
 *     op     = "<" | "<=" | ">" | ">="
 *     limit  = digit+ [ "." digit+ ]
 *     unit   = "ms" | "s" | "us"        times need one
 *            | "%"                      ratios may
 *            | "x"                      factors may
 *
 * Metrics with many values need a stat (`final_from_close p95 < 800ms`), metrics with one value take none
 * (`error_ratio < 1%`). Spaces are free.
 */
import { BenchError, nearestName } from "../base/errors.ts";
import { METRICS, metricNamed } from "./catalogue.ts";
import type { Metric, MetricUnit } from "./metric.ts";
import { PERCENTILES } from "./stats.ts";

export type SloOp = "<" | "<=" | ">" | ">=";

export interface Slo {
  /** As written. */
  source: string;
  metric: string;
  stage?: string;
  /** Absent for metrics with one value. */
  stat?: string;
  op: SloOp;
  /** In the metric's own unit: milliseconds, ratio (1 % = 0.01), factor, count. */
  limit: number;
}

const STATS: readonly string[] = ["min", "mean", "max", ...Object.keys(PERCENTILES), "p99.9"];

const UNITS: Readonly<Record<MetricUnit, Readonly<Record<string, number>>>> = {
  ms: { ms: 1, s: 1000, us: 0.001 },
  ratio: { "%": 0.01, "": 1 },
  x: { x: 1, "": 1 },
  count: { "": 1 },
  per_second: { "": 1 },
};

/** @throws BenchError (exit 2) that names the column and what would have been allowed there */
export function parseSlo(source: string): Slo {
  let at = 0;
  const fail = (column: number, problem: string, hint: string): never => {
    throw BenchError.usage(`SLO "${source}", column ${column + 1}: ${problem}`, hint);
  };
  /** The text that `pattern` matches here, after spaces, and where it began. */
  const take = (pattern: RegExp): [text: string, column: number] => {
    while (source[at] === " ") at++;
    const text = pattern.exec(source.slice(at))?.[0] ?? "";
    at += text.length;
    return [text, at - text.length];
  };

  const [name, nameAt] = take(/^[\w-]+/);
  const metric = metricNamed(name) ?? fail(nameAt, `no metric "${name}"`, metricHint(name));
  if (metric.notForGates !== undefined) fail(nameAt, `${name} can't be gated on`, metric.notForGates);
  const [mark, markAt] = take(/^@[\w-]*/);
  const stage = mark.slice(1);
  if (mark === "@") fail(markAt + 1, "the stage's name is missing", "metric@stage, without a space");

  const [stat, statAt] = take(/^[a-z][\w.]*/);
  checkStat(metric, stat, (problem, hint) => fail(statAt, problem, hint));
  const [op, opAt] = take(/^[<>]=?/);
  if (!isOp(op)) return fail(opAt, "a comparison is missing", "one of < <= > >=");
  const [digits, digitsAt] = take(/^\d+(\.\d+)?/);
  if (digits === "") fail(digitsAt, "a limit is missing", "a number, for example 800ms or 1%");
  const [unit, unitAt] = take(/^\S+/);
  const scale = UNITS[metric.unit][unit];
  if (scale === undefined) return fail(unitAt, unitProblem(unit, metric), unitHint(metric));
  const [rest, restAt] = take(/^.+/);
  if (rest !== "") fail(restAt, `"${rest}" is not expected here`, "one SLO a line");

  return {
    source,
    metric: name,
    ...(stage === "" ? {} : { stage }),
    ...(stat === "" ? {} : { stat: stat === "p99.9" ? "p999" : stat }),
    op,
    limit: Number(digits) * scale,
  };
}

function metricHint(name: string): string {
  const names = METRICS.filter((metric) => metric.notForGates === undefined).map((metric) => metric.name);
  const near = nearestName(name, names);
  return near === undefined ? `one of ${names.join(", ")}` : `did you mean ${near}?`;
}

function checkStat(metric: Metric, stat: string, fail: (problem: string, hint: string) => never): void {
  if (metric.per === "run") {
    if (stat !== "") fail(`${metric.name} has one value, so "${stat}" means nothing`, `${metric.name} < ...`);
  } else if (stat === "") {
    fail(`${metric.name} has many values`, `say which: one of ${STATS.join(", ")}`);
  } else if (!STATS.includes(stat)) {
    fail(`"${stat}" is not known`, `one of ${STATS.join(", ")}`);
  }
}

function unitProblem(unit: string, metric: Metric): string {
  return unit === ""
    ? `the limit of ${metric.name} needs a unit`
    : `"${unit}" is not a unit of ${metric.name}`;
}

function unitHint(metric: Metric): string {
  const units = Object.keys(UNITS[metric.unit]).map((unit) => (unit === "" ? "no unit" : unit));
  return `one of ${units.join(", ")}`;
}

function isOp(op: string): op is SloOp {
  return op === "<" || op === "<=" || op === ">" || op === ">=";
}

/** True when `value` keeps to the SLO's limit. */
export function keeps({ op, limit }: Slo, value: number): boolean {
  switch (op) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
  }
}

/**
 * The largest share of values that may break the limit: 1 - p for "p95 < T" (at most 5 % above T), p for "p95 > T" (at
 * most 95 % at or below T). Undefined for other stats.
 */
export function shareAllowed({ stat = "", op }: Slo): number | undefined {
  const p = PERCENTILES[stat];
  if (p === undefined) return undefined;
  return op.startsWith("<") ? 1 - p : p;
}
