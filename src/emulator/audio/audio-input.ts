/**
 * The audio bytes of a call as samples: coded as the configuration says, or as a header at the front of the audio says,
 * which real clients send along (WAV) or which belongs to the coding (FLAC, Ogg Opus).
 */
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import { wavFormatName } from "../../base/audio/wav-format.ts";
import type { WavHeader } from "../../base/audio/wav-header.ts";
import type { AudioDecoder, CodedEncoding } from "./audio-format.ts";
import { headerMismatch, MODEL_RATE_HZ, mustAgree, onlyMono, unsupported } from "./audio-format.ts";
import { flacDecoder } from "./flac-input.ts";
import { linearDecoder } from "./linear-input.ts";
import { opusDecoder } from "./opus-input.ts";
import { Rejection } from "../call/rejection.ts";
import { encodingOf, waveHeader } from "./wave-header.ts";

const RATE_LIMITS_HZ = { min: 8000, max: 96_000 };
const NOTHING = Buffer.alloc(0);

/** How audio begins that says what it is. */
const MAGIC: Readonly<Record<string, "WAV" | CodedEncoding>> = { RIFF: "WAV", fLaC: "FLAC", OggS: "OGGOPUS" };
const MAGIC_BYTES = 4;

/** Decodes the audio of one call. */
export class AudioInput {
  readonly #config: RecognitionConfig;
  #decoder: AudioDecoder | undefined;
  #loading: Promise<void> | undefined;
  /** What came before there was a decoder. */
  #held: Buffer = NOTHING;
  #begun = false;
  #closed = false;
  /** Bytes of audio that a WAV's header still announces; what comes after them is no audio. */
  #leftBytes = Infinity;

  /** @throws Rejection for a configuration that this server does not take */
  constructor(config: RecognitionConfig) {
    this.#config = config;
    const { encoding, sample_rate_hertz: rateHz } = config;
    if (config.audio_channel_count > 1) throw onlyMono();
    if (rateHz !== 0 && !isRate(rateHz)) {
      throw new Rejection("sample_rate_hertz must be between 8000 and 96000, or 0 (model rate/WAV header).");
    }
    // So that it is ready when the first audio comes.
    if (isCoded(encoding)) this.#load(encoding);
  }

  /** Rate of the samples that `push` returns; undefined until enough audio has come to tell. */
  get sampleRateHz(): number | undefined {
    return this.#decoder?.sampleRateHz;
  }

  /** Settles when the decoder has been loaded, while it is: what `push` is given meanwhile comes out of a later one. */
  get loading(): Promise<void> | undefined {
    return this.#loading;
  }

  /**
   * The samples in `bytes`, together with what was held back before.
   * @throws Rejection for a header that contradicts the configuration, or audio that this server does not take
   */
  push(bytes: Buffer): Int16Array {
    let audio = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    if (!this.#begun) {
      const audioAt = this.#begin(audio);
      this.#begun = audioAt !== undefined;
      audio = audio.subarray(audioAt);
    }
    this.#held = this.#begun && this.#decoder ? NOTHING : audio;
    if (!this.#begun || !this.#decoder) return new Int16Array(0);
    const own = audio.length > this.#leftBytes ? audio.subarray(0, this.#leftBytes) : audio;
    this.#leftBytes -= own.length;
    return this.#decoder.push(own);
  }

  /** Nothing more is pushed. */
  close(): void {
    this.#closed = true;
    this.#decoder?.free?.();
    this.#decoder = undefined;
  }

  /** Chooses the decoder; returns where its part begins, or undefined when more must come to tell. */
  #begin(audio: Buffer): number | undefined {
    const { encoding: asked, sample_rate_hertz: askedHz } = this.#config;
    const magic = audio.toString("latin1", 0, MAGIC_BYTES);
    if (audio.length < MAGIC_BYTES && Object.keys(MAGIC).some((one) => one.startsWith(magic)))
      return undefined;
    const container = MAGIC[magic];
    if (container === "FLAC" || container === "OGGOPUS") {
      if (asked === "ENCODING_UNSPECIFIED") this.#load(container);
      else if (asked !== container) throw headerMismatch();
      return 0;
    }
    const header = container && waveHeader(audio);
    if (header === "incomplete") return undefined;
    if (header) return this.#beginWave(header);
    if (isCoded(asked)) throw headerMismatch();
    const encoding = asked === "ENCODING_UNSPECIFIED" ? "LINEAR_PCM" : asked;
    this.#decoder = linearDecoder(encoding, askedHz || MODEL_RATE_HZ);
    return 0;
  }

  #beginWave(header: WavHeader): number {
    const { sampleRateHz, channels } = header.format;
    const encoding = encodingOf(header);
    if (encoding === undefined) throw unsupported(`a WAV of ${wavFormatName(header.format)}`);
    mustAgree(this.#config, { encoding, sampleRateHz, channels });
    if (!isRate(sampleRateHz)) throw new Rejection(`the WAV has ${sampleRateHz} Hz, 8000 to 96000 are taken`);
    this.#decoder = linearDecoder(encoding, sampleRateHz);
    this.#leftBytes = header.declaredBytes ?? Infinity;
    return header.dataAt;
  }

  #load(encoding: CodedEncoding): void {
    const load = encoding === "FLAC" ? flacDecoder : opusDecoder;
    this.#loading = load(this.#config).then((decoder) => {
      this.#loading = undefined;
      if (this.#closed) decoder.free?.();
      else this.#decoder = decoder;
    });
  }
}

function isRate(hz: number): boolean {
  return hz >= RATE_LIMITS_HZ.min && hz <= RATE_LIMITS_HZ.max;
}

function isCoded(encoding: RecognitionConfig["encoding"]): encoding is CodedEncoding {
  return encoding === "FLAC" || encoding === "OGGOPUS";
}
