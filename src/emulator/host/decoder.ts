/** The interface of a native recogniser to its process, which does everything else (pauses, partials, rates, streams). */

/** Rate at which decoders take audio. */
export const DECODER_RATE_HZ = 16_000;

/** A word that a decoder has recognised; times are milliseconds since the start of the utterance. */
export interface DecodedWord {
  word: string;
  startMs: number;
  endMs: number;
  /** 0 to 1; 0 = the decoder can't tell. */
  confidence: number;
}

/** Recognises the utterances of one stream, one after the other. Its calls are synchronous and may throw. */
export interface Decoder {
  /** Begins an utterance. */
  start(): void;
  /** Takes audio of the utterance, at `DECODER_RATE_HZ`; one that can be decoded together with others may leave the work until then. */
  push(samples: Int16Array): void;
  /** The text so far, `""` for none. */
  partial(): string;
  /**
   * Silence since the last word of the utterance, milliseconds of what has been recognised; undefined before the first word. A decoder
   * that does not say leaves it to a detector of energy.
   */
  silenceMs?(): number | undefined;
  /** Ends the utterance. */
  end(): DecodedWord[];
  /** Gives its memory back; the last call. */
  free(): void;
}

/** A recogniser with its models loaded. */
export interface Backend {
  /** Makes a decoder that remembers no other stream; does not hold up the thread. */
  open(): Promise<Decoder>;
  /** Where steps of several streams can be computed at once, for less than one after the other. */
  batch?: {
    /** At most so many. */
    limit: number;
    /** Does the work that the decoders have left. @throws when the streams can't go on */
    decode(decoders: readonly Decoder[]): void;
  };
}

/** Settings with which a process loads its backend, each kind with its own keys; plain data, since they are sent to it. */
export type BackendSettings = Readonly<Record<string, unknown>>;

/**
 * Loads a backend.
 * @throws BenchError when a library or a model is missing or no good
 */
export type LoadBackend = (settings: BackendSettings) => Promise<Backend>;
