/**
 * Writes the files that follow from the code: the schema, the metrics' documentation, the charts' READMEs, the dashboards. With `--check` it writes
 * nothing and fails when one of them is out of date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { BOARDS } from "../dashboards/boards.ts";
import { boardJson } from "../dashboards/board.ts";
import { targetFile } from "../src/scenario/target/target.ts";
import { scenarioFile } from "../src/scenario/scenario-schema.ts";
import { METRICS } from "../src/metrics/catalogue/catalogue.ts";
import { runResultJsonSchema } from "../src/metrics/result/result-schema.ts";
import { chartReadme } from "./chart-readme.ts";
import { hostTemplate, hostUserData } from "./host-user-data.ts";
import { exitCodesMarkdown } from "./exit-codes-doc.ts";
import { prometheusMarkdown } from "./prometheus-doc.ts";
import { scenariosMarkdown } from "./scenarios-doc.ts";
import type { Schema } from "./schemas-doc.ts";
import { schemasMarkdown } from "./schemas-doc.ts";
import { CERTIFIED_FROM, sessionsNeeded } from "../src/metrics/stats/certainty.ts";
import { PERCENTILES } from "../src/metrics/stats/percentiles.ts";

const BETTER = {
  lower: "lower is better",
  higher: "higher is better",
  neither: "neither way is better",
} as const;

function metricsMarkdown(): string {
  const sections = METRICS.map((metric) => {
    const notes = [
      `${metric.unit}, one value per ${metric.per}, ${BETTER[metric.better]}`,
      ...(metric.ofFailed === true ? ["failed sessions count too"] : []),
      ...(metric.per !== "run" && metric.actual !== undefined
        ? [`\`${metric.name}_actual\` in \`bench sessions\``]
        : []),
      ...(metric.notForGates === undefined ? [] : [`not for gates: ${metric.notForGates}`]),
    ];
    return `### ${metric.name}\n\n${metric.help}\n\n*${notes.join("; ")}.*\n`;
  });
  const floors = Object.entries(PERCENTILES).map(
    ([name, p]) => `| ${name} | ${sessionsNeeded(p, 0)} | ${CERTIFIED_FROM[name] ?? ""} |`,
  );
  return `# Metrics

Generated from the catalogue in \`src/metrics\` by \`npm run generate\`; change it there.

## Symbols

All times are on one monotonic clock of the process that sends the audio.

| symbol | meaning |
|---|---|
| T_s | scheduled start of the session |
| t0, t_ready | connection attempt begins; transport up and configuration accepted |
| A0 | the virtual microphone opens: the first instant at or after t_ready in the caller's chunk phase |
| v | pace; 1 is real time |
| o_k, d_k | offset in the clip and length of chunk k, k = 0 ... K-1 |
| S_k | scheduled send of chunk k: A0 + (o_k + d_k) / v, when its last sample has been recorded |
| X_k, F_k | chunk k was written; the transport took it off our hands |
| X_eos | half-close |
| R_j, p_j | response j arrived; audio the server says it had processed by then |
| R_end | the stream is closed |
| D | length of the audio sent, padding included |
| a_on, a_off | first speech onset and last speech end in the clip, padding included |
| w, e_w | a reference word and its end in the clip, padding included |
| h_j, N | hypothesis j of a segment, up to its final h_m, in words; words of the final |

## Rules

- Latencies count from the **scheduled** instant, so a late generator can't flatter the server. The same from the actual
  send is under the name with \`_actual\` in \`bench sessions\` and in traces.
- Blank text (nothing but white space) is no text.
- A session belongs to the phase of its scheduled start. Only sessions of the steady window are summarised; each is
  followed to its end.
- Values come from sessions that completed. A failed session gives none: it is a violation in every gate on what it should
  have delivered, unless the generator spoiled it, in which case it counts neither way. Send lateness, start slip and
  back-pressure are the exception: they are about the way out, and count failed sessions.
- Values below zero are real and stay in: a final may come before the last chunk. \`negatives\` says how many there were.
- Percentiles are nearest rank over all values, read from an HdrHistogram with three significant digits. Violations of an
  SLO are counted from the values themselves, not from the histogram.

## Samples

A percentile is **certified** when the sample is large enough that one session may lie above it and the claim still holds
at 99 % confidence: the least n with P(Binomial(n, 1 - p) <= 1) <= 0.01. A gate may pass with fewer when no session breaks
the limit.

| percentile | sessions to pass a gate with none beyond | sessions to certify |
|---|---|---|
${floors.join("\n")}

A percentile SLO over n sessions with k violations passes if P(Binomial(n, 1 - p) <= k) <= 0.01, fails if
P(Binomial(n, 1 - p) >= k) <= 0.01, and is inconclusive otherwise; for \`>\` and \`>=\` the share is p instead of 1 - p. Where a
session has many values, whole sessions are resampled and the share of values beyond the limit takes the place of the binomial. Other SLOs compare the observed value, however few the
sessions: \`error_ratio < 1%\` passes with 0 of 11, and only 459 sessions without a failure say with 99 % confidence that fewer than 1 % fail. No data never passes.

## The catalogue

${sections.join("\n")}`;
}

/** The form of a file that people write, for their editors. What lies between its fields only `bench` checks. */
function inputSchema(title: string, schema: z.ZodType): Schema {
  return { title, ...z.toJSONSchema(schema, { io: "input" }) } as Schema;
}

const CHARTS = ["riva-bench", "riva-gateway"];

const userData = hostUserData();
const jsonText = (json: object): string => `${JSON.stringify(json, null, 2)}\n`;

const schemas = {
  run: runResultJsonSchema() as Schema,
  scenario: inputSchema("riva-bench scenario", scenarioFile),
  target: inputSchema("riva-bench target", targetFile),
};

const files: Readonly<Record<string, string>> = {
  "schema/run.schema.json": jsonText(schemas.run),
  "schema/scenario.schema.json": jsonText(schemas.scenario),
  "schema/target.schema.json": jsonText(schemas.target),
  "docs/metrics.md": metricsMarkdown(),
  "docs/prometheus.md": prometheusMarkdown(),
  "deploy/aws/user-data.yaml": userData,
  "deploy/aws/riva-host.yaml": hostTemplate(userData),
  ...Object.fromEntries(
    CHARTS.map((name) => [
      `deploy/chart/${name}/README.md`,
      chartReadme(
        textOf(new URL(`chart-readme/${name}.md`, import.meta.url)),
        textOf(new URL(`../deploy/chart/${name}/values.yaml`, import.meta.url)),
      ),
    ]),
  ),
  "docs/exit-codes.md": exitCodesMarkdown(),
  "docs/shipped-scenarios.md": scenariosMarkdown(),
  "docs/schemas.md": schemasMarkdown(schemas),
  ...Object.fromEntries(
    BOARDS.map((board) => [`dashboards/grafana/${board.uid}.json`, jsonText(boardJson(board))]),
  ),
};

function textOf(path: URL): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const check = process.argv.includes("--check");
for (const [name, text] of Object.entries(files)) {
  const path = new URL(`../${name}`, import.meta.url);
  if (textOf(path) === text) continue;
  if (check) {
    console.error(`${name} is out of date: run npm run generate`);
    process.exitCode = 1;
  } else writeFileSync(path, text);
}
