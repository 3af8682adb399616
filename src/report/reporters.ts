/** Every form a stored run can be told in, by the name that `--format` takes. All are functions of the results. */
import { BenchError } from "../base/errors.ts";
import type { RunResult } from "../metrics/result/result.ts";
import { renderCsv } from "./text/csv.ts";
import { renderHtml } from "./html/html.ts";
import { renderJunit } from "./text/junit.ts";
import { renderMarkdown } from "./text/markdown.ts";
import type { SessionDigest } from "../metrics/result/session-digest.ts";
import { renderTable } from "./text/table.ts";

/** A run to report. */
export interface ReportedRun {
  result: RunResult;
  /** Where the run folder is, for those who read the terminal. */
  folder?: string;
  /** What is known of its single sessions, for the page. */
  digest?: SessionDigest;
}

export interface ReportOptions {
  /** The text goes to a terminal that shows colors. */
  color: boolean;
}

/** The text, ending with a newline. At least one run. */
type Reporter = (runs: readonly ReportedRun[], options: ReportOptions) => string;

export const REPORTERS = {
  table: (runs, { color }) =>
    runs
      .map(({ result, folder }) =>
        renderTable(result, { color, ...(folder === undefined ? {} : { folder }) }),
      )
      .join(""),
  json: (runs) => {
    const results = runs.map(({ result }) => result);
    return `${JSON.stringify(results.length === 1 ? results[0] : results, null, 2)}\n`;
  },
  html: (runs) => {
    const [run, ...others] = runs;
    if (run === undefined || others.length > 0) {
      throw BenchError.usage("a page holds one run", "Name one run, or take --format markdown for several.");
    }
    return renderHtml(run.result, run.digest);
  },
  markdown: (runs) => runs.map(({ result }) => renderMarkdown(result)).join("\n"),
  csv: (runs) => renderCsv(runs.map(({ result }) => result)),
  junit: (runs) => renderJunit(runs.map(({ result }) => result)),
} as const satisfies Readonly<Record<string, Reporter>>;

type ReportFormat = keyof typeof REPORTERS;

export const REPORT_FORMATS: readonly ReportFormat[] = Object.keys(REPORTERS) as ReportFormat[];
