/** Where exactly a clip lies in a stream, once it is known which one it is. */
import type { Clip } from "../../base/dataset/dataset.ts";
import { Resampler } from "../audio/resample.ts";

/** Windows of an index are 32 samples apart, and the nearest is not always the one that is found. */
const SEARCH_SAMPLES = 24;
/** A voice is alike again one period of its pitch away, some 24 samples: of two places that are, the nearer. */
const PENALTY_PER_SAMPLE = 0.0005;
/** What a resampler needs before its first good output. */
const MARGIN_SAMPLES = 64;
const SMOOTHINGS = 3;
/** Below this likeness (1 = the same) the place that was found is as good. */
const ALIKE = 0.2;

/**
 * How much later than `at` in the clip `frame` was taken: the lag with the highest normalised cross-correlation. All in samples at
 * `rateHz`; 0 where nothing is alike enough to tell.
 */
export function lagOf(heard: Float32Array, clip: Clip, at: number, rateHz: number): number {
  const frame = smoothed(heard);
  const around = smoothed(samplesOf(clip, at - SEARCH_SAMPLES, frame.length + 2 * SEARCH_SAMPLES, rateHz));
  const frameEnergy = Math.sqrt(dot(frame, frame));
  let best = 0;
  let bestLikeness = ALIKE;
  for (let lag = -SEARCH_SAMPLES; lag <= SEARCH_SAMPLES; lag++) {
    const from = SEARCH_SAMPLES + lag;
    const piece = around.subarray(from, from + frame.length);
    const cosine = dot(frame, piece) / (frameEnergy * Math.sqrt(dot(piece, piece)) || Infinity);
    const likeness = cosine * (1 - Math.abs(lag) * PENALTY_PER_SAMPLE);
    if (likeness > bestLikeness) [best, bestLikeness] = [lag, likeness];
  }
  return best;
}

/** `count` samples of the clip at `rateHz` from number `from` on; silence beyond its ends. */
function samplesOf({ pcm, sampleRateHz }: Clip, from: number, count: number, rateHz: number): Float32Array {
  // Where an output falls on an input: from there a resampler's outputs are those of the whole clip.
  const grid = rateHz / greatestCommonDivisor(sampleRateHz, rateHz);
  const first = Math.floor((from - MARGIN_SAMPLES) / grid) * grid;
  const step = sampleRateHz / rateHz;
  const inputAt = Math.round(first * step);
  const input = new Int16Array(Math.ceil((from + count + MARGIN_SAMPLES - first) * step));
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  for (let i = 0; i < input.length; i++) {
    const offset = 2 * (inputAt + i);
    if (offset >= 0 && offset + 1 < pcm.byteLength) input[i] = view.getInt16(offset, true);
  }
  return new Resampler(sampleRateHz, rateHz).push(input).subarray(from - first, from - first + count);
}

/** Without the highest frequencies, which half a sample between stream and clip turns round. */
function smoothed(samples: Float32Array): Float32Array {
  let result = samples;
  for (let pass = 0; pass < SMOOTHINGS; pass++) {
    const last = result;
    result = last.map((value, i) => ((last[i - 1] ?? 0) + 2 * value + (last[i + 1] ?? 0)) / 4);
  }
  return result;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
