/** A sound file to cut clips from, whatever its format: the contract of the readers beside this file. */
import { BenchError } from "../../base/errors.ts";
import { SAMPLE_RATE_HZ } from "../../base/audio/audio.ts";

/** An open sound file. */
export interface Sound {
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Samples of each channel. */
  readonly length: number;
  /**
   * Mono 16-bit little-endian PCM of one channel, from sample `from` up to `to`.
   * @throws BenchError (exit 2) for samples that can't be used
   */
  read(channel: number, from: number, to: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Most samples that are decoded at once, of all channels: compressed formats can't be read in parts. */
const MOST_DECODED = 2 ** 29;

/** 16-bit samples of a compressed file as they are decoded, piece by piece. */
export class DecodedSamples {
  readonly #file: string;
  readonly #pieces: Int16Array[][] = [];
  #samples = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Samples of each channel so far. */
  get length(): number {
    return this.#samples;
  }

  /**
   * Adds what a decoder gave: one array a channel, full scale 1.
   * @param gain factor
   * @throws BenchError (exit 2) when the file is too long to be held, or changes its channels
   */
  add(channelData: readonly Float32Array[], gain = 1): void {
    const [first] = channelData;
    if (first === undefined || first.length === 0) return;
    const channels = this.#pieces[0]?.length ?? channelData.length;
    if (channels !== channelData.length)
      throw BenchError.usage(`${this.#file}: changes from ${channels} channels to ${channelData.length}`);
    this.#samples += first.length;
    if (this.#samples * channels > MOST_DECODED)
      throw BenchError.usage(`${this.#file}: too long to be decoded at once; convert it to WAV`);
    this.#pieces.push(channelData.map((channel) => Int16Array.from(channel, (x) => toInt16(x * gain))));
  }

  /** The first samples are not part of the sound, nor those from `end` on. */
  sound(sampleRateHz: number, start = 0, end: number = this.#samples): Sound {
    const { min, max } = SAMPLE_RATE_HZ;
    if (this.#samples === 0) throw BenchError.usage(`${this.#file}: holds no audio`);
    if (!(sampleRateHz >= min && sampleRateHz <= max))
      throw BenchError.usage(`${this.#file}: sample rate ${sampleRateHz} Hz is outside ${min} to ${max} Hz`);
    const channels = (this.#pieces[0] ?? []).map((_, channel) => {
      const samples = new Int16Array(this.#samples);
      let at = 0;
      for (const piece of this.#pieces) {
        samples.set(piece[channel] ?? [], at);
        at += piece[channel]?.length ?? 0;
      }
      return samples.subarray(start, end);
    });
    return {
      sampleRateHz,
      channels: channels.length,
      length: channels[0]?.length ?? 0,
      read(channel, from, to) {
        const cut = channels[channel]?.slice(from, to) ?? new Int16Array();
        return Promise.resolve(new Uint8Array(cut.buffer));
      },
      close: () => Promise.resolve(),
    };
  }
}

/** Decoders divide 16-bit samples by 32767, so that this gives each of them back exactly. */
function toInt16(x: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(x * 32_767)));
}

/** The bytes in pieces, for decoders whose answer is four times as large as what they are given at once. */
export function* piecesOf(bytes: Uint8Array): Generator<Uint8Array, void> {
  const PIECE_BYTES = 256 * 1024;
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) yield bytes.subarray(from, from + PIECE_BYTES);
}

/**
 * Loads an optional package.
 * @throws BenchError (exit 2) that says what to install
 */
export async function optionalPackage<Module>(
  load: () => Promise<Module>,
  name: string,
  what: string,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw BenchError.usage(
      `${what} needs the package ${name}, which is not installed`,
      `Run: npm install ${name}`,
    );
  }
}
