/**
 * The report of a run as one HTML page that needs nothing else: no network, no fonts, and no script to be read. A function
 * of the result and of what is known of its sessions; everything in it that comes from there is escaped (`markup.ts`), and
 * the page's own policy lets no other script run.
 */
import { createHash } from "node:crypto";
import type { RunResult } from "../../metrics/result/result.ts";
import { accuracySection } from "./html-accuracy.ts";
import { chartsOverTime } from "./html-charts.ts";
import { distributionSection } from "./html-distribution.ts";
import { configurationSection, figuresSection, provenanceSection, reproduceSection } from "./html-facts.ts";
import { pageHeading } from "./html-heading.ts";
import { SCRIPT } from "./html-script.ts";
import { shownSessionsSection } from "./html-sessions.ts";
import { STYLE } from "./html-style.ts";
import {
  latencySection,
  nvidiaBox,
  section,
  sessionsSection,
  sloSection,
  stagesSection,
  workersSection,
  validitySection,
} from "./html-tables.ts";
import { markup, textOf, trusted, type Markup } from "../words/markup.ts";
import type { SessionDigest } from "../../metrics/result/session-digest.ts";
import type { ZoomLibrary } from "./uplot.ts";
import { readUplot } from "./uplot.ts";
import { runTitle } from "../words/wording.ts";

/** The page. Without a digest it shows no single sessions and no map of latencies. */
export function renderHtml(result: RunResult, digest?: SessionDigest): string {
  const library = readUplot();
  const main = markup`<div class="pair">
${validitySection(result)}
${sloSection(result)}
</div>
${section("Over time", chartsOverTime(result))}
${latencySection(result)}
${distributionSection(result, digest)}
${accuracySection(result)}${stagesSection(result)}${figuresSection(result)}
${sessionsSection(result)}
${shownSessionsSection(digest, result)}
${nvidiaBox(result)}
${workersSection(result)}${configurationSection(result)}
${provenanceSection(result)}
${reproduceSection(result)}`;
  return textOf(markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy([library.script, SCRIPT])}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${result.run.tool}">
<link rel="icon" href="data:,">
<title>${result.verdict}: ${runTitle(result)}</title>
<style>${trusted(library.style)}${trusted(STYLE)}</style>
</head>
<body>
${pageHeading(result, contents(main))}
<main>
${main}
</main>
${scripts(library)}
</body>
</html>
`);
}

/** The page's sections as links. */
function contents(main: Markup): Markup {
  const titles = [...textOf(main).matchAll(/<h2 id="([\w-]+)">([^<]*)<\/h2>/g)];
  return markup`<nav aria-label="Contents">${titles.map(([, id, title]) => markup`<a href="#${id}">${title}</a>\n`)}</nav>`;
}

function scripts({ script, licence }: ZoomLibrary): Markup {
  return markup`<!--
The charts zoom by uPlot, which comes under this licence:

${trusted(licence)}
-->
<script>${trusted(script)}</script>
<script>${trusted(SCRIPT)}</script>`;
}

/** Nothing may be fetched, and no script may run but these. */
function policy(texts: readonly string[]): string {
  const hashes = texts.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${hashes.join(" ")}`;
}
