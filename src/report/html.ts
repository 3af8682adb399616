/**
 * The report of a run as one HTML page that needs nothing else: no network, no script, no fonts. A function of the
 * result; everything in it that comes from the result is escaped (`markup.ts`).
 */
import type { RunResult } from "../metrics/result.ts";
import { chartsOverTime } from "./html-charts.ts";
import { configurationSection, figuresSection, provenanceSection, reproduceSection } from "./html-facts.ts";
import { markup, textOf, trusted, type Markup } from "./markup.ts";
import { STYLE } from "./html-style.ts";
import {
  identifier,
  latencySection,
  nvidiaBox,
  section,
  sessionsSection,
  sloSection,
  stagesSection,
  validitySection,
} from "./html-tables.ts";
import { EMULATED_NOTE, instant, observedText, runTitle, scenarioText, verdictSentence } from "./wording.ts";

/** The page. */
export function renderHtml(result: RunResult): string {
  const name = scenarioText(result, "name") ?? "run";
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${result.run.tool}">
<title>${result.verdict}: ${runTitle(result)}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
${heading(result, name)}
<main>
<div class="pair">
${validitySection(result)}
${sloSection(result)}
</div>
${latencySection(result)}
${stagesSection(result)}${figuresSection(result)}
${section("Over time", chartsOverTime(result))}
${sessionsSection(result)}
${nvidiaBox(result)}
${configurationSection(result)}
${provenanceSection(result)}
${reproduceSection(result)}
</main>
</body>
</html>
`;
  return textOf(page);
}

/** The verdict in words, before any number. */
function heading(result: RunResult, name: string): Markup {
  const { verdict, target, run } = result;
  const description = scenarioText(result, "description");
  const details = [
    ...(description === undefined ? [] : [description]),
    target.uri,
    ...(target.model === undefined ? [] : [`model ${target.model}`]),
    instant(run.startedAt),
  ];
  return markup`<header>
<p class="verdict ${verdict}"><strong>${verdict.toUpperCase()}</strong> <span>${verdictSentence(result)}</span></p>
<h1>${name} against ${target.name}${target.emulated ? markup` <span class="emulated">EMULATED</span>` : undefined}</h1>
<p class="soft">${details.join(" · ")}</p>
${target.emulated ? markup`<p class="degraded">Emulated: ${EMULATED_NOTE}.</p>` : undefined}
${reasons(result)}
</header>`;
}

/** What stands behind a verdict that isn't a plain pass. */
function reasons({ verdict, validity, slos }: RunResult): Markup | undefined {
  const checks = verdict === "void" ? validity.checks : [...validity.checks, ...slos];
  const doubtful = checks.filter((check) => check.verdict !== "pass");
  if (doubtful.length === 0) return undefined;
  const items = doubtful.map((check) => {
    const { name, observed, advice } = check;
    const facts = [
      ...(observed === undefined ? [] : [observedText(check)]),
      ...(advice === undefined ? [] : [advice]),
    ];
    return markup`<li>${identifier(name)}: ${facts.join("; ")}</li>\n`;
  });
  return markup`<ul>\n${items}</ul>`;
}
