/**
 * Speech by its energy alone, for audio that is no known clip. Its "words" are placeholders, numbered within the stream.
 */
import type { SpokenWord } from "./spoken-word.ts";

/** Level that is speech whatever the background, in dB of full scale, and how far above the background it must be. */
const AUDIBLE_DB = -45;
const ABOVE_BACKGROUND_DB = 10;
/** The background follows a falling level at once and a rising one slowly, so that a steady hum is background in the end. */
const BACKGROUND_RISE_DB_PER_S = 3;
const QUIETEST_DB = -75;
/** One placeholder for so much speech. */
const WORD_MS = 400;
/** A stretch of speech ends with a pause this long; shorter ones than `SHORTEST_MS` are clicks. */
const PAUSE_MS = 300;
const SHORTEST_MS = 200;
/** Time for the clip finder to recognise a stretch before it is declared unknown. */
const BENEFIT_OF_DOUBT_MS = 1500;

interface Stretch {
  fromMs: number;
  /** Until here it has been put into words. */
  wordedMs: number;
}

export class SpeechMeter {
  #backgroundDb = QUIETEST_DB;
  #lastVoicedMs = -Infinity;
  /** The speech that is going on. */
  #stretch: Stretch | undefined;
  #count = 0;

  /** Until when speech was heard, on the stream's time; -Infinity when there was none. */
  get lastVoicedMs(): number {
    return this.#lastVoicedMs;
  }

  /** Hears a block of a few milliseconds; returns the words that it completes. */
  push(block: Int16Array, startMs: number, endMs: number): SpokenWord[] {
    const levelDb = levelOf(block);
    const voiced = levelDb > Math.max(AUDIBLE_DB, this.#backgroundDb + ABOVE_BACKGROUND_DB);
    const risenDb = this.#backgroundDb + (BACKGROUND_RISE_DB_PER_S * (endMs - startMs)) / 1000;
    this.#backgroundDb = Math.max(QUIETEST_DB, Math.min(levelDb, risenDb));
    if (voiced) {
      this.#stretch ??= { fromMs: startMs, wordedMs: startMs };
      this.#lastVoicedMs = endMs;
    }
    if (!this.#stretch) return [];
    if (endMs - this.#lastVoicedMs >= PAUSE_MS) return this.finish();
    if (endMs - this.#stretch.fromMs < BENEFIT_OF_DOUBT_MS) return [];
    return this.#wordsOf(this.#stretch, WORD_MS);
  }

  /** The stretch that is going on ends; returns its last words. */
  finish(): SpokenWord[] {
    const stretch = this.#stretch;
    this.#stretch = undefined;
    return stretch ? this.#wordsOf(stretch, SHORTEST_MS) : [];
  }

  /** What was heard was a known clip after all. */
  forget(): void {
    this.#stretch = undefined;
    this.#lastVoicedMs = -Infinity;
  }

  /** Placeholders for what was voiced since the last one; the rest must have `shortestMs` to become one too. */
  #wordsOf(stretch: Stretch, shortestMs: number): SpokenWord[] {
    const words: SpokenWord[] = [];
    while (this.#lastVoicedMs - stretch.wordedMs >= shortestMs) {
      const startMs = stretch.wordedMs;
      stretch.wordedMs = Math.min(startMs + WORD_MS, this.#lastVoicedMs);
      words.push({ word: `unrecognised-${++this.#count}`, startMs, endMs: stretch.wordedMs, speaker: 0 });
    }
    return words;
  }
}

/** Power of the samples in dB of full scale. */
function levelOf(samples: Int16Array): number {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return 10 * Math.log10(power / samples.length / 32768 ** 2);
}
