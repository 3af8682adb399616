/**
 * WAV files to mono 16-bit PCM, and PCM to chunks. The only importer of wavefile.
 *
 * What is fed to a speech server is decided here, so nothing is repaired in silence: a file that is cut short, has two
 * channels or an unusual coding is refused with the command that mends it.
 */
import wavefile from "wavefile";
import { BenchError, messageOf } from "./errors.ts";
import { decodeG711 } from "./g711.ts";

// wavefile is CommonJS: plain Node finds no named export in it.
const { WaveFile } = wavefile;

/** Bytes of one mono 16-bit sample. */
export const BYTES_PER_SAMPLE = 2;

/** Lowest and highest sample rate that Riva accepts. */
const SAMPLE_RATE_HZ = { min: 8000, max: 96_000 };

/** What an encoder writes as the length when its output can't be rewound: "until the end of the file". */
const UNKNOWN_LENGTH = 0xffffffff;

/** wavefile's names of the sample codings that are turned into 16-bit PCM, and ours. */
const ENCODINGS: Readonly<Record<string, string>> = {
  "8": "8-bit PCM",
  "16": "16-bit PCM",
  "24": "24-bit PCM",
  "32": "32-bit PCM",
  "32f": "32-bit float",
  "64": "64-bit float",
  "8m": "mu-law",
  "8a": "A-law",
};

export interface DecodedAudio {
  sampleRateHz: number;
  /** Mono 16-bit little-endian samples. A view of the input when the file holds just that. */
  pcm: Uint8Array;
  durationMs: number;
  /** How the file held its samples, for people: "16-bit PCM", "mu-law". */
  encoding: string;
}

/** The parts of wavefile's objects that are used; its own types say `object`. */
interface WaveChunks {
  fmt: { numChannels: number; sampleRate: number };
  data: { chunkSize: number; samples: Uint8Array };
}

/**
 * Decodes a WAV file. The sample rate is kept; mu-law, A-law, float and other PCM depths become 16-bit PCM.
 *
 * @throws BenchError (exit 2) naming the file: not a WAV, truncated, empty, more than one channel, a sample rate or a
 * coding that can't be used.
 */
export function decodeWav(bytes: Uint8Array, fileName: string): DecodedAudio {
  const wav = parse(bytes, fileName);
  const { fmt, data } = wav as unknown as WaveChunks;
  const refuse = (reason: string): BenchError =>
    BenchError.usage(
      `${fileName}: ${reason}`,
      `Convert it: ffmpeg -i ${fileName} -ac 1 -ar 16000 -c:a pcm_s16le out.wav`,
    );

  const encoding = ENCODINGS[wav.bitDepth];
  if (wav.container !== "RIFF") throw refuse(`${wav.container} files are not supported, only RIFF WAV`);
  if (encoding === undefined) throw refuse("the sample coding is not supported");
  if (fmt.numChannels !== 1) {
    throw refuse(
      `has ${fmt.numChannels} channels; speech servers take mono and a down-mix changes the speech`,
    );
  }
  if (fmt.sampleRate < SAMPLE_RATE_HZ.min || fmt.sampleRate > SAMPLE_RATE_HZ.max) {
    throw refuse(`sample rate ${fmt.sampleRate} Hz is outside 8000 to 96000 Hz`);
  }
  // wavefile reads what is there and says nothing of what is missing.
  if (data.chunkSize !== UNKNOWN_LENGTH && data.samples.length < data.chunkSize) {
    throw BenchError.usage(
      `${fileName}: truncated: its header declares ${data.chunkSize} bytes of audio, ` +
        `${data.samples.length} are present`,
      "Copy the file again, or cut the header to what is there: ffmpeg -i in.wav -c copy out.wav",
    );
  }
  const samples = pcm16Of(wav, data);
  const pcm = samples.subarray(0, samples.length - (samples.length % BYTES_PER_SAMPLE));
  if (pcm.length === 0) throw BenchError.usage(`${fileName}: holds no audio`);
  return { sampleRateHz: fmt.sampleRate, pcm, durationMs: pcmDurationMs(pcm, fmt.sampleRate), encoding };
}

/** The samples as 16-bit PCM. */
function pcm16Of(wav: InstanceType<typeof WaveFile>, data: WaveChunks["data"]): Uint8Array {
  switch (wav.bitDepth) {
    case "16":
      return data.samples;
    // wavefile's own change of depth scales companded samples wrongly.
    case "8m":
      return bytesOf(decodeG711("MULAW", data.samples));
    case "8a":
      return bytesOf(decodeG711("ALAW", data.samples));
    default:
      wav.toBitDepth("16");
      return data.samples;
  }
}

/** Samples as bytes: the machines this runs on (x64, arm64) are little-endian, as the wire is. */
function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
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

function parse(bytes: Uint8Array, fileName: string): InstanceType<typeof WaveFile> {
  try {
    // A Buffer's slice is a view, a Uint8Array's a copy: so wavefile's sample array shares the file's memory.
    return new WaveFile(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw new BenchError(`${fileName}: not a readable WAV file (${messageOf(error).replace(/\.$/, "")})`, {
      exitCode: 2,
      hint: "Audio must be RIFF WAV: mono, 8 to 96 kHz, PCM, float, mu-law or A-law.",
      cause: error,
    });
  }
}
