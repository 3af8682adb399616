/** How latencies are distributed: by percentile, and over time. */
import type { RunResult } from "../metrics/result.ts";
import { heatMapFigure } from "./heat-map.ts";
import { unjudgedSpans } from "./html-charts.ts";
import { section } from "./html-tables.ts";
import { markup, type Markup } from "./markup.ts";
import { percentilePlot } from "./percentile-plot.ts";
import type { SessionDigest } from "./session-digest.ts";
import type { Row } from "./wording.ts";

const DRAWN: readonly Row[] = [
  ["first_partial_from_onset", "first partial, from speech onset"],
  ["final_from_speech_end", "final, from speech end"],
  ["response_latency", "response, audio-aligned"],
];

/** Undefined when nothing was measured. */
export function distributionSection(
  result: RunResult,
  digest: SessionDigest | undefined,
): Markup | undefined {
  const spans = unjudgedSpans(result.window);
  const figures = [
    percentilePlot(result, DRAWN),
    ...(digest?.heat ?? []).map((map) => heatMapFigure(map, heatTitle(map.metric), spans)),
  ].flatMap((figure) => figure ?? []);
  if (figures.length === 0) return undefined;
  return section(
    "Distribution",
    markup`<p>Of the steady window's sessions; the curves are dashed where the sample is too small to certify them. The maps
show every session of the run at the time it ended.</p>
<div class="plots">
${figures}</div>`,
  );
}

function heatTitle(metric: string): string {
  const label = DRAWN.find(([name]) => name === metric)?.[1] ?? metric;
  return `${label[0]?.toUpperCase() ?? ""}${label.slice(1)}`;
}
