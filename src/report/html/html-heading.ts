/** The head of the page: the verdict in words before any number, its reasons, and the few figures people ask for first. */
import { markWord } from "../../base/server-mark.ts";
import { type Counts, notOfTarget } from "../../metrics/observation/counts.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { identifier, markBadge } from "./html-tables.ts";
import { limitsOf } from "../chart/limits.ts";
import { markup, type Markup } from "../words/markup.ts";
import {
  markNotes,
  instant,
  isCertified,
  observedText,
  scenarioText,
  short,
  verdictSentence,
} from "../words/wording.ts";
import { percent } from "../words/percent.ts";

export function pageHeading(result: RunResult, contents: Markup): Markup {
  const { verdict, target, run } = result;
  const name = scenarioText(result, "name") ?? "run";
  const description = scenarioText(result, "description");
  const details = [
    target.uri,
    ...(target.model === undefined ? [] : [`model ${target.model}`]),
    instant(run.startedAt),
  ];
  return markup`<header>
<div class="verdict ${verdict}">
<p><strong>${verdict.toUpperCase()}</strong> <span>${verdictSentence(result)}</span></p>
${reasons(result)}</div>
<h1>${name} against ${target.name}${markBadge(markWord(target)?.toUpperCase())}</h1>
${description === undefined ? undefined : markup`<p class="lead">${description}</p>`}
<p class="soft">${details.join(" · ")}</p>
${markNotes(target).map(({ title, note }) => markup`<p class="degraded">${title}: ${note}.</p>`)}
${tiles(result)}
${contents}
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
  return markup`<ul>\n${items}</ul>\n`;
}

/** Failures that are not the target's are not in the ratio. */
function errorNote(sessions: Counts): string {
  const others = notOfTarget(sessions);
  const own = `${sessions.failed - others} of ${sessions.scheduled} sessions`;
  return others === 0 ? own : `${own}; ${others} failed by no fault of the target`;
}

interface Tile {
  label: string;
  value: string;
  unit: string;
  note: string;
}

function tiles(result: RunResult): Markup | undefined {
  const { sessions, metrics } = result;
  const value = (name: string): number | undefined => metrics[name]?.value;
  const [errors, goodput, concurrency, rtfx] = ["error_ratio", "goodput", "concurrency", "rtfx"].map(value);
  const most = metrics["concurrency"]?.max;
  const all: Tile[] = [
    ...latencyTile(result, "first_partial_from_onset", "First partial, p95"),
    ...latencyTile(result, "final_from_speech_end", "Final, p95"),
    ...(errors === undefined ? [] : [ratioTile("Errors", errors, errorNote(sessions))]),
    ...(goodput === undefined ? [] : [ratioTile("Goodput", goodput, "of sessions met every SLO")]),
    ...(concurrency === undefined
      ? []
      : [
          {
            label: "Concurrency",
            value: concurrency.toFixed(1),
            unit: "",
            note: most === undefined ? "sessions open on average" : `on average, ${most} at most`,
          },
        ]),
    ...(rtfx === undefined
      ? []
      : [{ label: "Throughput", value: short(rtfx), unit: "RTFX", note: "seconds of audio a second" }]),
  ];
  if (all.length === 0) return undefined;
  return markup`<dl class="tiles">
${all.map(({ label, value, unit, note }) => markup`<div><dt>${label}</dt><dd><b>${value}</b> ${unit}<small>${note}</small></dd></div>\n`)}</dl>`;
}

function latencyTile(result: RunResult, metric: string, label: string): Tile[] {
  const summary = result.metrics[metric];
  if (summary?.p95 === undefined) return [];
  const certified = isCertified(summary, "p95");
  const slo = limitsOf(result, metric).find((limit) => limit.label.startsWith("p95"));
  const note = certified ? `of ${summary.count} sessions` : `too few sessions to certify`;
  return [
    {
      label,
      value: `${certified ? "" : "~"}${short(summary.p95)}`,
      unit: "ms",
      note: slo === undefined ? note : `${note}, SLO ${slo.label.replace(/^p95 /, "")}`,
    },
  ];
}

function ratioTile(label: string, ratio: number, note: string): Tile {
  const [value = "", unit = ""] = percent(ratio).split(" ");
  return { label, value, unit, note };
}
