/**
 * How a transcript is taken apart before it is scored: a normaliser makes tokens of both texts in the same way, so that what people
 * would call the same words are the same tokens. Numbers stay as they are written here; `score.ts` reads them out, since that takes both texts.
 */
import { isWrittenNumber, spokenWords } from "../text.ts";
import { expanded, isFiller } from "./english.ts";

/** One line a normaliser: its name in scenarios, and what makes tokens of a text. */
const TABLE = {
  /** Modelled on Whisper's normaliser for English: fillers out, contractions and titles in full, American spelling. */
  "whisper-en": (text: string) =>
    spokenWords(withoutNoises(text))
      .filter((word) => !isFiller(word))
      .flatMap(expanded),
  /** Any language: case, width, punctuation and marks that are not seen make no difference. */
  basic: (text: string) => spokenWords(withoutNoises(text)),
  /** As written, parted at blanks: capitals and punctuation count. */
  none: (text: string) => text.split(/\s+/).filter((token) => token !== ""),
} satisfies Record<string, (text: string) => string[]>;

export type NormalizerName = keyof typeof TABLE;

/** Names that a scenario may write. */
export const NORMALIZERS = Object.keys(TABLE) as readonly NormalizerName[];

/** Units that errors are counted in: words, or characters where words make no sense. */
export const SCORED_UNITS = ["word", "character"] as const;
export type ScoredUnit = (typeof SCORED_UNITS)[number];

/** How transcripts of one clip are scored. */
export interface ScoringRules {
  readonly normalizer: NormalizerName;
  readonly unit: ScoredUnit;
}

/** Languages that are written without blanks between words. */
const BY_CHARACTER: ReadonlySet<string> = new Set(["zh", "yue", "cmn", "wuu", "ja", "th", "lo", "km", "my"]);

/**
 * The rules for a language, where a scenario names no others: `whisper-en` for English, `basic` for the rest; characters for Chinese,
 * Japanese, Thai and their neighbours, words for the rest.
 *
 * @param language as BCP 47 has it: "en-US", "zh-CN"
 */
export function scoringRulesFor(language: string): ScoringRules {
  const [primary = ""] = language.toLowerCase().split(/[-_]/);
  return {
    normalizer: primary === "en" ? "whisper-en" : "basic",
    unit: BY_CHARACTER.has(primary) ? "character" : "word",
  };
}

/** The tokens of a text: words, or single characters without blanks between them. Numbers in digits are one token as written. */
export function scoredTokens(text: string, { normalizer, unit }: ScoringRules): string[] {
  const words = TABLE[normalizer](text);
  return unit === "word"
    ? words
    : words.flatMap((word) => (normalizer !== "none" && isWrittenNumber(word) ? [word] : Array.from(word)));
}

/** Tags of transcribers for what is no speech: "[laughter]", "<unk>", "(coughs)". */
function withoutNoises(text: string): string {
  return /[[<(]/.test(text) ? text.replace(/\[[^[\]]*\]|<[^<>]*>|\([^()]*\)/g, " ") : text;
}
