/** Opus in Ogg (RFC 7845) as it comes in. One of the two importers of opus-decoder. */
import { OpusDecoder } from "opus-decoder";
import { withoutConsole } from "../../base/audio/without-console.ts";
import { messageOf } from "../../base/errors.ts";
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import type { AudioDecoder } from "./audio-format.ts";
import { broken, joined, MODEL_RATE_HZ, mustAgree, unsupported } from "./audio-format.ts";
import type { OggPage } from "./ogg-pages.ts";
import { OggReader } from "./ogg-pages.ts";

/** Positions in Ogg Opus count at 48 kHz, whatever the rate of the input was. The codec decodes at the model's. */
const GRANULES_PER_SAMPLE = 48_000 / MODEL_RATE_HZ;
const HEAD_BYTES = 19;

type Codec = OpusDecoder<typeof MODEL_RATE_HZ>;

/** A decoder for one stream: unlike FLAC's, its codec remembers. */
export async function opusDecoder(config: RecognitionConfig): Promise<AudioDecoder> {
  const codec: Codec = new OpusDecoder({ channels: 1, sampleRate: MODEL_RATE_HZ });
  await codec.ready;
  return new OpusInput(config, codec);
}

/** What the identification header says, in samples of ours. */
interface Head {
  /** The first samples are the codec's running-in. */
  preSkip: number;
  /** Factor that the samples are to be played with. */
  gain: number;
}

class OpusInput implements AudioDecoder {
  readonly #config: RecognitionConfig;
  readonly #codec: Codec;
  readonly #ogg: OggReader = new OggReader();
  #head: Head | undefined;
  #hasTags = false;
  /** Samples that were decoded, those of the running-in among them. */
  #decoded = 0;
  /** Position of the first of them, in granules: a recording of a running stream begins anywhere. */
  #startGranule: number | undefined;
  #ended = false;

  constructor(config: RecognitionConfig, codec: Codec) {
    this.#config = config;
    this.#codec = codec;
  }

  get sampleRateHz(): number | undefined {
    return this.#head && MODEL_RATE_HZ;
  }

  push(bytes: Buffer): Int16Array {
    return joined(this.#ogg.push(bytes).map((page) => this.#page(page)));
  }

  free(): void {
    this.#codec.free();
  }

  #page({ packets, granule = 0, last }: OggPage): Int16Array {
    if (this.#ended) return new Int16Array(0);
    this.#ended = last;
    const audio = packets.filter((packet) => this.#isAudio(packet));
    if (!this.#head || audio.length === 0) return new Int16Array(0);
    const { preSkip, gain } = this.#head;
    const samples = this.#decode(audio);
    const from = this.#decoded;
    this.#decoded += samples.length;
    this.#startGranule ??= last ? 0 : Math.max(0, granule - samples.length * GRANULES_PER_SAMPLE);
    // The last page says where the audio ends within its last packet.
    const end = last ? Math.round((granule - this.#startGranule) / GRANULES_PER_SAMPLE) : Infinity;
    const heard = samples.subarray(Math.max(0, preSkip - from), Math.max(0, end - from));
    return Int16Array.from(heard, (sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * gain))));
  }

  /** False for the two packets of headers, which are read here. */
  #isAudio(packet: Buffer): boolean {
    if (this.#head && this.#hasTags) return true;
    if (!this.#head) this.#head = this.#readHead(packet);
    else if (packet.toString("latin1", 0, 8) === "OpusTags") this.#hasTags = true;
    else throw broken("OGGOPUS", "the comment header is missing");
    return false;
  }

  #readHead(packet: Buffer): Head {
    if (packet.toString("latin1", 0, 8) !== "OpusHead") throw unsupported("Ogg that does not hold Opus");
    // Versions of the same upper half are compatible.
    if (packet.length < HEAD_BYTES || packet.readUInt8(8) > 15)
      throw broken("OGGOPUS", "its header is unknown");
    mustAgree(this.#config, { encoding: "OGGOPUS", sampleRateHz: undefined, channels: packet.readUInt8(9) });
    return {
      preSkip: Math.round(packet.readUInt16LE(10) / GRANULES_PER_SAMPLE),
      gain: 32_768 * 10 ** (packet.readInt16LE(16) / 256 / 20),
    };
  }

  #decode(packets: Buffer[]): Float32Array {
    if (packets.some(({ length }) => length === 0)) throw broken("OGGOPUS", "an empty packet");
    try {
      const { channelData, errors } = withoutConsole(() => this.#codec.decodeFrames(packets));
      const [error] = errors;
      if (error) throw new Error(error.message);
      return channelData[0] ?? new Float32Array(0);
    } catch (error) {
      throw broken("OGGOPUS", messageOf(error));
    }
  }
}
