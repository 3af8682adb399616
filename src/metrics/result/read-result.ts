/** Reads `result.json`. */
import { readFileSync } from "node:fs";
import { BenchError, messageOf } from "../../base/errors.ts";
import { decodeText } from "../../base/files/text-file.ts";
import { checkRunResult } from "./result-schema.ts";
import { meantOtherwise, METRICS_VERSION, RUN_SCHEMA, type RunResult, type Summary } from "./result.ts";

/**
 * Reads the text of a result file.
 *
 * @param name of the file, for messages
 * @throws BenchError (exit 2) for what isn't JSON, another version, or a shape this version doesn't know
 */
export function parseRunResult(text: string, name: string): RunResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw BenchError.usage(
      `${name} is not JSON: ${messageOf(error)}`,
      "name a run folder or its result.json",
    );
  }
  const schema = typeof value === "object" && value !== null && "schema" in value ? value.schema : undefined;
  if (schema !== RUN_SCHEMA) {
    const found = typeof schema === "string" ? `has schema "${schema}"` : "has no schema";
    throw BenchError.usage(
      `${name} ${found}; this version reads "${RUN_SCHEMA}"`,
      "use the version that wrote it",
    );
  }
  const checked = checkRunResult(value);
  if (typeof checked === "string") throw BenchError.usage(`${name} is not a valid result: ${checked}`);
  if ((checked.metricsVersion ?? 1) > METRICS_VERSION) {
    throw BenchError.usage(
      `${name} has metrics of version ${checked.metricsVersion}; this program knows them up to ${METRICS_VERSION}`,
      "use the version that wrote it",
    );
  }
  return withoutOldMeanings(checked);
}

/** Figures of a metric that meant something else then are left out; checks stand as they were judged. */
function withoutOldMeanings(result: RunResult): RunResult {
  const kept = (metrics: Record<string, Summary>): Record<string, Summary> =>
    Object.fromEntries(Object.entries(metrics).filter(([name]) => !meantOtherwise(result, name)));
  const byStage = Object.entries(result.byStage).map(([stage, metrics]) => [stage, kept(metrics)] as const);
  return { ...result, metrics: kept(result.metrics), byStage: Object.fromEntries(byStage) };
}

/** @throws BenchError (exit 2) when the file can't be read or isn't a result of this version */
export function readRunResult(path: string): RunResult {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw BenchError.usage(`can't read ${path}: ${messageOf(error)}`, "name a run folder or its result.json");
  }
  return parseRunResult(decodeText(bytes, path), path);
}
