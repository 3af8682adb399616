/** MP3, as Common Voice has it. The only importer of mpg123-decoder. */
import { BenchError } from "../../base/errors.ts";
import { readNamedBytes } from "../../base/files/read-file.ts";
import type { Sound } from "./sound.ts";
import { DecodedSamples, optionalPackage, piecesOf } from "./sound.ts";

/** @throws BenchError (exit 2) naming the file: damaged, empty; or the missing decoder */
export async function openMp3(path: string): Promise<Sound> {
  const { MPEGDecoder } = await optionalPackage(() => import("mpg123-decoder"), "mpg123-decoder", "MP3");
  const bytes = await readNamedBytes(path);
  const samples = new DecodedSamples(path);
  const decoder = new MPEGDecoder();
  await decoder.ready;
  let sampleRateHz = 0;
  try {
    for (const piece of piecesOf(bytes)) {
      const decoded = decoder.decode(piece);
      const [error] = decoded.errors;
      if (error !== undefined) throw BenchError.usage(`${path}: damaged MP3 (${error.message})`);
      if (decoded.samplesDecoded > 0) ({ sampleRate: sampleRateHz } = decoded);
      samples.add(decoded.channelData);
    }
  } finally {
    decoder.free();
  }
  return samples.sound(sampleRateHz);
}
