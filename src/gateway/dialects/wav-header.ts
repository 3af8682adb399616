/**
 * A WAV that comes in pieces, as clients of the realtime dialect send files from byte 0: its header, then its samples as 16-bit
 * PCM. Any coding that `base/audio.ts` reads from a file is taken here too.
 */
import { wavFormatName } from "../../base/audio/wav-format.ts";
import type { WavFormat } from "../../base/audio/wav-format.ts";
import type { WavRefusal } from "../../base/audio/wav-header.ts";
import { isRefusal, WavHeaderReader } from "../../base/audio/wav-header.ts";
import { Pcm16Stream } from "../../base/audio/wav-samples.ts";

/** A header is read within so many bytes. */
const LONGEST_HEADER_BYTES = 65_536;

/** Sample rates that callers of either dialect may send. */
const RATE_HZ = { min: 8000, max: 48_000 };

/** Reads one caller's WAV. Never throws, whatever the bytes are. */
export class WavInput {
  readonly #header = new WavHeaderReader(LONGEST_HEADER_BYTES);
  #received = 0;
  #samples: Pcm16Stream | undefined;
  #sampleRateHz = 0;
  /** Bytes of audio that the header still announces; what comes after them is no audio. */
  #leftBytes = Infinity;

  /** Rate of the samples; undefined until the header is whole. */
  get sampleRateHz(): number | undefined {
    return this.#samples === undefined ? undefined : this.#sampleRateHz;
  }

  /** The samples that `bytes` complete, 16-bit mono; a string says why the WAV can't be used. */
  push(bytes: Buffer): Buffer | string {
    const audio = this.#samples === undefined ? this.#readHeader(bytes) : bytes;
    if (typeof audio === "string") return audio;
    const own = audio.length > this.#leftBytes ? audio.subarray(0, this.#leftBytes) : audio;
    this.#leftBytes -= own.length;
    const samples = this.#samples?.push(own) ?? Buffer.alloc(0);
    return "refused" in samples ? `the WAV can't be used: ${samples.refused}` : samples;
  }

  /** At the end of the audio: why there is no header in what came; undefined when there is one, or nothing came at all. */
  unreadHeader(): string | undefined {
    if (this.#samples !== undefined || this.#received === 0) return undefined;
    const header = this.#header.end();
    return isRefusal(header) ? reasonOf(header) : undefined;
  }

  /** What of `bytes` is after the header. */
  #readHeader(bytes: Buffer): Buffer | string {
    const before = this.#received;
    this.#received += bytes.length;
    const header = this.#header.push(bytes);
    if (header === undefined) return Buffer.alloc(0);
    if (isRefusal(header)) return reasonOf(header);
    const unfit = unfitFormat(header.format);
    if (unfit !== undefined) return unfit;
    this.#sampleRateHz = header.format.sampleRateHz;
    this.#samples = new Pcm16Stream(header.format);
    this.#leftBytes = header.declaredBytes ?? Infinity;
    return bytes.subarray(header.dataAt - before);
  }
}

function reasonOf({ notWav, refused }: WavRefusal): string {
  return notWav
    ? `the audio does not begin with a WAV header: ${refused}`
    : `the WAV can't be used: ${refused}`;
}

function unfitFormat(format: WavFormat): string | undefined {
  const { channels, sampleRateHz } = format;
  if (channels !== 1) return `only mono is taken, the WAV has ${channels} channels; convert the file first`;
  if (sampleRateHz < RATE_HZ.min || sampleRateHz > RATE_HZ.max)
    return `the WAV (${wavFormatName(format)}) has ${sampleRateHz} Hz, ${RATE_HZ.min} to ${RATE_HZ.max} are taken`;
  return undefined;
}
