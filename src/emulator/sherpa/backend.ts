/** sherpa-onnx as a backend of a process of recognisers. */
import type { OnlineRecognizer, OnlineResult, OnlineStream } from "sherpa-onnx-node";
import type { Backend, BackendSettings, DecodedWord, Decoder } from "../host/decoder.ts";
import { DECODER_RATE_HZ } from "../host/decoder.ts";
import { openRecognizer } from "./binding.ts";
import type { SherpaModel } from "./model-folder.ts";
import { wordsOf } from "./words.ts";

/** Models write a token some frames after its sound: silence that an utterance is given when it ends. */
const TAIL_MS = 300;
/** The last frames of features wait for a little more audio. */
const FEATURES_MS = 50;

const CTC_FRAME_MS = 40;

/** Settings of the backend. */
export interface SherpaSettings extends BackendSettings {
  model: SherpaModel;
  /** CPU threads of one step. */
  threads: number;
  /** Streams whose steps are computed together. */
  batch: number;
}

/**
 * Loads the model and recognises silence with it, which proves it: a broken one ends the process.
 * @throws BenchError (exit 2) when the package is missing or does not take the model
 */
export async function loadBackend(settings: BackendSettings): Promise<Backend> {
  const { model, threads, batch } = settings as SherpaSettings;
  const recognizer = await openRecognizer(model, threads);
  const proof = new SherpaDecoder(recognizer, model);
  proof.start();
  proof.push(new Int16Array(DECODER_RATE_HZ));
  proof.end();
  return {
    open: () => Promise.resolve(new SherpaDecoder(recognizer, model)),
    batch: {
      limit: batch,
      decode: (decoders: readonly SherpaDecoder[]) => decodeTogether(recognizer, decoders),
    },
  };
}

/** Each step of all streams that have the audio for one, until none has. */
function decodeTogether(recognizer: OnlineRecognizer, decoders: readonly SherpaDecoder[]): void {
  for (;;) {
    const ready = decoders.map((decoder) => decoder.stream).filter((stream) => recognizer.isReady(stream));
    if (ready.length === 0) return;
    recognizer.decodeStreams(ready);
  }
}

/** Each utterance is a native stream of its own: no state grows with a call, and times count from its start. */
class SherpaDecoder implements Decoder {
  readonly #recognizer: OnlineRecognizer;
  readonly #model: SherpaModel;
  #stream: OnlineStream | undefined;
  #samples = 0;
  /** The result of all audio so far. */
  #known: OnlineResult | undefined;

  constructor(recognizer: OnlineRecognizer, model: SherpaModel) {
    this.#recognizer = recognizer;
    this.#model = model;
  }

  /** The utterance within sherpa-onnx. */
  get stream(): OnlineStream {
    if (this.#stream === undefined) throw new Error("no utterance has begun");
    return this.#stream;
  }

  start(): void {
    this.#stream = this.#recognizer.createStream();
    this.#samples = 0;
    this.#known = undefined;
  }

  push(samples: Int16Array): void {
    this.#samples += samples.length;
    this.#accept(Float32Array.from(samples, (sample) => sample / 32_768));
  }

  partial(): string {
    return this.#result().text.trim();
  }

  silenceMs(): number | undefined {
    const { tokens, num_trailing_blanks: blanks } = this.#result();
    return tokens.length === 0 ? undefined : blanks * this.#model.frameMs;
  }

  end(): DecodedWord[] {
    const { windowMs, stepMs, frameMs } = this.#model;
    const audioMs = (this.#samples * 1000) / DECODER_RATE_HZ;
    // Steps that take in all of the audio, and the audio that the last of them waits for.
    const steps = Math.ceil((audioMs + TAIL_MS) / stepMs);
    const silenceMs = (steps - 1) * stepMs + windowMs + FEATURES_MS - audioMs;
    this.#accept(new Float32Array(Math.ceil((silenceMs * DECODER_RATE_HZ) / 1000)));
    return wordsOf(this.#result(), frameMs, audioMs);
  }

  free(): void {
    this.#stream = undefined;
  }

  #accept(samples: Float32Array): void {
    this.stream.acceptWaveform({ samples, sampleRate: DECODER_RATE_HZ });
    this.#known = undefined;
  }

  #result(): OnlineResult {
    if (this.#known === undefined) {
      decodeTogether(this.#recognizer, [this]);
      this.#known = inTime(this.#recognizer.getResult(this.stream), this.#model);
    }
    return this.#known;
  }
}

/** Stamps of CTC models count frames of 40 ms, whatever the model (sherpa-onnx 1.13.8, ConvertCtc). */
function inTime(result: OnlineResult, { kind, frameMs }: SherpaModel): OnlineResult {
  if (kind === "transducer") return result;
  const timestamps = result.timestamps.map((seconds) => (seconds * frameMs) / CTC_FRAME_MS);
  return { ...result, timestamps };
}
