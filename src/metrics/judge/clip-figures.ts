/** Figures that are ratios over clips: compared clip by clip, for the clip is their unit, not the run. */
import { metricNamed } from "../catalogue/catalogue.ts";
import type { RunMetric } from "../catalogue/metric.ts";
import { addAccuracy, type ClipAccuracy } from "../observation/accuracy.ts";
import type { RunResult } from "../result/result.ts";
import { CLIPS_NEEDED } from "../stats/clip-bootstrap.ts";
import { type Inference, inferFromClips } from "../stats/paired.ts";
import type { Figure } from "./figure.ts";

/** Advice for a comparison by clips that is not decided. */
export const MORE_CLIPS = `more clips would decide it (at least ${CLIPS_NEEDED} are needed), or several runs of each side`;

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
  const common = [...before].flatMap(([clip, ofBaseline]) => {
    const ofCandidate = after.get(clip);
    if (ofCandidate === undefined || !scoredAlike(ofBaseline, ofCandidate)) return [];
    const parts = partsOf(ofBaseline);
    const others = partsOf(ofCandidate);
    // A clip that one side never completed says nothing of the other's error rate on it.
    if (parts[1] === 0 || others[1] === 0) return [];
    // As often as the baseline: a side that fails on hard clips must not gain by playing them less.
    const weight = parts[1] / others[1];
    return [[parts, [others[0] * weight, others[1] * weight]] as const];
  });
  const sum = (side: 0 | 1, part: 0 | 1): number =>
    common.reduce((total, pair) => total + pair[side][part], 0);
  if (sum(0, 1) === 0) return undefined;
  return {
    baseline: sum(0, 0) / sum(0, 1),
    candidate: sum(1, 0) / sum(1, 1),
    inference: inferFromClips(common),
  };
}

function scoredAlike(one: ClipAccuracy, other: ClipAccuracy): boolean {
  return one.unit === other.unit && one.normalizer === other.normalizer;
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
