/**
 * What a run is held to, written as people say it:
 *
 *     slo    = metric [ "@" stage ] [ stat ] op limit [ unit ] [ "abort" ]
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
 * (`error_ratio < 1%`). Spaces are free. `abort` ends the run as soon as the SLO is certain to fail: on percentiles and on
 * counts and shares of sessions, which can be certain before the end.
 */
import { BenchError, nearestName } from "../../base/errors.ts";
import { METRICS, metricNamed } from "../catalogue/catalogue.ts";
import type { Metric, MetricUnit } from "../catalogue/metric.ts";
import { PERCENTILES, percentileName, STATS } from "../stats/percentiles.ts";

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
  /** End the run as soon as it is certain to fail. */
  abort?: true;
}

const UNITS: Readonly<Record<MetricUnit, Readonly<Record<string, number>>>> = {
  ms: { ms: 1, s: 1000, us: 0.001 },
  ratio: { "%": 0.01, "": 1 },
  x: { x: 1, "": 1 },
  count: { "": 1 },
  per_second: { "": 1 },
};

/** Names of the metrics of one value a run that can be certain to fail before its end. */
const ABORTABLE: ReadonlySet<string> = new Set(
  METRICS.flatMap((metric) => (metric.per === "run" && metric.certainEarly === true ? [metric.name] : [])),
);

/** Reads a text from left to right, skipping spaces, and names the column of what is wrong. */
interface Reader {
  /** The text that `pattern` matches here, and where it began. */
  take(pattern: RegExp): [text: string, column: number];
  fail(column: number, problem: string, hint: string): never;
}

function readerOf(source: string, what: string): Reader {
  let at = 0;
  return {
    fail(column, problem, hint) {
      throw BenchError.usage(`${what} "${source}", column ${column + 1}: ${problem}`, hint);
    },
    take(pattern) {
      while (source[at] === " ") at++;
      const text = pattern.exec(source.slice(at))?.[0] ?? "";
      at += text.length;
      return [text, at - text.length];
    },
  };
}

/** The left side of an SLO: `metric[@stage] [stat]`. */
export type SloFigure = Pick<Slo, "metric" | "stage" | "stat">;

function figure({ take, fail }: Reader): SloFigure {
  const [name, nameAt] = take(/^[\w-]+/);
  const metric = metricNamed(name) ?? fail(nameAt, `no metric "${name}"`, metricHint(name));
  if (metric.notForGates !== undefined) fail(nameAt, `${name} can't be gated on`, metric.notForGates);
  const [mark, markAt] = take(/^@[\w-]*/);
  const stage = mark.slice(1);
  if (mark === "@") fail(markAt + 1, "the stage's name is missing", "metric@stage, without a space");
  const [stat, statAt] = take(/^[a-z][\w.]*/);
  checkStat(metric, stat, (problem, hint) => fail(statAt, problem, hint));
  return {
    metric: name,
    ...(stage === "" ? {} : { stage }),
    ...(stat === "" ? {} : { stat: percentileName(stat) }),
  };
}

/** @throws BenchError (exit 2) that names the column and what would have been allowed there */
export function parseFigure(source: string): SloFigure {
  const reader = readerOf(source, "figure");
  const found = figure(reader);
  const [rest, restAt] = reader.take(/^.+/);
  if (rest !== "") reader.fail(restAt, `"${rest}" is not expected here`, "metric[@stage] [stat], no limit");
  return found;
}

/** @throws BenchError (exit 2) that names the column and what would have been allowed there */
export function parseSlo(source: string): Slo {
  const reader = readerOf(source, "SLO");
  const { take } = reader;
  const fail: Reader["fail"] = (column, problem, hint) => reader.fail(column, problem, hint);
  const left = figure(reader);
  const [op, opAt] = take(/^[<>]=?/);
  if (!isOp(op)) return fail(opAt, "a comparison is missing", "one of < <= > >=");
  const [digits, digitsAt] = take(/^\d+(\.\d+)?/);
  if (digits === "") fail(digitsAt, "a limit is missing", "a number, for example 800ms or 1%");
  const metric = metricNamed(left.metric) as Metric;
  const [unit, unitAt] = take(/^(?!abort(\s|$))\S+/);
  const scale = UNITS[metric.unit][unit];
  if (scale === undefined) return fail(unitAt, unitProblem(unit, metric), unitHint(metric));
  const [abort, abortAt] = take(/^abort(?=\s|$)/);
  const [rest, restAt] = take(/^.+/);
  if (rest !== "") fail(restAt, `"${rest}" is not expected here`, 'one SLO a line, "abort" may end it');
  const slo: Slo = { source, ...left, op, limit: Number(digits) * scale };
  if (abort === "") return slo;
  const certain = metric.per === "session" && shareAllowed(slo) !== undefined;
  if (!certain && !ABORTABLE.has(slo.metric)) {
    fail(
      abortAt,
      `${left.metric} ${left.stat ?? ""} is only known at the end`.replace("  ", " "),
      `abort goes with percentiles of what a session has one of, and with ${[...ABORTABLE].join(", ")}`,
    );
  }
  return { ...slo, abort: true };
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

/** The limits that the values of a metric are held to, in its unit, rising and each once; of any stage and statistic. */
export function limitsOf(slos: readonly Slo[], metric: string): number[] {
  const limits = slos
    .filter((slo) => slo.metric === metric && slo.stat !== undefined)
    .map(({ limit }) => limit);
  return [...new Set(limits)].sort((a, b) => a - b);
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
