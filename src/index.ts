/**
 * Public API: what a program needs that reads, judges or makes results. Everything else is inside and may change.
 */
export { loadDataset } from "./base/dataset.ts";
export type { Clip, Dataset } from "./base/dataset.ts";
export { BenchError, EXIT } from "./base/errors.ts";
export type { ExitCode } from "./base/errors.ts";
export type { Failure, Outcome } from "./base/outcome.ts";
export { createTransport } from "./client/create-transport.ts";
export type { AsrResponse, AsrStream, AsrTransport, StreamListener, StreamSpec } from "./client/transport.ts";
export { METRICS } from "./metrics/catalogue.ts";
export { compareRuns } from "./metrics/comparison.ts";
export type { Comparison, ComparisonRow } from "./metrics/comparison.ts";
export { DEFAULT_MARGINS, figureNamed } from "./metrics/figure.ts";
export type { Figure, Margins } from "./metrics/figure.ts";
export { judgeSlo } from "./metrics/gate.ts";
export { judgeRegression } from "./metrics/regression.ts";
export type { Regression } from "./metrics/regression.ts";
export { parseRunResult, readRunResult } from "./metrics/read-result.ts";
export type { Check, RunResult, Summary, TimelinePoint } from "./metrics/result.ts";
export { parseSlo } from "./metrics/slo.ts";
export type { Slo } from "./metrics/slo.ts";
export { renderHtml } from "./report/html.ts";
export { renderTable } from "./report/table.ts";
