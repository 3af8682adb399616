/** Figures that are ratios over clips: compared clip by clip, for the clip is their unit, not the run. */
import { metricNamed } from "../catalogue/catalogue.ts";
import { ratioOver, type RunMetric } from "../catalogue/metric.ts";
import { addAccuracy, type ClipAccuracy } from "../observation/accuracy.ts";
import type { RunResult } from "../result/result.ts";
import { CLIPS_NEEDED } from "../stats/clip-bootstrap.ts";
import { type Inference, inferFromClips } from "../stats/paired.ts";
import type { Figure } from "./figure.ts";

/** What would decide a comparison by clips. */
export const MORE_CLIPS = `more clips would decide it, not more runs of these (${CLIPS_NEEDED} are the least)`;

/** A figure over the clips of all runs of each side. */
export interface ClipComparison {
  baseline: number;
  candidate: number;
  inference: Inference | undefined;
}

/**
 * The figure on both sides, from the clips that both have scored. Undefined for figures of another kind or of one stage, and for
 * runs that were stored without their clips.
 */
export function compareByClip(
  baseline: readonly RunResult[],
  candidate: readonly RunResult[],
  figure: Figure,
): ClipComparison | undefined {
  const partsOf = partsOfClips(figure);
  if (partsOf === undefined) return undefined;
  const [before, after] = [clipsOf(baseline), clipsOf(candidate)];
  const common = [...before].flatMap(([clip, its]) => {
    const other = after.get(clip);
    return other === undefined || partsOf(its)[1] === 0 || partsOf(other)[1] === 0
      ? []
      : [[its, other] as const];
  });
  const [was, is] = [0, 1].map((side) =>
    ratioOver(
      common.flatMap((pair) => pair[side] ?? []),
      partsOf,
    ),
  );
  if (was === undefined || is === undefined) return undefined;
  const inference = inferFromClips(common.map(([its, other]) => [partsOf(its), partsOf(other)] as const));
  return { baseline: was, candidate: is, inference };
}

function partsOfClips({ metric: name, stage }: Figure): RunMetric["ofClips"] {
  const metric = metricNamed(name);
  return stage === undefined && metric?.per === "run" ? metric.ofClips : undefined;
}

function clipsOf(runs: readonly RunResult[]): Map<string, ClipAccuracy> {
  const clips = new Map<string, ClipAccuracy>();
  for (const { accuracy = [] } of runs) for (const clip of accuracy) addAccuracy(clips, clip);
  return clips;
}
