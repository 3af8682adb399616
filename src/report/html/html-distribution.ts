/** How latencies are distributed: by percentile, and over time. */
import type { RunResult } from "../../metrics/result/result.ts";
import { heatMapFigure } from "../chart/heat-map.ts";
import { unjudgedSpans } from "./html-charts.ts";
import { section } from "./html-tables.ts";
import { markup, type Markup } from "../words/markup.ts";
import { percentilePlot } from "../chart/percentile-plot.ts";
import type { SessionDigest } from "../../metrics/result/session-digest.ts";
import type { Row } from "../words/wording.ts";
import { headingOf } from "../words/wording.ts";

const DRAWN: readonly Row[] = ["first_partial_from_onset", "final_from_speech_end", "response_latency"].map(
  (name) => [name, headingOf(name)],
);

/** Undefined when nothing was measured. */
export function distributionSection(
  result: RunResult,
  digest: SessionDigest | undefined,
): Markup | undefined {
  const spans = unjudgedSpans(result);
  const curves = percentilePlot(result, DRAWN);
  const maps = (digest?.heat ?? []).flatMap((map) => heatMapFigure(map, heatTitle(map.metric), spans) ?? []);
  if (curves === undefined && maps.length === 0) return undefined;
  const words = [
    ...(curves === undefined
      ? []
      : ["The curves are of the steady window's sessions, dashed where these are too few to certify them."]),
    ...(maps.length === 0 ? [] : ["The maps show every session of the run at the time it ended."]),
  ];
  return section(
    "Distribution",
    markup`<p>${words.join(" ")}</p>
<div class="plots">
${curves}${maps}</div>`,
  );
}

function heatTitle(metric: string): string {
  const label = headingOf(metric);
  return `${label[0]?.toUpperCase() ?? ""}${label.slice(1)}`;
}
