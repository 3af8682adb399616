/** The accuracy of a run on the page: error rates against the load, and the clips that went worst, word by word. */
import type { ClipAccuracy } from "../../metrics/observation/accuracy.ts";
import { withFailures } from "../../metrics/observation/accuracy.ts";
import type { RunResult, Summary } from "../../metrics/result/result.ts";
import { drawPlot, type Series } from "../chart/plot.ts";
import { rangeText, rateOf, wordDiff, worstClips } from "../words/accuracy-words.ts";
import { markup, type Markup } from "../words/markup.ts";
import { percent } from "../words/percent.ts";
import { section, table } from "./html-tables.ts";

const WORST = 10;

const RATES = [
  ["wer", "word error rate"],
  ["wer_with_failures", "failed sessions as deleted"],
  ["cer", "character error rate"],
  ["cer_with_failures", "failed sessions as deleted (characters)"],
  ["substitutions", "substitutions"],
  ["insertions", "insertions"],
  ["deletions", "deletions"],
  ["transcript_parity", "answered as without load"],
] as const;

/** Undefined where nothing was scored. */
export function accuracySection(result: RunResult): Markup | undefined {
  const { metrics, accuracy = [] } = result;
  const rows = RATES.flatMap(([name, label]) => {
    const summary = metrics[name];
    if (summary?.value === undefined) return [];
    const { value, low, high, clips = 0 } = summary;
    const cells = [percent(value), rangeText(low, high), `${clips}`];
    return [
      markup`<tr><th scope="row">${label}</th>${cells.map((cell) => markup`<td class="number">${cell}</td>`)}</tr>\n`,
    ];
  });
  if (rows.length === 0) return undefined;
  return section(
    "Accuracy",
    markup`<p>Transcripts against their references, both normalised and numbers read out. Rates are over all words (characters, sessions) together, intervals over clips.</p>
${table(["", "rate", "95 % interval", "clips"], [1, 2, 3], rows)}
${againstLoad(result)}${worst(accuracy)}`,
  );
}

/** Rates against the level of the stages, where there are several. */
function againstLoad({ byStage }: RunResult): Markup | undefined {
  const all = Object.entries(byStage);
  // Between steps the load has no level.
  const levelled = all.filter(([name]) => levelIn(name) !== undefined);
  const stages = levelled.length > 1 ? levelled : all;
  if (stages.length < 2) return undefined;
  const levels = stages.map(([name], index) => levelIn(name) ?? index + 1);
  const xLabel = stages === levelled ? "streams" : "stage";
  const points = (name: string): [number, number][] =>
    stages.flatMap(([, metrics], index): [number, number][] => {
      const value = metrics[name]?.value;
      return value === undefined ? [] : [[levels[index] ?? NaN, value * 100]];
    });
  const rate = stages.some(([, metrics]) => metrics["wer"] ?? metrics["wer_with_failures"]) ? "wer" : "cer";
  const line = (name: string, shown: string): Series => ({
    name: shown,
    points: points(name),
    bars: stages.flatMap(([, metrics], index): [number, number, number][] => {
      const { low, high }: Partial<Summary> = metrics[name] ?? {};
      return low === undefined || high === undefined ? [] : [[levels[index] ?? NaN, low * 100, high * 100]];
    }),
  });
  const label = rate.toUpperCase();
  const parity = points("transcript_parity");
  return markup`<div class="plots">
<figure><figcaption>${label} against the load, with 95 % intervals <span class="key s0">${label}</span> <span class="key s1">failed sessions as deleted</span></figcaption>
${drawPlot({
  id: "accuracy",
  title: `${label} against the load`,
  xLabel,
  yUnit: "%",
  series: [line(rate, label), line(`${rate}_with_failures`, "failed sessions as deleted")],
})}</figure>
${
  parity.length === 0
    ? undefined
    : markup`<figure><figcaption>answers as without load</figcaption>
${drawPlot({ id: "parity", title: "answers as without load", xLabel, yUnit: "%", series: [line("transcript_parity", "parity")] })}</figure>`
}</div>
`;
}

/** The number of streams in the name of a stage of steps: "streams-50". */
function levelIn(stage: string): number | undefined {
  const [, level] = /^streams-([0-9]+)$/.exec(stage) ?? [];
  return level === undefined ? undefined : Number(level);
}

function worst(accuracy: readonly ClipAccuracy[]): Markup | undefined {
  const clips = worstClips(accuracy, WORST);
  if (clips.length === 0) return markup`<p>No answer differed from its reference.</p>`;
  return markup`<h3>Clips that went worst</h3>
${table(
  ["clip", "errors", "completed", "failed", "the worst answer, beside what was said"],
  [1, 2, 3],
  clips.map((clip) => {
    const { worst: answer } = clip;
    const diff = answer && wordDiff(answer.reference, answer.answer, clip);
    return markup`<tr><th scope="row">${clip.clip}</th><td class="number">${rateText(clip)} (${Math.round(withFailures(clip)[0])})</td><td class="number">${clip.sessions}</td><td class="number">${clip.failed}</td><td>${diff?.map(piece) ?? "-"}</td></tr>\n`;
  }),
  "clips that went worst",
)}`;
}

/** Words that were said where nothing was have nothing to be a share of. */
function rateText(clip: ClipAccuracy): string {
  const rate = rateOf(clip);
  return Number.isFinite(rate) ? percent(rate) : "no words";
}

const TAGS = {
  same: (text: string) => markup`${text} `,
  "left out": (text: string) => markup`<del>${text}</del> `,
  "put in": (text: string) => markup`<ins>${text}</ins> `,
};

function piece([kind, text]: ReturnType<typeof wordDiff>[number]): Markup {
  return TAGS[kind](text);
}
