/** A comparison as one HTML page that needs nothing else. */
import { commonMark, markWord } from "../../base/server-mark.ts";
import { markBadge } from "./html-tables.ts";
import { comparisonNotes, comparisonSentence, rowCells, type ComparisonReport } from "../text/comparison.ts";
import { STYLE } from "./html-style.ts";
import { markup, textOf, trusted, type Markup } from "../words/markup.ts";
import { drawPlot } from "../chart/plot.ts";

const CLASSES: Readonly<Record<string, string>> = {
  better: "pass",
  equivalent: "pass",
  worse: "fail",
  mixed: "fail",
  void: "void",
  inconclusive: "inconclusive",
};

export function renderComparisonHtml(report: ComparisonReport): string {
  const { verdict, baseline, candidate } = report;
  return textOf(markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${verdict}: ${candidate.name} against ${baseline.name}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<header>
<h1>${candidate.name} against ${baseline.name}${markBadge(markWord(commonMark([baseline, candidate])))}</h1>
<p class="verdict ${CLASSES[verdict]}"><strong>${verdict.toUpperCase()}</strong> <span>${comparisonSentence(report)}</span></p>
<p class="soft">scenario ${report.scenario} · ${baseline.uri} and ${candidate.uri}</p>
</header>
<main>
<h2>Differences</h2>
<div class="wide" role="region" aria-label="differences" tabindex="0"><table>
<thead><tr><th></th><th class="number">baseline</th><th class="number">candidate</th><th class="number">difference</th><th class="number">95 % interval</th><th class="number">margin</th><th>verdict</th></tr></thead>
<tbody>
${report.rows.map(tableRow)}</tbody>
</table></div>
<ul>${comparisonNotes(report).map((note) => markup`<li>${note}</li>\n`)}</ul>
<h2>Difference by quantile</h2>
<figure style="max-width: 44rem"><figcaption>${report.quantiles.metric}: candidate − baseline</figcaption>
${quantilePlot(report)}</figure>
<p class="note">Over all sessions. The band is the middle 95 % of redrawn pairs: it shows where the difference lies and decides nothing.</p>
${transcripts(report)}
<h2>Runs</h2>
<dl><dt>baseline</dt><dd>${baseline.runs.join(", ")}</dd><dt>candidate</dt><dd>${candidate.runs.join(", ")}</dd></dl>
</main>
</body>
</html>
`);
}

function tableRow(row: ComparisonReport["rows"][number]): Markup {
  const [name, ...cells] = rowCells(row);
  const verdict = cells.pop() ?? "";
  return markup`<tr><th scope="row"><code>${name}</code></th>${cells.map((cell) => markup`<td class="number">${cell}</td>`)}<td class="${CLASSES[verdict] ?? "soft"}">${verdict}</td></tr>
`;
}

function quantilePlot({ quantiles: { metric, points } }: ComparisonReport): Markup {
  return drawPlot({
    id: "quantiles",
    title: `difference of ${metric} by quantile`,
    xLabel: "percentile",
    yUnit: "ms",
    series: [{ name: "difference", points: points.map(({ p, difference }) => [p * 100, difference]) }],
    band: points.map(({ p, low, high }) => [p * 100, low, high]),
  });
}

function transcripts({ transcripts: differing }: ComparisonReport): Markup {
  if (differing.length === 0) return markup`<h2>Transcripts</h2>\n<p>Every clip was understood alike.</p>`;
  const row = ({ clip, baseline, candidate }: (typeof differing)[number]): Markup =>
    markup`<tr><th scope="row"><code>${clip}</code></th><td>${baseline.text} <span class="soft">(${baseline.times} of ${baseline.of})</span></td><td>${candidate.text} <span class="soft">(${candidate.times} of ${candidate.of})</span></td></tr>\n`;
  return markup`<h2>Transcripts that differ</h2>
<div class="wide" role="region" aria-label="transcripts" tabindex="0"><table><thead><tr><th>clip</th><th>baseline</th><th>candidate</th></tr></thead><tbody>
${differing.map(row)}</tbody></table></div>`;
}
