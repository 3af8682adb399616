/** A capacity as one HTML page that needs nothing else. */
import { markWord } from "../../base/server-mark.ts";
import { markBadge } from "./html-tables.ts";
import {
  capacityNotes,
  capacitySentence,
  curveTable,
  ERROR_RATES,
  type CapacityReport,
} from "../text/capacity.ts";
import { STYLE } from "./html-style.ts";
import { markup, textOf, trusted, type Markup } from "../words/markup.ts";
import { drawPlot } from "../chart/plot.ts";

export function renderCapacityHtml(report: CapacityReport): string {
  const { target, interval } = report;
  const [pass, fail] = interval;
  const { head, rows } = curveTable(report);
  return textOf(markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>capacity of ${target.name}: ${pass} to ${fail ?? "?"}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<header>
<h1>Capacity of ${target.name}${markBadge(markWord(target))}</h1>
<p class="verdict ${pass > 0 ? "pass" : "fail"}"><strong>${pass} to ${fail ?? "?"}</strong> <span>${capacitySentence(report)}</span></p>
<p class="soft">scenario ${report.scenario} · ${target.uri}</p>
</header>
<main>
<ul>${capacityNotes(report).map((note) => markup`<li>${note}</li>\n`)}</ul>
<h2>Against the number of streams</h2>
<div class="charts">
${curvePlot(report, "final", "final from speech end, p95", "ms", "final_from_speech_end p95")}
${curvePlot(report, "partial", "first partial from onset, p95", "ms", "first_partial_from_onset p95")}
${goodPlot(report)}
${curvePlot(report, "keepup", "keep-up", "", "keep_up")}
${ERROR_RATES.flatMap((name) => errorPlot(report, name))}
</div>
<div class="wide" role="region" aria-label="levels" tabindex="0"><table>
<thead><tr>${head.map((cell, index) => markup`<th class="${index === 1 ? "" : "number"}">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map((cells) => markup`<tr>${cells.map((cell, index) => markup`<td class="${index === 1 ? cell : "number"}">${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>
<h2>Probes</h2>
<div class="wide" role="region" aria-label="probes" tabindex="0"><table>
<thead><tr><th class="number">streams</th><th>kind</th><th>verdict</th><th class="number">good</th><th>broke</th><th>run</th></tr></thead>
<tbody>
${report.probes.map((probe) => markup`<tr><td class="number">${probe.streams}</td><td>${probe.kind}</td><td class="${probe.verdict}">${probe.verdict}</td><td class="number">${probe.good} of ${probe.sessions}</td><td>${probe.broke ?? (probe.open && `${probe.open.slo} is undecided`)}</td><td><code>${probe.run}</code></td></tr>\n`)}</tbody>
</table></div>
</main>
</body>
</html>
`);
}

function curvePlot(report: CapacityReport, id: string, title: string, yUnit: string, figure: string): Markup {
  const points = report.curve.flatMap(({ streams, figures }): [number, number][] => {
    const value = figures[figure];
    return value === undefined ? [] : [[streams, value]];
  });
  return plotOf(report, id, title, yUnit, points);
}

function goodPlot(report: CapacityReport): Markup {
  const points = report.curve.map(({ streams, goodput }): [number, number] => [streams, 100 * goodput]);
  return plotOf(report, "good", "sessions that met every SLO", "%", points);
}

/** Nothing where it was not measured. */
function errorPlot(report: CapacityReport, name: (typeof ERROR_RATES)[number]): Markup[] {
  const points = report.curve.flatMap(({ streams, figures }): [number, number][] =>
    figures[name] === undefined ? [] : [[streams, 100 * figures[name]]],
  );
  return points.length === 0 ? [] : [plotOf(report, name, name.toUpperCase(), "%", points)];
}

function plotOf(
  { interval: [pass, fail] }: CapacityReport,
  id: string,
  title: string,
  yUnit: string,
  points: readonly [number, number][],
): Markup {
  const places = [pass, ...(fail === null ? [] : [fail])].map((x) => ({ x, label: `${x}` }));
  const series = [{ name: title, points }];
  return markup`<figure><figcaption>${title}</figcaption>
${drawPlot({ id, title, xLabel: "streams", yUnit, series, places })}</figure>`;
}
