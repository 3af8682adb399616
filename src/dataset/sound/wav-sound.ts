/** WAV with any number of channels, read in parts: a recording of hours costs no more memory than the clip cut from it. */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { SAMPLE_RATE_HZ } from "../../base/audio/audio.ts";
import type { WavHeader } from "../../base/audio/wav-header.ts";
import { isRefusal, WavHeaderReader } from "../../base/audio/wav-header.ts";
import { toPcm16 } from "../../base/audio/wav-samples.ts";
import { BenchError } from "../../base/errors.ts";
import type { Sound } from "./sound.ts";

const HEADER_PIECE_BYTES = 64 * 1024;

/** @throws BenchError (exit 2) naming the file: not a WAV, truncated, empty, a coding or a rate that can't be used */
export async function openWav(path: string): Promise<Sound> {
  const file = await open(path);
  try {
    const header = await readHeader(file, path);
    const { size } = await file.stat();
    return soundOf(file, path, header, size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(file: FileHandle, path: string): Promise<WavHeader> {
  const reader = new WavHeaderReader();
  const piece = Buffer.alloc(HEADER_PIECE_BYTES);
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    at += bytesRead;
    const header = bytesRead === 0 ? reader.end() : reader.push(piece.subarray(0, bytesRead));
    if (header === undefined) continue;
    if (isRefusal(header)) throw BenchError.usage(`${path}: ${header.refused}`);
    return header;
  }
}

function soundOf(
  file: FileHandle,
  path: string,
  { format, dataAt, declaredBytes }: WavHeader,
  fileBytes: number,
): Sound {
  const { sampleRateHz, channels, bits } = format;
  const { min, max } = SAMPLE_RATE_HZ;
  const present = fileBytes - dataAt;
  if (declaredBytes !== undefined && present < declaredBytes)
    throw BenchError.usage(
      `${path}: truncated: its header declares ${declaredBytes} bytes of audio, ${present} are present`,
    );
  if (sampleRateHz < min || sampleRateHz > max)
    throw BenchError.usage(`${path}: sample rate ${sampleRateHz} Hz is outside ${min} to ${max} Hz`);
  const sampleBytes = bits / 8;
  const blockBytes = sampleBytes * channels;
  const length = Math.floor((declaredBytes ?? present) / blockBytes);
  if (length === 0) throw BenchError.usage(`${path}: holds no audio`);
  return {
    sampleRateHz,
    channels,
    length,
    async read(channel, from, to) {
      const blocks = Buffer.alloc((to - from) * blockBytes);
      const { bytesRead } = await file.read(blocks, 0, blocks.length, dataAt + from * blockBytes);
      if (bytesRead < blocks.length) throw BenchError.usage(`${path}: became shorter while it was read`);
      const pcm = toPcm16(format, channelOf(blocks, channel, sampleBytes, blockBytes));
      if ("refused" in pcm) throw BenchError.usage(`${path}: ${pcm.refused}`);
      return pcm;
    },
    close: () => file.close(),
  };
}

/** The bytes of one channel. */
function channelOf(blocks: Buffer, channel: number, sampleBytes: number, blockBytes: number): Buffer {
  if (sampleBytes === blockBytes) return blocks;
  const mono = Buffer.alloc((blocks.length / blockBytes) * sampleBytes);
  for (let from = channel * sampleBytes, to = 0; to < mono.length; from += blockBytes, to += sampleBytes)
    blocks.copy(mono, to, from, from + sampleBytes);
  return mono;
}
