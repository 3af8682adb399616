/**
 * The audio bytes of a call as samples: raw PCM, mu-law or A-law as the configuration says, or as a WAV header at the front
 * of the audio says, which real clients send along.
 */
import { decodeG711 } from "../base/g711.ts";
import type { RecognitionConfig } from "../base/riva-proto.ts";
import { Rejection } from "./rejection.ts";

type Encoding = "LINEAR_PCM" | "MULAW" | "ALAW";

/** Rate of the imitated models, taken when neither configuration nor header names one. */
export const MODEL_RATE_HZ = 16_000;
const RATE_LIMITS_HZ = { min: 8000, max: 96_000 };

/** Format tags of RIFF WAVE. */
const WAVE_ENCODINGS: Readonly<Record<number, Encoding>> = { 1: "LINEAR_PCM", 6: "ALAW", 7: "MULAW" };
const WAVE_EXTENSIBLE = 0xfffe;
/** A header longer than this is none. */
const LONGEST_HEADER_BYTES = 65_536;

interface WaveHeader {
  encoding: Encoding | undefined;
  sampleRateHz: number;
  channels: number;
  bitsPerSample: number;
  /** Where the audio begins. */
  bytes: number;
}

/** Decodes the audio of one call. */
export class AudioInput {
  readonly #config: RecognitionConfig;
  #format: { encoding: Encoding; sampleRateHz: number } | undefined;
  /** Bytes that mean nothing yet: an incomplete header, or half a sample. */
  #held: Buffer = Buffer.alloc(0);

  /** @throws Rejection for a configuration that this server does not take */
  constructor(config: RecognitionConfig) {
    this.#config = config;
    const { encoding, sample_rate_hertz: rateHz } = config;
    if (encoding === "FLAC" || encoding === "OGGOPUS") throw unsupportedEncoding(encoding);
    if (config.audio_channel_count > 1) throw onlyMono();
    if (rateHz !== 0 && !(rateHz >= RATE_LIMITS_HZ.min && rateHz <= RATE_LIMITS_HZ.max)) {
      throw new Rejection("sample_rate_hertz must be between 8000 and 96000, or 0 (model rate/WAV header).");
    }
  }

  /** Rate of the samples that `push` returns; undefined until enough audio has come to tell. */
  get sampleRateHz(): number | undefined {
    return this.#format?.sampleRateHz;
  }

  /**
   * The samples in `bytes`, together with what was held back before.
   * @throws Rejection for a header that contradicts the configuration, or a container this server does not take
   */
  push(bytes: Buffer): Int16Array {
    let audio = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    if (!this.#format) {
      const header = sniffHeader(audio);
      if (header === "incomplete") {
        this.#held = audio;
        return new Int16Array(0);
      }
      this.#format = this.#agreedFormat(header);
      audio = audio.subarray(header?.bytes ?? 0);
    }
    if (this.#format.encoding !== "LINEAR_PCM") {
      this.#held = Buffer.alloc(0);
      return decodeG711(this.#format.encoding, audio);
    }
    const whole = audio.length - (audio.length % 2);
    this.#held = audio.subarray(whole);
    return linearSamples(audio, whole / 2);
  }

  #agreedFormat(header: WaveHeader | undefined): { encoding: Encoding; sampleRateHz: number } {
    const { encoding: asked, sample_rate_hertz: askedHz, audio_channel_count: askedChannels } = this.#config;
    if (!header) {
      const encoding = asked === "MULAW" || asked === "ALAW" ? asked : "LINEAR_PCM";
      return { encoding, sampleRateHz: askedHz || MODEL_RATE_HZ };
    }
    const { encoding, sampleRateHz, channels, bitsPerSample } = header;
    if (!encoding || bitsPerSample !== (encoding === "LINEAR_PCM" ? 16 : 8))
      throw unsupportedEncoding("this WAV");
    const agreed =
      (asked === "ENCODING_UNSPECIFIED" || asked === encoding) &&
      (askedHz === 0 || askedHz === sampleRateHz) &&
      (askedChannels === 0 || askedChannels === channels);
    if (!agreed) throw new Rejection("Error: config format doesn't match with header format");
    if (channels !== 1) throw onlyMono();
    return { encoding, sampleRateHz };
  }
}

/** The WAV header at the front of `bytes`; undefined when there is none. */
function sniffHeader(bytes: Buffer): WaveHeader | "incomplete" | undefined {
  const magic = bytes.toString("latin1", 0, 4);
  if (magic === "fLaC") throw unsupportedEncoding("FLAC");
  if (magic === "OggS") throw unsupportedEncoding("OGGOPUS");
  if (!"RIFF".startsWith(magic)) return undefined;
  if (bytes.length >= 12 && bytes.toString("latin1", 8, 12) !== "WAVE") return undefined;

  const header: WaveHeader = {
    encoding: undefined,
    sampleRateHz: 0,
    channels: 0,
    bitsPerSample: 0,
    bytes: 0,
  };
  for (let at = 12; at + 8 <= bytes.length;) {
    const chunk = bytes.toString("latin1", at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (chunk === "data") return { ...header, bytes: at + 8 };
    if (chunk === "fmt " && at + 24 <= bytes.length) {
      const tag = bytes.readUInt16LE(at + 8);
      // The extensible form keeps the real tag at the front of a GUID.
      const extended = tag === WAVE_EXTENSIBLE && at + 34 <= bytes.length;
      header.encoding = WAVE_ENCODINGS[extended ? bytes.readUInt16LE(at + 32) : tag];
      header.channels = bytes.readUInt16LE(at + 10);
      header.sampleRateHz = bytes.readUInt32LE(at + 12);
      header.bitsPerSample = bytes.readUInt16LE(at + 22);
    }
    at += 8 + size + (size % 2);
  }
  return bytes.length > LONGEST_HEADER_BYTES ? undefined : "incomplete";
}

function linearSamples(bytes: Buffer, count: number): Int16Array {
  if (bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, count);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 2 * count));
}

function unsupportedEncoding(what: string): Rejection {
  return new Rejection(`${what} is not supported: this emulator takes LINEAR_PCM (16 bit), MULAW and ALAW.`);
}

function onlyMono(): Rejection {
  return new Rejection("Only mono audio supported.");
}
