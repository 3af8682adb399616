/** One stream in a process of recognisers: audio of any rate in, a reply for each chunk out, utterances ended by pauses. */
import { Resampler } from "../audio/resample.ts";
import type { Reply } from "../engines/engine.ts";
import type { SpokenWord } from "../recognizer/spoken-word.ts";
import { VoiceDetector } from "../recognizer/voice-detector.ts";
import type { Decoder } from "./decoder.ts";
import { DECODER_RATE_HZ } from "./decoder.ts";
import type { ListenSpec, Work } from "./protocol.ts";

/** The voice detector looks at so much audio at a time. */
const BLOCK_SAMPLES = DECODER_RATE_HZ / 100;
/** An utterance without a pause ends here: a decoder's memory and its last pass grow with it. */
const LONGEST_UTTERANCE_MS = 30_000;
/** Wide enough for speech up to 7 kHz. */
const FILTER_ZERO_CROSSINGS = 16;

export class StreamListener {
  readonly decoder: Decoder;
  readonly #spec: ListenSpec;
  readonly #resampler: Resampler;
  readonly #voice: VoiceDetector = new VoiceDetector();
  #block = new Int16Array(BLOCK_SAMPLES);
  #blockLength = 0;
  /** Audio heard so far, and where the utterance began, both at the decoder's rate. */
  #heard = 0;
  #utteranceAt = 0;
  #received = 0;
  #partial = "";
  /** The first pass has found the end of this text. */
  #endedText = "";
  /** A final of this stream had text. */
  #told = false;

  /** @throws what the decoder throws */
  constructor(decoder: Decoder, spec: ListenSpec) {
    this.decoder = decoder;
    this.#spec = spec;
    this.#resampler = new Resampler(spec.sampleRateHz, DECODER_RATE_HZ, FILTER_ZERO_CROSSINGS);
    decoder.start();
  }

  /** Takes audio. @throws what the decoder throws; the stream is then of no use any more */
  hear(samples: Int16Array): void {
    this.#received += samples.length;
    const audio = this.#resampled(samples);
    if (audio.length === 0) return;
    for (let at = 0; at < audio.length;) {
      const part = audio.subarray(at, at + BLOCK_SAMPLES - this.#blockLength);
      this.#block.set(part, this.#blockLength);
      this.#blockLength += part.length;
      at += part.length;
      if (this.#blockLength < BLOCK_SAMPLES) continue;
      this.#blockLength = 0;
      const endMs = toMs(this.#heard + at);
      this.#voice.push(this.#block, endMs - toMs(BLOCK_SAMPLES), endMs);
    }
    this.#heard += audio.length;
    this.decoder.push(audio);
  }

  /**
   * The reply to what was heard. To `audio`: a final when the speaker has paused, else a partial when it has changed. To `force`: a final
   * at once; the stream goes on. To `finish`: the last final, which may have no text.
   * @throws what the decoder throws; the stream is then of no use any more
   */
  answer(type: Work["type"]): Reply {
    if (type === "audio") return this.#partialOrFinal();
    const words = this.#endUtterance();
    if (type === "force") this.decoder.start();
    return this.#final(words);
  }

  /** Gives back what the decoder holds. */
  close(): void {
    this.decoder.free();
  }

  #partialOrFinal(): Reply {
    const utteranceMs = toMs(this.#heard - this.#utteranceAt);
    const silenceMs = this.#silenceMs();
    const spoke = silenceMs !== undefined;
    const { stopHistoryMs, stopHistoryEouMs, interim } = this.#spec;
    if ((spoke && silenceMs >= stopHistoryMs) || utteranceMs >= LONGEST_UTTERANCE_MS) {
      const words = this.#endUtterance();
      this.decoder.start();
      return words.length > 0 ? this.#final(words) : this.#nothing();
    }
    if (!interim) return this.#nothing();
    const text = this.decoder.partial();
    const ended = spoke && silenceMs >= stopHistoryEouMs && text !== "" && text !== this.#endedText;
    if (ended) this.#endedText = text;
    if (!ended && (text === this.#partial || text === "")) return this.#nothing();
    this.#partial = text;
    return { ...this.#nothing(), stability: ended ? 1 : 0, words: [], transcript: this.#spaced(text) };
  }

  /** Silence since somebody spoke in this utterance; undefined when nobody has. */
  #silenceMs(): number | undefined {
    if (this.decoder.silenceMs) return this.decoder.silenceMs();
    const { lastVoicedMs } = this.#voice;
    return lastVoicedMs > toMs(this.#utteranceAt) ? toMs(this.#heard) - lastVoicedMs : undefined;
  }

  #resampled(samples: Int16Array): Int16Array {
    if (this.#spec.sampleRateHz === DECODER_RATE_HZ) return samples;
    return Int16Array.from(this.#resampler.push(samples), (value) =>
      Math.max(-32_768, Math.min(32_767, Math.round(value))),
    );
  }

  #endUtterance(): SpokenWord[] {
    const offsetMs = toMs(this.#utteranceAt);
    const words = this.decoder.end().map(({ word, startMs, endMs, confidence }) => ({
      ...{ word, confidence, speaker: 0 },
      startMs: offsetMs + startMs,
      endMs: offsetMs + endMs,
    }));
    this.#utteranceAt = this.#heard;
    this.#partial = "";
    this.#endedText = "";
    return words;
  }

  #final(words: readonly SpokenWord[]): Reply {
    const transcript = this.#spaced(words.map(({ word }) => word).join(" "));
    this.#told ||= words.length > 0;
    return { ...this.#nothing(), final: true, words, transcript };
  }

  #spaced(text: string): string {
    return this.#told && text !== "" ? ` ${text}` : text;
  }

  #nothing(): Reply {
    const audioProcessedMs = (this.#received / this.#spec.sampleRateHz) * 1000;
    return { final: false, stability: 0, words: undefined, transcript: "", audioProcessedMs, vad: [] };
  }
}

function toMs(samples: number): number {
  return (samples / DECODER_RATE_HZ) * 1000;
}
