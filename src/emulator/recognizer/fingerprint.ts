/**
 * Finds the dataset's clips in a stream of audio, wherever they begin.
 *
 * Each clip is known by a few windows of 18 codes (`spectrum.ts`): one at its speech onset, so that it is found within 0.4 s of
 * speech, and one at a word start about every second, for a stream that joins late. The stream's last 18 codes are compared
 * with all of them after each hop, by the share of bits that differ.
 *
 * Measured on the 29 clips of the core dataset, the worst clip at random places in the stream: 0.07 for audio resampled through
 * 8, 44.1 or 48 kHz or 6 dB quieter, 0.12 for 6 dB louder (it clips), 0.13 for mu-law and A-law at 16 and 8 kHz, 0.16 with
 * noise 50 dB below full scale. The nearest of five million comparisons with what is no such clip: 0.27 for reversed speech
 * and for inverted spectra, 0.24 for speech with its pitch moved by 12 % or more, 0.33 for noise and tones; 0.20 between two
 * clips that one speaker begins with the same word. Chance comparisons lie at 0.5 with a standard deviation of 0.05, so
 * the limit is six of them away.
 */
import type { Clip } from "../../base/dataset/dataset.ts";
import { lagOf } from "./alignment.ts";
import { Resampler } from "../audio/resample.ts";
import {
  BANDS,
  bandEnergies,
  CODE_BITS,
  codeOf,
  FRAME_RATE_HZ,
  FRAME_SAMPLES,
  HOP_SAMPLES,
  SILENT_ENERGY,
} from "./spectrum.ts";

/** Codes of a window: 0.34 s of audio. */
const WINDOW_CODES = 18;
const WINDOW_SAMPLES = (WINDOW_CODES - 1) * HOP_SAMPLES + FRAME_SAMPLES;
/** A code compares a frame with the one this many hops (48 ms) before it. */
const CODE_SPAN_HOPS = 3;
/** Share of differing bits up to which a window is the same audio. */
const MATCH_BELOW = 0.19;
const MATCH_BITS = MATCH_BELOW * WINDOW_CODES * CODE_BITS;
/** The stream's hops fall anywhere on a clip, so each window is known at four places 4 ms apart. */
const PHASES = 4;
const BETWEEN_WINDOWS_MS = 1000;
/** Silence before a clip in its index: what the first code looks back at. */
const MARGIN_SAMPLES = FRAME_SAMPLES + CODE_SPAN_HOPS * HOP_SAMPLES;
/** Two codes share a 32-bit word. */
const WORDS = WINDOW_CODES / 2;
/** Peak below which a hop counts as silence, in 16-bit units: -72 dB. */
const SILENT_PEAK = 8;

const SAMPLES_PER_MS = FRAME_RATE_HZ / 1000;

interface Window {
  clip: Clip;
  /** Where in the clip the window's first frame begins, in samples at 8 kHz. */
  at: number;
}

/** A clip and where in the stream it begins: before 0 when the stream joined late. */
export interface FoundClip {
  clip: Clip;
  startMs: number;
}

/** The windows of all clips. Built once, shared by all streams. */
export class FingerprintIndex {
  readonly windows: readonly Window[];
  /** `WORDS` words for each window. */
  readonly codes: Int32Array;

  constructor(clips: readonly Clip[]) {
    const windows: Window[] = [];
    const codes: number[] = [];
    for (const clip of clips) {
      if (clip.words.length === 0) continue;
      const samples = atFrameRate(clip);
      for (const startMs of windowStartsMs(clip)) {
        for (let phase = 0; phase < PHASES; phase++) {
          const at = Math.round(startMs * SAMPLES_PER_MS) + (phase * HOP_SAMPLES) / PHASES;
          windows.push({ clip, at });
          codes.push(...windowCodes(samples, at));
        }
      }
    }
    this.windows = windows;
    this.codes = Int32Array.from(codes);
  }

  /** The window nearest to `query` (`WORDS` words), if it differs in fewer than `belowBits`. */
  nearest(query: Int32Array, belowBits: number): { window: Window; bits: number } | undefined {
    const { codes } = this;
    let bestBits = belowBits;
    let best = -1;
    for (let index = 0; index < this.windows.length; index++) {
      const from = index * WORDS;
      let bits = 0;
      for (let i = 0; i < WORDS && bits < bestBits; i++) {
        bits += bitCount((codes[from + i] as number) ^ (query[i] as number));
      }
      if (bits < bestBits) [bestBits, best] = [bits, index];
    }
    const window = this.windows[best];
    return window && { window, bits: bestBits };
  }
}

/** Listens to one stream, from digital silence on, until it has found a clip. */
export class ClipFinder {
  readonly #index: FingerprintIndex;
  readonly #resampler: Resampler;
  /** The last frame's samples and those after it. */
  #samples = new Float32Array(FRAME_SAMPLES);
  #pending = 0;
  /** Where in the stream, in samples at 8 kHz, the frame at the head of `#samples` begins. */
  #frameAt = -FRAME_SAMPLES;
  readonly #energies = Array.from({ length: CODE_SPAN_HOPS + 1 }, () =>
    new Float64Array(BANDS).fill(SILENT_ENERGY),
  );
  readonly #recentCodes = new Uint16Array(WINDOW_CODES);
  readonly #query = new Int32Array(WORDS);
  #hops = 0;
  #hopsSinceSound = Infinity;
  #candidate: (FoundClip & { bits: number }) | undefined;

  constructor(index: FingerprintIndex, sampleRateHz: number) {
    this.#index = index;
    this.#resampler = new Resampler(sampleRateHz, FRAME_RATE_HZ);
  }

  /** Listens on; returns the clip once it is sure. Its start counts from the first sample this finder was given. */
  push(samples: Int16Array): FoundClip | undefined {
    const fresh = this.#resampler.push(samples);
    let used = 0;
    while (used < fresh.length) {
      const take = Math.min(HOP_SAMPLES - this.#pending, fresh.length - used);
      this.#samples.set(fresh.subarray(used, used + take), FRAME_SAMPLES - HOP_SAMPLES + this.#pending);
      used += take;
      this.#pending += take;
      if (this.#pending < HOP_SAMPLES) continue;
      this.#frameAt += HOP_SAMPLES;
      const found = this.#hop();
      this.#samples.copyWithin(0, HOP_SAMPLES);
      this.#pending = 0;
      if (found) return found;
    }
    return undefined;
  }

  /** Codes the frame that has just filled up and compares the latest window. */
  #hop(): FoundClip | undefined {
    const fresh = this.#samples.subarray(FRAME_SAMPLES - HOP_SAMPLES);
    this.#hopsSinceSound = isSilent(fresh) ? this.#hopsSinceSound + 1 : 0;
    const now = this.#energies[this.#hops % this.#energies.length] as Float64Array;
    const before = this.#energies[(this.#hops + 1) % this.#energies.length] as Float64Array;
    this.#hops++;
    if (this.#hopsSinceSound < FRAME_SAMPLES / HOP_SAMPLES) bandEnergies(this.#samples, 0, now);
    else now.fill(SILENT_ENERGY);
    this.#recentCodes.copyWithin(0, 1);
    this.#recentCodes[WINDOW_CODES - 1] = codeOf(now, before);
    if (this.#hopsSinceSound >= WINDOW_CODES) return undefined;

    // A window a hop too early may pass too, so a candidate must hold for one hop against a better one.
    pack(this.#recentCodes, this.#query);
    const nearest = this.#index.nearest(this.#query, this.#candidate?.bits ?? MATCH_BITS);
    if (!nearest) return this.#candidate && this.#aligned(this.#candidate);
    const windowAt = this.#frameAt - (WINDOW_CODES - 1) * HOP_SAMPLES;
    const startMs = (windowAt - nearest.window.at) / SAMPLES_PER_MS;
    this.#candidate = { clip: nearest.window.clip, startMs, bits: nearest.bits };
    return undefined;
  }

  /** The windows are 4 ms apart, so the place is known to 2 ms: the frame that has just been heard tells it to the sample. */
  #aligned({ clip, startMs }: FoundClip): FoundClip {
    const at = this.#frameAt - Math.round(startMs * SAMPLES_PER_MS);
    const lag = lagOf(this.#samples, clip, at, FRAME_RATE_HZ);
    return { clip, startMs: startMs - lag / SAMPLES_PER_MS };
  }
}

function windowStartsMs(clip: Clip): number[] {
  const starts = [clip.onsetMs];
  for (const { startMs } of clip.words) {
    if (startMs < (starts.at(-1) ?? 0) + BETWEEN_WINDOWS_MS) continue;
    if (startMs + WINDOW_SAMPLES / SAMPLES_PER_MS <= clip.speechEndMs) starts.push(startMs);
  }
  return starts;
}

/** The clip at 8 kHz with enough silence around it for windows at its very ends. */
function atFrameRate(clip: Clip): Float32Array {
  const view = new DataView(clip.pcm.buffer, clip.pcm.byteOffset, clip.pcm.byteLength);
  const input = new Int16Array(clip.pcm.length / 2 + clip.sampleRateHz);
  for (let i = 0; i < clip.pcm.length / 2; i++) input[i] = view.getInt16(2 * i, true);
  const speech = new Resampler(clip.sampleRateHz, FRAME_RATE_HZ).push(input);
  const samples = new Float32Array(MARGIN_SAMPLES + speech.length);
  samples.set(speech, MARGIN_SAMPLES);
  return samples;
}

/** Codes of the window that begins `at` samples into the clip, packed. */
function windowCodes(samples: Float32Array, at: number): Int32Array {
  const codes = new Uint16Array(WINDOW_CODES);
  const bands = new Float64Array(BANDS);
  const before = new Float64Array(BANDS);
  for (let i = 0; i < WINDOW_CODES; i++) {
    const frameAt = MARGIN_SAMPLES + at + i * HOP_SAMPLES;
    bandEnergies(samples, frameAt, bands);
    bandEnergies(samples, frameAt - CODE_SPAN_HOPS * HOP_SAMPLES, before);
    codes[i] = codeOf(bands, before);
  }
  const packed = new Int32Array(WORDS);
  pack(codes, packed);
  return packed;
}

function pack(codes: Uint16Array, into: Int32Array): void {
  for (let i = 0; i < WORDS; i++) {
    into[i] = (codes[2 * i] as number) | ((codes[2 * i + 1] as number) << 16);
  }
}

/** Ones among 32 bits, summed in parallel (Warren, "Hacker's Delight", 5-1). */
function bitCount(word: number): number {
  let count = word - ((word >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function isSilent(samples: Float32Array): boolean {
  for (const sample of samples) if (sample > SILENT_PEAK || sample < -SILENT_PEAK) return false;
  return true;
}
