/**
 * What a listener would have understood of a stream by a given moment: for a clip of the dataset its true words at their
 * true times, for other speech placeholders that say that they are none, for silence nothing.
 *
 * Known limit: a clip, once found, is taken to play to its end.
 */
import type { Clip } from "../../base/dataset/dataset.ts";
import type { FingerprintIndex, FoundClip } from "./fingerprint.ts";
import { ClipFinder } from "./fingerprint.ts";
import { SpeechMeter } from "./speech-meter.ts";
import type { SpokenWord } from "./spoken-word.ts";
import type { WordErrors } from "./word-errors.ts";
import { heardRight } from "./word-errors.ts";

const BLOCK_MS = 16;
/** A word of a clip that began this long before the finder did was spoken, if at all, by something else. */
const EARLY_WORD_MS = 100;

export class Recognizer {
  readonly #index: FingerprintIndex;
  readonly #errors: WordErrors | undefined;
  readonly #sampleRateHz: number;
  readonly #blockSamples: number;
  readonly #meter: SpeechMeter = new SpeechMeter();
  /** In order of time. Those of a known clip are all here as soon as it is known, also the ones yet to be spoken. */
  readonly #words: SpokenWord[] = [];
  readonly #speakers: string[] = [];
  #samples = 0;
  #finder: ClipFinder;
  #finderStartMs = 0;
  /** Where the known clip ends; until then there is nothing to find. */
  #knownUntilMs = 0;

  /** @param errors what it gets wrong; nothing when undefined */
  constructor(index: FingerprintIndex, sampleRateHz: number, errors?: WordErrors) {
    this.#errors = errors;
    this.#index = index;
    this.#sampleRateHz = sampleRateHz;
    this.#blockSamples = Math.round((sampleRateHz * BLOCK_MS) / 1000);
    this.#finder = new ClipFinder(index, sampleRateHz);
  }

  /** Audio heard so far. */
  get heardMs(): number {
    return (this.#samples / this.#sampleRateHz) * 1000;
  }

  /** Hears more of the stream. */
  push(samples: Int16Array): void {
    for (let at = 0; at < samples.length;) {
      const knownSamples = Math.ceil((this.#knownUntilMs * this.#sampleRateHz) / 1000) - this.#samples;
      if (knownSamples > 0) {
        const skipped = Math.min(knownSamples, samples.length - at);
        at += skipped;
        this.#samples += skipped;
        if (skipped === knownSamples) this.#listenAfresh();
      } else {
        const block = samples.subarray(at, at + this.#blockSamples);
        at += block.length;
        this.#listen(block);
      }
    }
  }

  /** No more audio comes: what was uncertain is decided. */
  finish(): void {
    this.#words.push(...this.#meter.finish());
  }

  /** All words from number `from` on that have ended by `byMs`. */
  wordsEnded(byMs: number, from: number): SpokenWord[] {
    let to = from;
    while (to < this.#words.length && (this.#words[to] as SpokenWord).endMs <= byMs) to++;
    return this.#words.slice(from, to);
  }

  /** How long before `atMs` speech was last heard: 0 within a word, Infinity when there was none. */
  silenceMs(atMs: number): number {
    const begun = this.#words.findLast(({ startMs }) => startMs < atMs);
    return atMs - Math.max(Math.min(atMs, begun?.endMs ?? -Infinity), this.#meter.lastVoicedMs);
  }

  #listen(block: Int16Array): void {
    const startMs = this.heardMs;
    this.#samples += block.length;
    const found = this.#finder.push(block);
    if (found) {
      this.#know(found);
    } else {
      this.#words.push(...this.#meter.push(block, startMs, this.heardMs));
    }
  }

  #know({ clip, startMs }: FoundClip): void {
    const clipStartMs = this.#finderStartMs + startMs;
    const speaker = this.#speakerOf(clip);
    const earliestMs = Math.max(this.#finderStartMs - EARLY_WORD_MS, this.#words.at(-1)?.endMs ?? -Infinity);
    for (const { startMs: fromMs, endMs: toMs, ...heard } of this.#errors?.heard(clip) ?? heardRight(clip)) {
      if (clipStartMs + fromMs < earliestMs) continue;
      const startMs = Math.max(0, clipStartMs + fromMs);
      this.#words.push({ ...heard, startMs, endMs: clipStartMs + toMs, speaker });
    }
    this.#knownUntilMs = clipStartMs + clip.audioMs;
    this.#meter.forget();
  }

  /** Number of the clip's speaker in the order of their first words; clips of nobody in particular are one speaker. */
  #speakerOf({ speaker = "" }: Clip): number {
    if (!this.#speakers.includes(speaker)) this.#speakers.push(speaker);
    return this.#speakers.indexOf(speaker);
  }

  #listenAfresh(): void {
    this.#finderStartMs = this.heardMs;
    this.#finder = new ClipFinder(this.#index, this.#sampleRateHz);
  }
}

/** Streams until the code of recognising is compiled: the first takes twelve times as long as the sixth. */
const WARM_UP_STREAMS = 6;
const WARM_UP_MS = 1000;

/**
 * Recognises the first second of a few clips, so that the first burst of real streams is answered as fast as later ones:
 * 64 streams in phase would otherwise wait 20 ms for code that is being compiled.
 */
export function warmUp(index: FingerprintIndex, clips: readonly Clip[]): void {
  for (const { pcm, sampleRateHz } of clips.slice(0, WARM_UP_STREAMS)) {
    const bytes = Math.min(pcm.length & ~1, 2 * Math.round((sampleRateHz * WARM_UP_MS) / 1000));
    const samples = new Int16Array(bytes / 2);
    Buffer.from(samples.buffer).set(pcm.subarray(0, bytes));
    new Recognizer(index, sampleRateHz).push(samples);
  }
}
