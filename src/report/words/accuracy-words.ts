/** Accuracy in words. */
import { alignWords } from "../../metrics/observation/word-align.ts";
import type { ClipAccuracy } from "../../metrics/observation/accuracy.ts";
import { withFailures } from "../../metrics/observation/accuracy.ts";
import type { Summary } from "../../metrics/result/result.ts";
import type { ScoringRules } from "../../base/text/scoring/normalizers.ts";
import { tokenPair } from "../../base/text/scoring/score.ts";
import { percent } from "./percent.ts";

const RATES = [
  ["wer", "wer_with_failures", "WER"],
  ["cer", "cer_with_failures", "CER"],
] as const;

/** Rows of the run's facts; none where nothing was scored. */
export function accuracyFacts(metrics: Readonly<Record<string, Summary>>): [label: string, text: string][] {
  const rates = RATES.flatMap(([name, withFailures, label]): [string, string][] => {
    const rate = metrics[name];
    const whole = metrics[withFailures];
    if (rate?.value === undefined) {
      return whole?.value === undefined
        ? []
        : [["accuracy", `${label} ${intervalText(whole)}: no session completed, all words count as deleted`]];
    }
    const parts = ["substitutions", "insertions", "deletions"].flatMap((part) => {
      const value = metrics[part]?.value;
      return value === undefined ? [] : [`${part} ${percent(value)}`];
    });
    const counted =
      whole?.value === undefined || whole.value === rate.value
        ? ""
        : `; ${percent(whole.value)} with failed sessions as deleted`;
    return [["accuracy", `${label} ${intervalText(rate)}; ${parts.join(", ")}${counted}`]];
  });
  const parity = metrics["transcript_parity"];
  return [
    ...rates,
    ...(parity?.value === undefined
      ? []
      : [["parity", `${intervalText(parity)} answered as without load`] as [string, string]]),
  ];
}

/** "4.21 % (95 % interval 3.10 to 5.60 %, 29 clips)". */
function intervalText({ value = NaN, low, high, clips = 0 }: Summary): string {
  const range = low === undefined ? "" : `95 % interval ${rangeText(low, high)}, `;
  return `${percent(value)} (${range}${clips} ${clips === 1 ? "clip" : "clips"})`;
}

/** "3.10 to 5.60 %"; "-" where there is no interval. */
export function rangeText(low: number | undefined, high: number | undefined): string {
  return low === undefined || high === undefined
    ? "-"
    : `${percent(low).replace(" %", "")} to ${percent(high)}`;
}

/** Clips by the rate of their errors, failed sessions with them, the worst first; those without errors left out. */
export function worstClips(accuracy: readonly ClipAccuracy[], most: number): ClipAccuracy[] {
  return accuracy
    .filter((clip) => withFailures(clip)[0] > 0)
    .sort((a, b) => rateOf(b) - rateOf(a) || (a.clip < b.clip ? -1 : 1))
    .slice(0, most);
}

/** Errors of a clip as a share of its reference, failed sessions as deleted; Infinity where the reference is empty. */
export function rateOf(clip: ClipAccuracy): number {
  const [errors, reference] = withFailures(clip);
  return errors / reference;
}

/** A piece of a word diff: in both texts, only in the reference, or only in the answer. */
export type DiffPiece = readonly [kind: "same" | "left out" | "put in", text: string];

/** An answer beside its reference, word by word as they are scored. */
export function wordDiff(reference: string, answer: string, rules: ScoringRules): DiffPiece[] {
  const [expected, said] = tokenPair(reference, answer, rules);
  const { places } = alignWords(expected, said, "counts");
  const pieces: DiffPiece[] = [];
  let heard = 0;
  const put = (kind: DiffPiece[0], tokens: readonly string[]): void => {
    if (tokens.length > 0) pieces.push([kind, tokens.join(rules.unit === "word" ? " " : "")]);
  };
  let leftOut: string[] = [];
  for (const [index, token] of expected.entries()) {
    const place = places[index] ?? -1;
    if (place < 0) {
      leftOut.push(token);
      continue;
    }
    put("left out", leftOut);
    leftOut = [];
    put("put in", said.slice(heard, place));
    put("same", [token]);
    heard = place + 1;
  }
  put("left out", leftOut);
  put("put in", said.slice(heard));
  return pieces;
}
