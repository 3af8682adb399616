/**
 * The seam between the harness and a speech server. A transport speaks one dialect; the load generator, `check`,
 * `transcribe` and the gateway see only these types.
 *
 * The contract every transport is held to by `test/conformance/`:
 *
 * - `open` never throws and never blocks; whatever happens is told to the listener.
 * - A listener hears `onOpen` at most once, then any number of `onAccepted` and `onResponse`, then `onEnd` exactly once,
 *   and nothing after it. Nothing is told before `open` has returned.
 * - Stamps are taken in the first line of the socket's callback and never go back within a stream.
 * - `send`, `finish` and `cancel` after the end do nothing.
 * - `cancel` gives `onEnd` with class `cancelled` soon; `close` ends every open stream the same way.
 * - Time limits are the transport's own: `readyTimeoutMs` until `onOpen`, `flushTimeoutMs` from `finish` to the end.
 * - A target's failure is data (`Outcome`), never an exception.
 */
import type { Clock } from "../base/clock.ts";
import type { Outcome } from "../base/outcome.ts";
import type { Endpoint } from "./endpoint.ts";

/** How the audio bytes are coded on the wire. Names are Riva's. */
export type AudioEncoding = "LINEAR_PCM" | "MULAW" | "ALAW" | "FLAC" | "OGGOPUS";

/** Recognition settings of a stream; what is left out is left to the server. */
export interface RecognitionSettings {
  /** BCP-47 code. */
  language: string;
  /** Pipeline name; absent = the server picks. */
  model?: string;
  /** Ask for non-final hypotheses. */
  interim: boolean;
  punctuation?: boolean;
  wordTimeOffsets?: boolean;
  /** True = no inverse text normalisation. */
  verbatim?: boolean;
  profanityFilter?: boolean;
  maxAlternatives?: number;
  /** Phrases to favour, and how much. */
  boosting?: { phrases: string[]; boost: number }[];
  /** Tell speakers apart. */
  diarization?: { maxSpeakers?: number };
  /** When speech starts and ends; what is left out is the server's choice. Thresholds are shares, 0 to 1. */
  endpointing?: Endpointing;
  /** Settings of one server or model, passed on as they are. */
  customConfiguration?: Record<string, string>;
  /** Sent beside the chunk in which speech ends, such as `force_eou: "true"`. Servers without it ignore it. */
  runtimeConfig?: Record<string, string>;
}

/** The `Eou` pair is a first, quicker pass that ends in a hypothesis of stability 1. */
export interface Endpointing {
  startHistoryMs?: number;
  startThreshold?: number;
  stopHistoryMs?: number;
  stopThreshold?: number;
  stopHistoryEouMs?: number;
  stopThresholdEou?: number;
}

/** What a stream needs to be opened. */
export interface StreamSpec {
  recognition: RecognitionSettings;
  encoding: AudioEncoding;
  sampleRateHz: number;
  /** Sent as the request id where the dialect has one, so that server logs can be joined. */
  requestId: string;
  /** W3C Trace Context header, so that the server's own spans join the session's. */
  traceparent?: string;
  /** Limit from `open` to `onOpen`. */
  readyTimeoutMs: number;
  /** Limit from `finish` to `onEnd`; passing it is failure class `deadline`. */
  flushTimeoutMs: number;
}

/** One recognised word with its place in the stream. */
export interface WordTime {
  word: string;
  startMs: number;
  endMs: number;
}

/** One message from the server; empty ones (no results) are told too. */
export interface AsrResponse {
  /** When the callback ran, on the process's monotonic clock. */
  atMs: number;
  /** True when the message holds at least one final result. */
  final: boolean;
  /** Text of the final results (joined as sent) when `final`, else of all interim results; "" when there is none. */
  text: string;
  /** Interim text that came in the same message as a final. */
  trailingInterim?: string;
  /** Stability of the first interim result; exactly 1 marks a first-pass end of utterance on Riva. */
  stability?: number;
  /** Seconds of the stream that the server says it has processed (float32 on the wire); absent when not given. */
  audioProcessedS?: number;
  /** Words with times, when the server gave them. */
  words?: WordTime[];
}

/** Who hears what happens to a stream. Methods, not event objects: the timed path allocates nothing for them. */
export interface StreamListener {
  /**
   * Transport up and configuration accepted: the server's acknowledgement, or where the dialect has none, the flush.
   * @param configuredMs the moment before the configuration was handed over
   */
  onOpen(atMs: number, configuredMs: number): void;
  /** The transport took chunk `index` (0-based, in order of `send`) off our hands. */
  onAccepted(index: number, atMs: number): void;
  onResponse(response: AsrResponse): void;
  /** Always last, exactly once. */
  onEnd(atMs: number, outcome: Outcome): void;
}

/** A chunk of audio in the wire form of one transport; made by `encodeChunk`, shared by any number of sessions. */
export type EncodedChunk = Uint8Array & { readonly __encodedChunk?: never };

export interface AsrStream {
  /** Hands a chunk to the transport. False: it is backed up (the chunk is queued all the same). */
  send(chunk: EncodedChunk): boolean;
  /** No more audio: half-close. Starts the flush limit. */
  finish(): void;
  /**
   * False: responses are left on the socket, so that flow control holds the server up; true: they are read again. A stream
   * begins reading, and reads again after `finish`. The stamp of a response is when it was read.
   */
  setReading(reading: boolean): void;
  /** Gives up; `onEnd` follows with class `cancelled`. */
  cancel(reason: string): void;
}

/** What any transport may need to know; each takes what concerns it. */
export interface TransportOptions extends Endpoint {
  clock: Clock;
  /** Streams a connection carries at most, where streams share one; default 50, half of what servers and proxies allow. */
  streamsPerConnection?: number;
  /** Index of the address that the first session goes to; workers begin with different ones. */
  firstAddress?: number;
}

/** What `warmUp` found out. */
export interface WarmUpResult {
  /** Connections that are open and ready for streams; 0 where each stream opens its own. */
  connections: number;
  /** From the first connection attempt until all were ready; where streams open their own, what one took. */
  tookMs: number;
}

export interface AsrTransport {
  readonly name: string;
  /**
   * Wire form of one chunk; call once per clip and chunk size, outside the timed path.
   * @param runtimeConfig what to tell the server beside it
   */
  encodeChunk(audio: Uint8Array, runtimeConfig?: Readonly<Record<string, string>>): EncodedChunk;
  /**
   * Opens the connections that `streams` concurrent sessions need, before the clock starts.
   * @throws BenchError (exit 7) that says why the target can't be reached.
   */
  warmUp(streams: number, timeoutMs: number): Promise<WarmUpResult>;
  open(spec: StreamSpec, listener: StreamListener): AsrStream;
  /** Streams opened so far on each of the server's addresses; empty unless `route.addresses` names them. */
  sessionsByAddress(): Record<string, number>;
  /** Ends every open stream as cancelled and releases the connections. */
  close(): Promise<void>;
}
