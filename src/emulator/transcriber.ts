/**
 * What a stream is answered, and how often: one reply for each full server chunk of audio, and one more, a final, when the
 * audio ends. So S samples in chunks of K get floor(S / K) + 1 replies, whatever the size of the client's messages.
 *
 * A final also comes when the speaker has paused for `stopHistoryMs`; it takes the place of that chunk's partial.
 */
import type { FingerprintIndex } from "./fingerprint.ts";
import { Recognizer } from "./recognizer.ts";
import type { SpokenWord } from "./spoken-word.ts";

/** Default pause that ends an utterance. */
const STOP_HISTORY_MS = 800;
/** A last word may reach this far past the end of the audio: annotations are rounded, and real servers pad with silence. */
const PAST_THE_END_MS = 50;

/** One response. Without `words` it is empty: nothing to say. */
export interface Reply {
  /** Audio that this reply adds, in server chunks. */
  weight: number;
  final: boolean;
  /** Words of the utterance so far. */
  words: readonly SpokenWord[] | undefined;
  /** The words as text. Begins with a space when an earlier final of the stream had text. */
  transcript: string;
  audioProcessedMs: number;
}

export interface TranscriberOptions {
  index: FingerprintIndex;
  sampleRateHz: number;
  /** Server chunk; undefined = one reply for each push. */
  chunkMs: number | undefined;
  interim: boolean;
  /** Pause that ends an utterance; the default when undefined or not positive. */
  stopHistoryMs: number | undefined;
}

export class Transcriber {
  readonly #recognizer: Recognizer;
  readonly #chunkSamples: number;
  readonly #replyEachPush: boolean;
  readonly #interim: boolean;
  readonly #stopHistoryMs: number;
  #inChunk = 0;
  /** Words that finals have told. */
  #told = 0;

  constructor({ index, sampleRateHz, chunkMs, interim, stopHistoryMs }: TranscriberOptions) {
    this.#recognizer = new Recognizer(index, sampleRateHz);
    this.#replyEachPush = chunkMs === undefined;
    this.#chunkSamples = chunkMs === undefined ? Infinity : Math.round((chunkMs * sampleRateHz) / 1000);
    this.#interim = interim;
    this.#stopHistoryMs = stopHistoryMs !== undefined && stopHistoryMs > 0 ? stopHistoryMs : STOP_HISTORY_MS;
  }

  /** Takes audio; returns the replies that it makes due. */
  push(samples: Int16Array): Reply[] {
    const replies: Reply[] = [];
    for (let at = 0; at < samples.length;) {
      const take = Math.min(this.#chunkSamples - this.#inChunk, samples.length - at);
      this.#recognizer.push(samples.subarray(at, at + take));
      at += take;
      this.#inChunk += take;
      if (this.#inChunk === this.#chunkSamples) replies.push(this.#chunkReply());
    }
    if (this.#replyEachPush) replies.push(this.#chunkReply());
    return replies;
  }

  /** The audio has ended; returns the last final, which may have no text. */
  finish(): Reply {
    this.#recognizer.finish();
    const { heardMs } = this.#recognizer;
    const words = this.#recognizer.wordsEnded(heardMs + PAST_THE_END_MS, this.#told);
    return this.#reply(this.#replyEachPush ? 1 : this.#inChunk / this.#chunkSamples, true, words);
  }

  #chunkReply(): Reply {
    this.#inChunk = 0;
    const { heardMs } = this.#recognizer;
    const words = this.#recognizer.wordsEnded(heardMs, this.#told);
    if (words.length > 0 && this.#recognizer.silenceMs(heardMs) >= this.#stopHistoryMs) {
      const reply = this.#reply(1, true, words);
      this.#told += words.length;
      return reply;
    }
    return this.#reply(1, false, this.#interim && words.length > 0 ? words : undefined);
  }

  #reply(weight: number, final: boolean, words: readonly SpokenWord[] | undefined): Reply {
    const text = (words ?? []).map(({ word }) => word).join(" ");
    const transcript = this.#told > 0 && text !== "" ? ` ${text}` : text;
    return { weight, final, words, transcript, audioProcessedMs: this.#recognizer.heardMs };
  }
}
