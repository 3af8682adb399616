/** A transcript beside its reference: how many tokens were changed, put in and left out. */
import { readWords, spelledOut } from "../read-numbers.ts";
import { isWrittenNumber } from "../text.ts";
import { hanReadings } from "./han-numbers.ts";
import type { EditCounts } from "./edits.ts";
import { countEdits } from "./edits.ts";
import type { ScoringRules } from "./normalizers.ts";
import { scoredTokens } from "./normalizers.ts";

/**
 * Scores an answer by its reference: the fewest edits (Levenshtein), and of the ways to make them the one that keeps most tokens.
 * Numbers are read out the way the other text has them, so that "press 1" and "press one" are the same; a number that only one of the two
 * has counts digit by digit in English and in characters, and as one word elsewhere.
 */
export function scoreTranscript(reference: string, answer: string, rules: ScoringRules): EditCounts {
  const [expected, said] = tokenPair(reference, answer, rules);
  return countEdits(expected, said);
}

/** The tokens of both texts as they are compared, numbers read out. */
export function tokenPair(
  reference: string,
  answer: string,
  rules: ScoringRules,
): readonly [expected: readonly string[], said: readonly string[]] {
  const expected = scoredTokens(reference, rules);
  const said = scoredTokens(answer, rules);
  if (rules.normalizer === "none") return [expected, said];
  const saidRead = numbersRead(said, expected, rules);
  return [numbersRead(expected, saidRead, rules), saidRead];
}

function numbersRead(
  tokens: readonly string[],
  other: readonly string[],
  { normalizer, unit }: ScoringRules,
): readonly string[] {
  if (!tokens.some(isWrittenNumber)) return tokens;
  const characters = unit === "character" ? other.join("") : "";
  const readings = readWords(tokens, [other]);
  return tokens.flatMap((token, index): readonly string[] => {
    if (!isWrittenNumber(token)) return [token];
    if (unit === "character") {
      const han = hanReadings(token).find((reading) => characters.includes(reading));
      return Array.from(han ?? readings[index]?.join("") ?? token);
    }
    return readings[index] ?? (normalizer === "whisper-en" ? spelledOut(token) : [token]);
  });
}
