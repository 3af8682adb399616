/**
 * WAV files to mono 16-bit PCM, PCM to WAV files, and PCM to chunks. The only importer of wavefile.
 *
 * What is fed to a speech server is decided here, so nothing is repaired in silence: a file that is cut short, has two
 * channels or an unusual coding is refused with the command that mends it.
 */
import { extname } from "node:path";
import wavefile from "wavefile";
import { BenchError } from "../errors.ts";
import { shellWord } from "../text/shell-word.ts";
import type { WavFormat } from "./wav-format.ts";
import { wavFormatName } from "./wav-format.ts";
import type { WavHeader } from "./wav-header.ts";
import { isRefusal, WavHeaderReader } from "./wav-header.ts";
import type { BadSamples } from "./wav-samples.ts";
import { toPcm16 } from "./wav-samples.ts";

// wavefile is CommonJS: plain Node finds no named export in it.
const { WaveFile } = wavefile;

/** Bytes of one mono 16-bit sample. */
export const BYTES_PER_SAMPLE = 2;

/** Lowest and highest sample rate that Riva accepts. */
export const SAMPLE_RATE_HZ: Readonly<{ min: number; max: number }> = { min: 8000, max: 96_000 };

/** Bytes of the shortest header there is: a plain format, then the audio. */
const PLAIN_HEADER_BYTES = 44;

export interface DecodedAudio {
  sampleRateHz: number;
  /** Mono 16-bit little-endian samples. A view of the input when the file holds just that. */
  pcm: Uint8Array;
  durationMs: number;
  /** How the file held its samples, for people: "16-bit PCM", "mu-law". */
  encoding: string;
}

/**
 * Decodes a WAV file. The sample rate is kept; mu-law, A-law, float and other PCM depths become 16-bit PCM.
 *
 * Takes RIFF, RF64 and BW64 with PCM of 8 to 32 bits, float of 32 and 64 bits, mu-law and A-law, EXTENSIBLE or not. Beside the
 * file's own bytes, at most twice their length is allocated (8-bit samples become 16-bit ones).
 *
 * @throws BenchError (exit 2) naming the file: not a WAV, truncated, empty, more than one channel, a sample rate or a
 * coding that can't be used.
 */
export function decodeWav(bytes: Uint8Array, fileName: string): DecodedAudio {
  const reader = new WavHeaderReader();
  const header = reader.push(bytes) ?? reader.end();
  if (isRefusal(header)) {
    throw BenchError.usage(
      `${fileName}: ${header.notWav ? `not a readable WAV file (${header.refused})` : header.refused}`,
      converting(fileName, "-c:a pcm_s16le"),
    );
  }
  const { format } = header;
  checkFormat(format, fileName);
  const data = audioOf(header, bytes, fileName);
  const pcm = toPcm16(format, data);
  if ("refused" in pcm) throw BenchError.usage(`${fileName}: ${pcm.refused}`, adviceOn(pcm, fileName));
  if (pcm.length === 0) throw BenchError.usage(`${fileName}: holds no audio`);
  const { sampleRateHz } = format;
  return { sampleRateHz, pcm, durationMs: pcmDurationMs(pcm, sampleRateHz), encoding: wavFormatName(format) };
}

/** A WAV file of mono 16-bit PCM. */
export function encodeWav(pcm: Uint8Array, sampleRateHz: number): Uint8Array {
  const aligned = pcm.byteOffset % BYTES_PER_SAMPLE === 0 ? pcm : Uint8Array.from(pcm);
  const samples = new Int16Array(aligned.buffer, aligned.byteOffset, aligned.length / BYTES_PER_SAMPLE);
  const wav = new WaveFile();
  wav.fromScratch(1, sampleRateHz, "16", samples);
  return wav.toBuffer();
}

/** True when a decoded file is nothing but a plain header and its 16-bit samples: any reader takes it as it is. */
export function isPlainWav(bytes: Uint8Array, { pcm, encoding }: DecodedAudio): boolean {
  return encoding === "16-bit PCM" && bytes.length - pcm.length === PLAIN_HEADER_BYTES;
}

function checkFormat({ channels, sampleRateHz }: WavFormat, fileName: string): void {
  const { min, max } = SAMPLE_RATE_HZ;
  const rateFits = sampleRateHz >= min && sampleRateHz <= max;
  const resampled = rateFits ? "" : "-ar 16000 ";
  if (channels !== 1) {
    throw BenchError.usage(
      `${fileName}: has ${channels} channels; speech servers take mono, and mixing channels changes the speech`,
      `Take one channel, here the first: ${command(fileName, `-af "pan=mono|c0=c0" ${resampled}-c:a pcm_s16le`, "-mono")}`,
    );
  }
  if (!rateFits) {
    throw BenchError.usage(
      `${fileName}: sample rate ${sampleRateHz} Hz is outside ${min} to ${max} Hz`,
      converting(fileName, `${resampled}-c:a pcm_s16le`),
    );
  }
}

/** The bytes of the file that are samples, whole ones. */
function audioOf(
  { format, dataAt, declaredBytes }: WavHeader,
  bytes: Uint8Array,
  fileName: string,
): Uint8Array {
  const present = bytes.length - dataAt;
  if (declaredBytes !== undefined && present < declaredBytes) {
    throw BenchError.usage(
      `${fileName}: truncated: its header declares ${declaredBytes} bytes of audio, ${present} are present`,
      `Copy the file again, or cut the header to what is there: ${command(fileName, "-c copy", "-cut")}`,
    );
  }
  const length = declaredBytes ?? present;
  return bytes.subarray(dataAt, dataAt + length - (length % (format.bits / 8)));
}

function adviceOn({ peak }: BadSamples, fileName: string): string {
  if (peak === undefined)
    return "Write the file again with the program that made it; its samples are damaged.";
  return `Scale it: ${command(fileName, `-af volume=${(1 / peak).toPrecision(3)} -c:a pcm_s16le`, "-scaled")}`;
}

function converting(fileName: string, options: string): string {
  return `Convert it: ${command(fileName, options, "-pcm16")}`;
}

/** An ffmpeg command that writes another file beside this one; names are quoted for the shell. */
function command(fileName: string, options: string, suffix: string): string {
  const out = `${fileName.slice(0, fileName.length - extname(fileName).length)}${suffix}.wav`;
  return `ffmpeg -i ${shellWord(fileName)} ${options} ${shellWord(out)}`;
}

/** Length of mono 16-bit PCM. */
export function pcmDurationMs(pcm: Uint8Array, sampleRateHz: number): number {
  return (pcm.length / BYTES_PER_SAMPLE / sampleRateHz) * 1000;
}

/** Bytes of `durationMs` of mono 16-bit PCM, in whole samples. */
export function pcmBytes(durationMs: number, sampleRateHz: number): number {
  return Math.round((durationMs * sampleRateHz) / 1000) * BYTES_PER_SAMPLE;
}

/** Cuts PCM into chunks of `chunkBytes`, the last one as long as what is left. The chunks are views, not copies. */
export function chunkAudio(pcm: Uint8Array, chunkBytes: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < pcm.length; from += chunkBytes)
    chunks.push(pcm.subarray(from, from + chunkBytes));
  return chunks;
}

/** PCM with digital silence around it; the input itself when there is nothing to add. */
export function withPadding(
  pcm: Uint8Array,
  beforeMs: number,
  afterMs: number,
  sampleRateHz: number,
): Uint8Array {
  const before = pcmBytes(beforeMs, sampleRateHz);
  const after = pcmBytes(afterMs, sampleRateHz);
  if (before + after === 0) return pcm;
  const padded = new Uint8Array(before + pcm.length + after);
  padded.set(pcm, before);
  return padded;
}
