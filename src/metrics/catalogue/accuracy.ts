/** What the transcripts are worth: corpus ratios over the clips, never means of ratios. */
import type { ClipAccuracy } from "../observation/accuracy.ts";
import { editsOf } from "../observation/accuracy.ts";
import type { ScoredUnit } from "../../base/text/scoring/normalizers.ts";
import type { RunMetric, RunTotals } from "./metric.ts";

const SCORED =
  "Transcripts are compared after numbers are read out and both texts are normalised as the scenario's scoring says " +
  "(docs/accuracy.md); sessions whose audio was changed on purpose are left out. With a 95 % interval over clips.";

/** A ratio of two sums over the clips of one unit. */
function corpusRatio(
  { accuracy }: RunTotals,
  unit: ScoredUnit | undefined,
  part: (clip: ClipAccuracy) => number,
  whole: (clip: ClipAccuracy) => number,
): number | undefined {
  let parts = 0;
  let wholes = 0;
  for (const clip of accuracy) {
    if (unit !== undefined && clip.unit !== unit) continue;
    parts += part(clip);
    wholes += whole(clip);
  }
  return wholes > 0 ? parts / wholes : undefined;
}

const referenceOf = ({ reference }: ClipAccuracy): number => reference;
const lostTo = (clip: ClipAccuracy): number => editsOf(clip) + clip.failedReference;
const owed = ({ reference, failedReference }: ClipAccuracy): number => reference + failedReference;

const OF_CLIPS = { unit: "ratio", better: "lower", per: "run", byStage: true, ofClips: true } as const;

export const ACCURACY_METRICS: readonly RunMetric[] = [
  {
    ...OF_CLIPS,
    name: "wer",
    help:
      "Word error rate: (S + D + I) / N_ref, summed over the completed sessions of the window whose clips have a reference and " +
      `are scored in words. ${SCORED}`,
    from: (run) => corpusRatio(run, "word", editsOf, referenceOf),
  },
  {
    ...OF_CLIPS,
    name: "wer_with_failures",
    help:
      "wer with the failed sessions in it: all words of their references count as deleted. Sessions that the generator spoiled, or " +
      "whose caller left on purpose, are left out. An overloaded server that drops calls can't look more accurate by it.",
    from: (run) => corpusRatio(run, "word", lostTo, owed),
  },
  {
    ...OF_CLIPS,
    name: "cer",
    help:
      "Character error rate: wer in characters, without blanks, for clips that are scored in characters: languages that are written " +
      "without blanks between words, and scenarios that say so.",
    from: (run) => corpusRatio(run, "character", editsOf, referenceOf),
  },
  {
    ...OF_CLIPS,
    name: "cer_with_failures",
    help: "cer with the failed sessions in it, as wer_with_failures.",
    from: (run) => corpusRatio(run, "character", lostTo, owed),
  },
  {
    ...OF_CLIPS,
    name: "substitutions",
    help: "The part of wer (or cer) that is changed words: S / N_ref.",
    from: (run) => corpusRatio(run, undefined, ({ substitutions }) => substitutions, referenceOf),
  },
  {
    ...OF_CLIPS,
    name: "insertions",
    help: "The part of wer (or cer) that is words nobody said: I / N_ref.",
    from: (run) => corpusRatio(run, undefined, ({ insertions }) => insertions, referenceOf),
  },
  {
    ...OF_CLIPS,
    name: "deletions",
    help: "The part of wer (or cer) that is words left out: D / N_ref. What an overloaded server drops shows here first.",
    from: (run) => corpusRatio(run, undefined, ({ deletions }) => deletions, referenceOf),
  },
  {
    ...OF_CLIPS,
    name: "transcript_parity",
    better: "higher",
    help:
      "Sessions that answered what the same server answers to the clip without load, after normalising / sessions with such an answer, " +
      "failed ones in the denominator. It falls long before wer rises. Needs scoring.parity in the scenario.",
    from: (run) =>
      corpusRatio(
        run,
        undefined,
        ({ same }) => same,
        ({ compared }) => compared,
      ),
  },
];
