/** Opus in Ogg (RFC 7845). The only importer of codec-parser. */
import { OpusDecoder } from "opus-decoder";
import { withoutConsole } from "../../base/audio/without-console.ts";
import { BenchError } from "../../base/errors.ts";
import { readNamedBytes } from "../../base/files/read-file.ts";
import type { Sound } from "./sound.ts";
import { DecodedSamples, optionalPackage } from "./sound.ts";

/** Positions in Ogg Opus count at this rate, whatever the rate of the input was. */
const GRANULE_HZ = 48_000;
/** Rates that the codec decodes at. */
const RATES_HZ = [8000, 12_000, 16_000, 24_000, 48_000] as const;
const FRAMES_AT_ONCE = 500;

/** The rate of what was encoded is kept where the codec can; else it is 48 kHz. @throws BenchError (exit 2) naming the file */
export async function openOpus(path: string): Promise<Sound> {
  const { default: CodecParser } = await optionalPackage(
    () => import("codec-parser"),
    "codec-parser",
    "Opus",
  );
  const bytes = await readNamedBytes(path);
  const pages = new CodecParser("application/ogg", { enableLogging: false }).parseAll(bytes);
  const frames = pages.flatMap((page) => ("codecFrames" in page ? page.codecFrames : []));
  const [first] = frames;
  if (first === undefined || !("preSkip" in first.header))
    throw BenchError.usage(`${path}: Ogg without Opus audio`);
  const {
    channels,
    preSkip,
    outputGain,
    inputSampleRate,
    channelMappingTable,
    coupledStreamCount,
    streamCount,
  } = first.header;
  const sampleRateHz = RATES_HZ.find((rate) => rate === inputSampleRate) ?? GRANULE_HZ;
  const decoder = new OpusDecoder({
    channels,
    streamCount,
    coupledStreamCount,
    channelMappingTable,
    sampleRate: sampleRateHz,
  });
  await decoder.ready;
  const samples = new DecodedSamples(path);
  try {
    for (let at = 0; at < frames.length; at += FRAMES_AT_ONCE) {
      const packets = frames.slice(at, at + FRAMES_AT_ONCE).map(({ data }) => data);
      const decoded = withoutConsole(() => decoder.decodeFrames(packets));
      const [error] = decoded.errors;
      if (error !== undefined) throw BenchError.usage(`${path}: damaged Opus (${error.message})`);
      samples.add(decoded.channelData, 10 ** (outputGain / 256 / 20));
    }
  } finally {
    decoder.free();
  }
  const perGranule = sampleRateHz / GRANULE_HZ;
  const end = Math.round(Number(endGranule(pages.at(-1))) * perGranule);
  return samples.sound(sampleRateHz, Math.round(preSkip * perGranule), Math.min(end, samples.length));
}

/** Where the audio ends within the last packet, which the last page says: a BigInt, whatever the package's types say. */
function endGranule(lastPage: object | undefined): number | bigint {
  return lastPage !== undefined && "absoluteGranulePosition" in lastPage
    ? (lastPage.absoluteGranulePosition as number | bigint)
    : 0;
}
