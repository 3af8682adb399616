/**
 * What a stream is answered, and how often: one reply for each full server chunk of audio, and one more, a final, when the
 * audio ends. So S samples in chunks of K get floor(S / K) + 1 replies, whatever the size of the client's messages.
 *
 * A final also comes when the speaker has paused for `stopHistoryMs`; it takes the place of that chunk's partial. So does
 * the first pass of two-pass endpointing, a partial of stability 1 after the shorter pause `stopHistoryEouMs`. Only a
 * final that the client forces (`force`) is a reply more.
 */
import type { Reply } from "../engines/engine.ts";
import type { FingerprintIndex } from "./fingerprint.ts";
import { Recognizer } from "./recognizer.ts";
import type { Spelling } from "./spelling.ts";
import type { SpokenWord } from "./spoken-word.ts";
import { respelled } from "./spoken-word.ts";
import type { WordErrors } from "./word-errors.ts";

/** Default pause that ends an utterance. */
const STOP_HISTORY_MS = 800;
/** Time that one speech probability stands for, and what a certain detector says. */
const VAD_FRAME_MS = 80;
const SPEECH_PROBABILITY = 0.97;
/** A last word may reach this far past the end of the audio: annotations are rounded, and real servers pad with silence. */
const PAST_THE_END_MS = 50;

/** Audio that is to be answered. Its order of work is cheap to take; recognising is put off. */
export interface Due {
  /** Audio that this reply adds, in server chunks. */
  weight: number;
  /** Recognises the audio ahead of `listen`; does nothing while an earlier reply has not been given. */
  prepare: () => void;
  /** Listens to the audio and says what the answer is; call once, in the order in which replies became due. */
  listen: () => Reply;
}

export interface TranscriberOptions {
  index: FingerprintIndex;
  /** Word errors made on purpose. */
  errors?: WordErrors | undefined;
  sampleRateHz: number;
  /** Server chunk; undefined = one reply for each push. */
  chunkMs: number | undefined;
  interim: boolean;
  /** Pause that ends an utterance; the default when undefined or not positive. */
  stopHistoryMs: number | undefined;
  /** Whether speech probabilities are wanted; without, replies have none. */
  vad?: boolean;
  /** Shorter pause of the first pass; none when undefined, not positive or not below `stopHistoryMs`. */
  stopHistoryEouMs?: number | undefined;
  /** Of finals; partials are plain words, since punctuation needs the whole. Default: plain. */
  spelling?: Spelling;
}

export class Transcriber {
  readonly #recognizer: Recognizer;
  readonly #chunkSamples: number;
  readonly #replyEachPush: boolean;
  readonly #interim: boolean;
  readonly #stopHistoryMs: number;
  readonly #stopHistoryEouMs: number;
  readonly #wantsVad: boolean;
  readonly #spelling: Spelling;
  #inChunk = 0;
  /** Samples that no reply has been due for, for its share of the work. */
  #unweighed = 0;
  /** Audio that has come and that no reply has become due for. */
  #unheard: Int16Array[] = [];
  /** Words that finals have told. */
  #told = 0;
  /** Words that the first pass has told of the utterance. */
  #toldEou = 0;
  #vadToldMs = 0;
  /** Replies that have become due, and those of them that were given. */
  #dueCount = 0;
  #givenCount = 0;

  constructor(options: TranscriberOptions) {
    const { index, sampleRateHz, chunkMs, interim, stopHistoryMs, stopHistoryEouMs, vad = false } = options;
    this.#spelling = options.spelling ?? "plain";
    this.#recognizer = new Recognizer(index, sampleRateHz, options.errors);
    this.#replyEachPush = chunkMs === undefined;
    this.#chunkSamples = chunkMs === undefined ? Infinity : Math.round((chunkMs * sampleRateHz) / 1000);
    this.#interim = interim;
    this.#stopHistoryMs = stopHistoryMs !== undefined && stopHistoryMs > 0 ? stopHistoryMs : STOP_HISTORY_MS;
    this.#wantsVad = vad;
    const twoPass =
      stopHistoryEouMs !== undefined && stopHistoryEouMs > 0 && stopHistoryEouMs < this.#stopHistoryMs;
    this.#stopHistoryEouMs = twoPass ? stopHistoryEouMs : Infinity;
  }

  /** Takes audio, which must stay as it is until it has been listened to; returns the replies that it makes due. */
  push(samples: Int16Array): Due[] {
    const due: Due[] = [];
    for (let at = 0; at < samples.length;) {
      const take = Math.min(this.#chunkSamples - this.#inChunk, samples.length - at);
      this.#unheard.push(samples.subarray(at, at + take));
      at += take;
      this.#inChunk += take;
      this.#unweighed += take;
      if (this.#inChunk < this.#chunkSamples) continue;
      this.#inChunk = 0;
      due.push(this.#due(() => this.#chunkReply()));
    }
    if (this.#replyEachPush) due.push(this.#due(() => this.#chunkReply()));
    return due;
  }

  /** The client wants a final at once of what has been said; the stream goes on, and its chunks as they were. */
  force(): Due {
    return this.#due(() => {
      const words = this.#recognizer.wordsEnded(this.#recognizer.heardMs, this.#told);
      return this.#final(words);
    });
  }

  /** The audio has ended; returns the last final, which may have no text. */
  finish(): Due {
    return this.#due(() => {
      this.#recognizer.finish();
      const { heardMs } = this.#recognizer;
      return this.#final(this.#recognizer.wordsEnded(heardMs + PAST_THE_END_MS, this.#told));
    });
  }

  #due(reply: () => Reply): Due {
    const weight = this.#replyEachPush ? 1 : this.#unweighed / this.#chunkSamples;
    const audio = this.#unheard;
    this.#unheard = [];
    this.#unweighed = 0;
    const place = this.#dueCount++;
    const hear = (): void => {
      for (const samples of audio.splice(0)) this.#recognizer.push(samples);
    };
    const prepare = (): void => {
      if (place === this.#givenCount) hear();
    };
    const listen = (): Reply => {
      hear();
      this.#givenCount++;
      return reply();
    };
    return { weight, prepare, listen };
  }

  #chunkReply(): Reply {
    const { heardMs } = this.#recognizer;
    const words = this.#recognizer.wordsEnded(heardMs, this.#told);
    if (words.length === 0) return this.#reply(false, undefined);
    const silenceMs = this.#recognizer.silenceMs(heardMs);
    if (silenceMs >= this.#stopHistoryMs) return this.#final(words);
    if (!this.#interim) return this.#reply(false, undefined);
    const ended = silenceMs >= this.#stopHistoryEouMs && words.length > this.#toldEou;
    if (ended) this.#toldEou = words.length;
    return this.#reply(false, words, ended ? 1 : 0);
  }

  #final(words: readonly SpokenWord[]): Reply {
    const reply = this.#reply(true, respelled(words, this.#spelling));
    this.#told += words.length;
    this.#toldEou = 0;
    return reply;
  }

  #reply(final: boolean, words: readonly SpokenWord[] | undefined, stability: 0 | 1 = 0): Reply {
    const text = (words ?? []).map(({ word }) => word).join(" ");
    const transcript = this.#told > 0 && text !== "" ? ` ${text}` : text;
    const { heardMs } = this.#recognizer;
    return { final, stability, words, transcript, audioProcessedMs: heardMs, vad: this.#vad(heardMs) };
  }

  /** As if a detector had been certain: high within words, low between them. */
  #vad(heardMs: number): number[] {
    const probabilities: number[] = [];
    if (!this.#wantsVad) return probabilities;
    for (; this.#vadToldMs + VAD_FRAME_MS <= heardMs; this.#vadToldMs += VAD_FRAME_MS) {
      const silenceMs = this.#recognizer.silenceMs(this.#vadToldMs + VAD_FRAME_MS);
      probabilities.push(silenceMs < VAD_FRAME_MS ? SPEECH_PROBABILITY : 1 - SPEECH_PROBABILITY);
    }
    return probabilities;
  }
}
