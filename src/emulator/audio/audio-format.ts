/** What audio says of itself in its header, and whether that agrees with what the call's configuration says of it. */
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import { Rejection } from "../call/rejection.ts";

/** Rate of the imitated models, taken when neither configuration nor header names one. */
export const MODEL_RATE_HZ = 16_000;

export type LinearEncoding = "LINEAR_PCM" | "MULAW" | "ALAW";
export type CodedEncoding = "FLAC" | "OGGOPUS";

/** Audio as its header describes it. */
export interface AudioFormat {
  encoding: LinearEncoding | CodedEncoding;
  /** Undefined when the configuration's may be any: Opus is decoded at whatever rate is wanted. */
  sampleRateHz: number | undefined;
  channels: number;
}

/** Turns the bytes of one stream into samples, each as soon as its last byte has come. */
export interface AudioDecoder {
  /** Rate of the samples; undefined until the stream has told. */
  readonly sampleRateHz: number | undefined;
  /**
   * The samples that `bytes` complete, in memory that stays as it is. What is incomplete when the stream ends is not heard.
   * @throws Rejection for what is no such stream, or contradicts the configuration
   */
  push(bytes: Buffer): Int16Array;
  /** Gives back what is held outside of JavaScript, where that is anything; the last call. */
  free?(): void;
}

/** @throws Rejection when `format` is not what `config` announced, or not mono */
export function mustAgree(config: RecognitionConfig, format: AudioFormat): void {
  const { encoding, sample_rate_hertz: rateHz, audio_channel_count: channels } = config;
  const agreed =
    (encoding === "ENCODING_UNSPECIFIED" || encoding === format.encoding) &&
    (rateHz === 0 || rateHz === (format.sampleRateHz ?? rateHz)) &&
    (channels === 0 || channels === format.channels);
  if (!agreed) throw headerMismatch();
  if (format.channels !== 1) throw onlyMono();
}

/** Real servers say so when a file is not what the configuration announced. */
export function headerMismatch(): Rejection {
  return new Rejection("Error: config format doesn't match with header format");
}

export function unsupported(what: string): Rejection {
  return new Rejection(
    `${what} is not supported: this emulator takes LINEAR_PCM (16 bit), MULAW, ALAW, FLAC (16 bit) and OGGOPUS.`,
  );
}

/** A stream of this encoding that can't be decoded. */
export function broken(encoding: CodedEncoding, why: string): Rejection {
  return new Rejection(`Error: invalid ${encoding} audio: ${why}`);
}

export function onlyMono(): Rejection {
  return new Rejection("Only mono audio supported.");
}

/** Pieces of audio as one; a single piece is not copied. */
export function joined(pieces: readonly Int16Array[]): Int16Array {
  const [first, second] = pieces;
  if (second === undefined) return first ?? new Int16Array(0);
  const all = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
