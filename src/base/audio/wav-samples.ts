/** Samples of a mono WAV, in whatever coding, as 16-bit PCM: whole or in pieces. */
import type { CompandingLaw } from "./g711.ts";
import { decodeG711 } from "./g711.ts";
import type { WavFormat } from "./wav-format.ts";

/** Float samples are refused beyond this: such a file is not scaled to +-1. */
const LOUDEST_FLOAT = 2;

/** Why samples can't be used. */
export interface BadSamples {
  refused: string;
  /** The loudest sample, when all of them are numbers. */
  peak?: number;
}

const NOTHING = Buffer.alloc(0);
const LAWS: Readonly<Record<string, CompandingLaw>> = { "mu-law": "MULAW", "A-law": "ALAW" };

/**
 * Mono samples as 16-bit little-endian PCM.
 *
 * Deeper PCM is rounded to the nearest step. Float +-1 is full scale; up to +-2 (6 dB over) it is clipped, as ffmpeg and sox do.
 *
 * @param bytes whole samples
 * @returns `bytes` themselves when they are 16-bit PCM; a reason when a float sample is no number or too large
 */
export function toPcm16({ coding, bits }: WavFormat, bytes: Uint8Array): Uint8Array | BadSamples {
  const law = LAWS[coding];
  if (law !== undefined) return bytesOf(decodeG711(law, bytes));
  if (coding === "PCM" && bits === 16) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Int16Array(bytes.length / (bits / 8));
  if (coding === "PCM") fromIntegers(view, bits, samples);
  else if (!fromFloats(view, bits, samples)) return badFloats(view, bits);
  return bytesOf(samples);
}

/** `toPcm16` for samples that come in pieces of any length. */
export class Pcm16Stream {
  readonly #format: WavFormat;
  /** The beginning of a sample. */
  #held: Buffer = NOTHING;

  constructor(format: WavFormat) {
    this.#format = format;
  }

  /** The samples that `bytes` complete. */
  push(bytes: Buffer): Buffer | BadSamples {
    const audio = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const whole = audio.length - (audio.length % (this.#format.bits / 8));
    this.#held = whole === audio.length ? NOTHING : Buffer.from(audio.subarray(whole));
    const samples = toPcm16(this.#format, audio.subarray(0, whole));
    if ("refused" in samples) return samples;
    return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  }
}

function fromIntegers(view: DataView, bits: number, samples: Int16Array): void {
  const stride = bits / 8;
  for (let i = 0; i < samples.length; i++) {
    // Eight bits are unsigned; of deeper ones the upper 24 are read, the lower of which decide on rounding.
    if (bits === 8) samples[i] = (view.getUint8(i) - 128) << 8;
    else {
      const at = i * stride + stride - 3;
      const upper = view.getInt16(at + 1, true);
      samples[i] = Math.min(upper + (view.getUint8(at) >> 7), 32_767);
    }
  }
}

/** @returns false when there is a sample that can't be used */
function fromFloats(view: DataView, bits: number, samples: Int16Array): boolean {
  for (let i = 0; i < samples.length; i++) {
    const value = floatAt(view, bits, i);
    // Written so that NaN fails too.
    if (!(Math.abs(value) <= LOUDEST_FLOAT)) return false;
    samples[i] = Math.max(-32_768, Math.min(Math.round(value * 32_768), 32_767));
  }
  return true;
}

function floatAt(view: DataView, bits: number, index: number): number {
  return bits === 32 ? view.getFloat32(index * 4, true) : view.getFloat64(index * 8, true);
}

function badFloats(view: DataView, bits: number): BadSamples {
  let peak = 0;
  for (let i = 0; i < view.byteLength / (bits / 8); i++) {
    const value = floatAt(view, bits, i);
    if (!Number.isFinite(value)) return { refused: `sample ${i} is ${value}, not a finite number` };
    peak = Math.max(peak, Math.abs(value));
  }
  return {
    refused: `its float samples reach ${peak.toPrecision(4)}, full scale is 1: they are not scaled to +-1`,
    peak,
  };
}

/** Samples as bytes: the machines this runs on (x64, arm64) are little-endian, as the wire is. */
function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}
