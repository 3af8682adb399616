/**
 * Words that are misheard on purpose, so that it can be tested whether a loss of accuracy is noticed. The errors of a clip follow
 * from its id and the seed: the same clip has the same ones, and at a higher rate those of a lower rate and more.
 */
import type { Clip } from "../../base/dataset/dataset.ts";
import { BenchError } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import { randomBelow, randomStream } from "../../base/random.ts";
import type { Spelled } from "./spelling.ts";
import { spelledWords } from "./spelling.ts";
import { SURE } from "./spoken-word.ts";

/** How often words are wrong. */
export interface WordErrorRates {
  /** Errors for each word that was said, 0 to 1: a word error rate. */
  rate: number;
  /** Added to the rate as the server falls behind: all of it when replies wait `FULL_OVERLOAD_MS` for their turn. */
  overloadRate: number;
  seed: number;
}

/** Delay of the queue at which the whole of `overloadRate` is added. */
const FULL_OVERLOAD_MS = 1000;
/** Shares of errors that put another word in the place of one, and that leave a word out; the rest puts in a word. */
const SUBSTITUTED = 0.6;
const DELETED = 0.25;
/** Confidence in a word that is wrong. */
const DOUBTFUL = 0.6;
/** Heard where no other text has a word to lend. */
const FALLBACK = ["alpha", "bravo", "charlie"];

/** A word as it is heard, on the clip's own time. */
export interface HeardWord {
  word: string;
  startMs: number;
  endMs: number;
  confidence: number;
  spelled: Spelled;
}

/** The errors of a server, and how far it is behind. */
export class WordErrors {
  readonly #rates: WordErrorRates;
  readonly #behindMs: () => number;
  readonly #vocabulary: readonly string[];

  /** @param behindMs for how long a reply would wait for its turn now */
  constructor(rates: WordErrorRates, clips: readonly Clip[], behindMs: () => number) {
    this.#rates = rates;
    this.#behindMs = behindMs;
    this.#vocabulary = [
      ...new Set(clips.flatMap(({ words }) => words.map(({ word }) => word))),
      ...FALLBACK,
    ].sort();
  }

  /** The words of the clip as they are heard now. */
  heard(clip: Clip): HeardWord[] {
    const { rate, overloadRate, seed } = this.#rates;
    const share = Math.min(1, Math.max(0, this.#behindMs()) / FULL_OVERLOAD_MS);
    return misheard(clip, Math.min(1, rate + overloadRate * share), seed, this.#vocabulary);
  }
}

/** The words of the clip without errors. */
export function heardRight(clip: Clip): HeardWord[] {
  const spellings = spelledWords(clip);
  return clip.words.map((word, i) => ({ ...word, confidence: SURE, spelled: spellings[i] as Spelled }));
}

/**
 * Each word is wrong with probability `rate`, independently. What an aligner counts is what was planted: words that are put in are none
 * of the clip's own, and none is left out behind one that is put in until a word is right again: both would look like one error.
 */
function misheard(clip: Clip, rate: number, seed: number, vocabulary: readonly string[]): HeardWord[] {
  const random = randomStream(seed, `word errors of ${clip.id}`);
  const own = new Set(clip.words.map(({ word }) => word.toLowerCase()));
  const others = vocabulary.filter((word) => !own.has(word.toLowerCase()));
  let putIn = false;
  return heardRight(clip).flatMap((word) => {
    // Always three draws, so that one error does not shift the next ones.
    const [isWrong, kind, other] = [random() < rate, random(), strange(others, random)];
    const deletes = kind >= SUBSTITUTED && kind < SUBSTITUTED + DELETED && !putIn;
    const substitutes = kind < SUBSTITUTED + DELETED;
    if (!isWrong) {
      putIn = false;
      return [word];
    }
    putIn ||= !substitutes;
    if (deletes) return [];
    const wrong = { ...word, word: other, confidence: DOUBTFUL, spelled: spelledAs(other, word.spelled) };
    if (substitutes) return [wrong];
    const middleMs = (word.startMs + word.endMs) / 2;
    return [
      { ...word, endMs: middleMs },
      { ...wrong, startMs: middleMs, spelled: { punctuated: other, written: other } },
    ];
  });
}

function strange(others: readonly string[], random: Random): string {
  return others[randomBelow(random, others.length)] as string;
}

/** `word` with the capital and the marks that `model` has. */
function spelledAs(word: string, { punctuated }: Spelled): Spelled {
  const [before = ""] = /^[^\p{L}\p{N}]*/u.exec(punctuated) ?? [];
  const [after = ""] = /(?<![^\p{L}\p{N}])[^\p{L}\p{N}]*$/u.exec(punctuated) ?? [];
  const isCapital = /^[^\p{L}\p{N}]*\p{Lu}/u.test(punctuated);
  const text = before + (isCapital ? word.charAt(0).toUpperCase() + word.slice(1) : word) + after;
  return { punctuated: text, written: text };
}

/**
 * Reads a rate such as `12%` or `0.12`.
 * @throws BenchError (exit 2) for what is none from 0 to 100 %
 */
export function parseErrorRate(flag: string, text: string): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?) ?(%?)$/.exec(text.trim()) ?? [];
  const rate = Number(number) / (percent === "%" ? 100 : 1);
  if (rate <= 1) return rate;
  throw BenchError.usage(
    `${flag} ${text} is no rate from 0 to 100 %`,
    `For example ${flag} 12% or ${flag} 0.12.`,
  );
}
