/** Where somebody speaks, by the energy of the sound alone. */

/** Level that is speech whatever the background, in dB of full scale, and how far above the background it must be. */
const AUDIBLE_DB = -45;
const ABOVE_BACKGROUND_DB = 10;
/** The background follows a falling level at once and a rising one slowly, so that a steady hum is background in the end. */
const BACKGROUND_RISE_DB_PER_S = 3;
const QUIETEST_DB = -75;

export class VoiceDetector {
  #backgroundDb = QUIETEST_DB;
  #lastVoicedMs = -Infinity;

  /** Until when speech was heard, on the stream's time; -Infinity when there was none. */
  get lastVoicedMs(): number {
    return this.#lastVoicedMs;
  }

  /** Hears a block of a few milliseconds; returns whether it is speech. */
  push(block: Int16Array, startMs: number, endMs: number): boolean {
    const levelDb = levelOf(block);
    const voiced = levelDb > Math.max(AUDIBLE_DB, this.#backgroundDb + ABOVE_BACKGROUND_DB);
    const risenDb = this.#backgroundDb + (BACKGROUND_RISE_DB_PER_S * (endMs - startMs)) / 1000;
    this.#backgroundDb = Math.max(QUIETEST_DB, Math.min(levelDb, risenDb));
    if (voiced) this.#lastVoicedMs = endMs;
    return voiced;
  }

  /** Forgets the current speech; the background level stays known. */
  forget(): void {
    this.#lastVoicedMs = -Infinity;
  }
}

/** Power of the samples in dB of full scale. */
function levelOf(samples: Int16Array): number {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  return 10 * Math.log10(power / samples.length / 32768 ** 2);
}
