/** FLAC (RFC 9639) of any depth and number of channels. The only importer of @wasm-audio-decoders/flac. */
import { BenchError } from "../../base/errors.ts";
import { readNamedBytes } from "../../base/files/read-file.ts";
import type { Sound } from "./sound.ts";
import { DecodedSamples, optionalPackage, piecesOf } from "./sound.ts";

/** Where STREAMINFO ends, which comes first. */
const STREAM_INFO_END = 42;

/** @throws BenchError (exit 2) naming the file: damaged, cut short, empty; or the missing decoder */
export async function openFlac(path: string): Promise<Sound> {
  const { FLACDecoder } = await optionalPackage(
    () => import("@wasm-audio-decoders/flac"),
    "@wasm-audio-decoders/flac",
    "FLAC",
  );
  const bytes = await readNamedBytes(path);
  const promised = promisedSamples(bytes, path);
  const samples = new DecodedSamples(path);
  const decoder = new FLACDecoder();
  await decoder.ready;
  let sampleRateHz = 0;
  try {
    for (const piece of [...piecesOf(bytes), undefined]) {
      const decoded = await (piece === undefined ? decoder.flush() : decoder.decode(piece));
      const [error] = decoded.errors;
      if (error !== undefined) throw BenchError.usage(`${path}: damaged FLAC (${error.message})`);
      if (decoded.samplesDecoded > 0) ({ sampleRate: sampleRateHz } = decoded);
      samples.add(decoded.channelData);
    }
  } finally {
    decoder.free();
  }
  // The decoder passes over frames that it can't read.
  if (promised > 0 && samples.length !== promised)
    throw BenchError.usage(
      `${path}: damaged or cut short: its header declares ${promised} samples, ${samples.length} could be decoded`,
    );
  return samples.sound(sampleRateHz);
}

/** Samples of each channel by STREAMINFO; 0 when it does not say. */
function promisedSamples(bytes: Buffer, path: string): number {
  if (bytes.length < STREAM_INFO_END) throw BenchError.usage(`${path}: the FLAC ends in its header`);
  return (bytes.readUInt8(21) & 0x0f) * 2 ** 32 + bytes.readUInt32BE(22);
}
