/**
 * Speech by its energy alone, for audio that is no known clip. Its "words" are placeholders, numbered within the stream.
 */
import type { SpokenWord } from "./spoken-word.ts";
import { UNSURE } from "./spoken-word.ts";
import { VoiceDetector } from "./voice-detector.ts";

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
  readonly #voice: VoiceDetector = new VoiceDetector();
  /** The speech that is going on. */
  #stretch: Stretch | undefined;
  #count = 0;

  /** Until when speech was heard, on the stream's time; -Infinity when there was none. */
  get lastVoicedMs(): number {
    return this.#voice.lastVoicedMs;
  }

  /** Hears a block of a few milliseconds; returns the words that it completes. */
  push(block: Int16Array, startMs: number, endMs: number): SpokenWord[] {
    if (this.#voice.push(block, startMs, endMs)) {
      this.#stretch ??= { fromMs: startMs, wordedMs: startMs };
    }
    if (!this.#stretch) return [];
    if (endMs - this.lastVoicedMs >= PAUSE_MS) return this.finish();
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
    this.#voice.forget();
  }

  /** Placeholders for what was voiced since the last one; the rest must have `shortestMs` to become one too. */
  #wordsOf(stretch: Stretch, shortestMs: number): SpokenWord[] {
    const words: SpokenWord[] = [];
    while (this.lastVoicedMs - stretch.wordedMs >= shortestMs) {
      const startMs = stretch.wordedMs;
      stretch.wordedMs = Math.min(startMs + WORD_MS, this.lastVoicedMs);
      words.push({
        word: `unrecognised-${++this.#count}`,
        startMs,
        endMs: stretch.wordedMs,
        speaker: 0,
        confidence: UNSURE,
      });
    }
    return words;
  }
}
