/**
 * Public API: what a program needs that makes, reads or judges runs. Everything else is inside and may change.
 */
export { loadDataset } from "./base/dataset/dataset.ts";
export type { Clip, Dataset } from "./base/dataset/dataset.ts";
export { BenchError, EXIT } from "./base/errors.ts";
export type { ExitCode } from "./base/errors.ts";
export type { Failure, Outcome } from "./base/outcome.ts";
export { openTransport } from "./client/transports.ts";
export type { AsrResponse, AsrStream, AsrTransport, StreamListener, StreamSpec } from "./client/transport.ts";
export { METRICS } from "./metrics/catalogue/catalogue.ts";
export { compareRuns } from "./metrics/judge/comparison.ts";
export type { Comparison, ComparisonRow } from "./metrics/judge/comparison.ts";
export { DEFAULT_MARGINS, figureNamed } from "./metrics/judge/figure.ts";
export type { Figure, Margins } from "./metrics/judge/figure.ts";
export { judgeRegression } from "./metrics/judge/regression.ts";
export type { Regression } from "./metrics/judge/regression.ts";
export { parseRunResult, readRunResult as readResult } from "./metrics/result/read-result.ts";
export type { Check, RunResult, Summary, TimelinePoint } from "./metrics/result/result.ts";
export { parseSlo } from "./metrics/judge/slo.ts";
export type { Slo } from "./metrics/judge/slo.ts";
export type { FinishedRun } from "./run/run-once.ts";
export { runScenario } from "./run/run-scenario.ts";
export type { ListenersOf, PreparedRun, RunScenarioOptions } from "./run/run-scenario.ts";
export type { RunListener } from "./watch/listener.ts";
export { evaluateSlos } from "./store/evaluate-slos.ts";
export { renderHtml } from "./report/html/html.ts";
export { renderTable } from "./report/text/table.ts";
