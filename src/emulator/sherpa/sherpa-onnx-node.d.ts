/** The part of sherpa-onnx-node 1.13 that is used here; it has no declarations of its own. Its calls are synchronous. */
declare module "sherpa-onnx-node" {
  /** Audio of one utterance. */
  class OnlineStream {
    acceptWaveform(audio: { samples: Float32Array; sampleRate: number }): void;
    /** No more audio comes. */
    inputFinished(): void;
  }

  interface OnlineResult {
    text: string;
    /** Pieces of words; the first of a word begins with a space. */
    tokens: string[];
    /** Seconds since the start of the stream, one for each token. */
    timestamps: number[];
    /** Natural logarithms of the tokens' probabilities; empty where the search gives none. */
    ys_probs: number[];
    /** Frames of the model's output since the last token. */
    num_trailing_blanks: number;
  }

  class OnlineRecognizer {
    /** @throws Error for files that are missing; a broken file ends the process */
    constructor(config: object);
    createStream(): OnlineStream;
    /** True when it has the audio for another step. */
    isReady(stream: OnlineStream): boolean;
    /** A step of each stream, which must be ready, computed together. */
    decodeStreams(streams: readonly OnlineStream[]): void;
    getResult(stream: OnlineStream): OnlineResult;
  }

  /** The package is CommonJS. */
  const sherpa: { OnlineRecognizer: typeof OnlineRecognizer };
  export default sherpa;
  export type { OnlineRecognizer, OnlineResult, OnlineStream };
}
