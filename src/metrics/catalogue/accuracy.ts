/** Accuracy metrics: corpus ratios over the clips, never means of ratios. */
import type { ClipAccuracy } from "../observation/accuracy.ts";
import { editsOf, withFailures } from "../observation/accuracy.ts";
import type { ScoredUnit } from "../../base/text/scoring/normalizers.ts";
import { ratioOver, type RunMetric } from "./metric.ts";

const SCORED =
  "Transcripts are compared after numbers are read out and both texts are normalised as the scenario's scoring says " +
  "(docs/accuracy.md); sessions whose audio was changed on purpose are left out. With a 95 % interval over clips.";

type Parts = NonNullable<RunMetric["ofClips"]>;

interface Described {
  name: string;
  help: string;
  better?: "higher";
}

function overClips({ name, help, better }: Described, ofClips: Parts): RunMetric {
  return {
    ...{ name, help, unit: "ratio", better: better ?? "lower", per: "run", byStage: true, ofClips },
    from: ({ accuracy }) => ratioOver(accuracy, ofClips),
  };
}

function errors(unit: ScoredUnit): Parts {
  return (clip) => (clip.unit === unit ? [editsOf(clip), clip.reference] : [0, 0]);
}

function errorsWithFailures(unit: ScoredUnit): Parts {
  return (clip) => (clip.unit === unit ? withFailures(clip) : [0, 0]);
}

function share(part: (clip: ClipAccuracy) => number): Parts {
  return (clip) => [part(clip), clip.reference];
}

export const ACCURACY_METRICS: readonly RunMetric[] = [
  overClips(
    {
      name: "wer",
      help:
        "Word error rate: (S + D + I) / N_ref, summed over the completed sessions of the window whose clips have a reference and " +
        `are scored in words. ${SCORED}`,
    },
    errors("word"),
  ),
  overClips(
    {
      name: "wer_with_failures",
      help:
        "wer with the failed sessions in it: all words of their references count as deleted, as many as in completed sessions of the clip. Sessions that the generator spoiled, or " +
        "whose caller left on purpose, are left out. An overloaded server that drops calls can't look more accurate by it.",
    },
    errorsWithFailures("word"),
  ),
  overClips(
    {
      name: "cer",
      help:
        "Character error rate: wer in characters, without blanks, for clips that are scored in characters: languages that are written " +
        "without blanks between words, and scenarios that say so.",
    },
    errors("character"),
  ),
  overClips(
    { name: "cer_with_failures", help: "cer with the failed sessions in it, as wer_with_failures." },
    errorsWithFailures("character"),
  ),
  overClips(
    { name: "substitutions", help: "The part of wer (or cer) that is changed words: S / N_ref." },
    share(({ substitutions }) => substitutions),
  ),
  overClips(
    { name: "insertions", help: "The part of wer (or cer) that is words nobody said: I / N_ref." },
    share(({ insertions }) => insertions),
  ),
  overClips(
    {
      name: "deletions",
      help: "The part of wer (or cer) that is words left out: D / N_ref. What an overloaded server drops shows here first.",
    },
    share(({ deletions }) => deletions),
  ),
  overClips(
    {
      name: "transcript_parity",
      better: "higher",
      help:
        "Sessions that answered what the same server answers to the clip without load, after normalising / sessions with such an answer, " +
        "failed ones in the denominator. It falls long before wer rises. Needs scoring.parity in the scenario.",
    },
    ({ same, compared }) => [same, compared],
  ),
];
