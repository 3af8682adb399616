/**
 * A StreamingRecognizeResponse straight from its bytes to an `AsrResponse`: no message objects in between, and nothing
 * read that nobody looks at (confidences, languages, second alternatives). Protocol Buffers wire format as in
 * https://protobuf.dev/programming-guides/encoding; fields that are not known, or have another wire type than ours, are
 * skipped as the format asks.
 */
import type { AsrResponse, WordTime } from "../transport.ts";

// Wire types, the low three bits of a tag.
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

// Tags as they stand on the wire: field number x 8 + wire type.
const RESPONSE_RESULTS = (1 << 3) | LENGTH_DELIMITED;
const RESULT_ALTERNATIVES = (1 << 3) | LENGTH_DELIMITED;
const RESULT_IS_FINAL = (2 << 3) | VARINT;
const RESULT_STABILITY = (3 << 3) | FIXED32;
const RESULT_AUDIO_PROCESSED = (6 << 3) | FIXED32;
const ALTERNATIVE_TRANSCRIPT = (1 << 3) | LENGTH_DELIMITED;
const ALTERNATIVE_WORDS = (3 << 3) | LENGTH_DELIMITED;
const WORD_START_TIME = (1 << 3) | VARINT;
const WORD_END_TIME = (2 << 3) | VARINT;
const WORD_TEXT = (3 << 3) | LENGTH_DELIMITED;

/**
 * Decodes one message.
 *
 * @param bytes The whole message.
 * @param atMs When it came; copied to the result.
 * @throws Error when the bytes are not a well-formed message.
 */
export function decodeResponse(bytes: Buffer, atMs: number): AsrResponse {
  return new ResponseReader(bytes, atMs).read();
}

/** Reads one message, front to back; `#at` is the next byte. Everything below the message is added up on the way. */
class ResponseReader {
  readonly #bytes: Buffer;
  #at = 0;
  readonly #response: AsrResponse;
  #interimText = "";
  #interimWords: WordTime[] | undefined;

  // The first alternative of the result being read.
  #transcript = "";
  #words: WordTime[] | undefined;

  constructor(bytes: Buffer, atMs: number) {
    this.#bytes = bytes;
    this.#response = { atMs, final: false, text: "" };
  }

  read(): AsrResponse {
    const end = this.#bytes.length;
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (tag === RESPONSE_RESULTS) this.#result(this.#endOfField(end));
      else this.#skip(tag, end);
    }
    const response = this.#response;
    if (!response.final) {
      response.text = this.#interimText;
      if (this.#interimWords !== undefined) response.words = this.#interimWords;
    } else if (this.#interimText !== "") {
      response.trailingInterim = this.#interimText;
    }
    return response;
  }

  /** Adds one result to the response. Which list it belongs to is known only at its end: is_final comes after the text. */
  #result(end: number): void {
    const response = this.#response;
    let alternatives = 0;
    let final = false;
    let stability = 0;
    let processed = 0;
    this.#transcript = "";
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (tag === RESULT_ALTERNATIVES && alternatives++ === 0) this.#alternative(this.#endOfField(end));
      else if (tag === RESULT_IS_FINAL) final = this.#varint(end) !== 0;
      else if (tag === RESULT_STABILITY) stability = this.#float(end);
      else if (tag === RESULT_AUDIO_PROCESSED) processed = this.#float(end);
      else this.#skip(tag, end);
    }
    // Zero is the default of proto3, so here and for the stability it means "not given"; so do Infinity and NaN.
    if (processed > (response.audioProcessedS ?? 0) && processed < Infinity)
      response.audioProcessedS = processed;
    const words = this.#takeWords();
    if (final) {
      response.final = true;
      response.text += this.#transcript;
      if (words !== undefined) response.words = response.words?.concat(words) ?? words;
    } else {
      this.#interimText += this.#transcript;
      if (words !== undefined) this.#interimWords = this.#interimWords?.concat(words) ?? words;
      if (stability !== 0 && Number.isFinite(stability)) response.stability ??= stability;
    }
  }

  #takeWords(): WordTime[] | undefined {
    const words = this.#words;
    this.#words = undefined;
    return words;
  }

  #alternative(end: number): void {
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (tag === ALTERNATIVE_TRANSCRIPT) this.#transcript = this.#string(end);
      else if (tag === ALTERNATIVE_WORDS) (this.#words ??= []).push(this.#word(this.#endOfField(end)));
      else this.#skip(tag, end);
    }
  }

  #word(end: number): WordTime {
    const word: WordTime = { word: "", startMs: 0, endMs: 0 };
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (tag === WORD_START_TIME) word.startMs = this.#varint(end);
      else if (tag === WORD_END_TIME) word.endMs = this.#varint(end);
      else if (tag === WORD_TEXT) word.word = this.#string(end);
      else this.#skip(tag, end);
    }
    return word;
  }

  /** A varint's low 32 bits, signed: what int32, bool, tags and lengths need. */
  #varint(end: number): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= end) throw new Error("truncated message");
      const byte = this.#bytes[this.#at++] ?? 0;
      // Shifts of 32 and more wrap around in JavaScript: those bits lie above what is kept.
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error("malformed varint");
  }

  #float(end: number): number {
    const at = this.#advance(4, end);
    return this.#bytes.readFloatLE(at);
  }

  #string(end: number): string {
    const stringEnd = this.#endOfField(end);
    const text = this.#bytes.toString("utf8", this.#at, stringEnd);
    this.#at = stringEnd;
    return text;
  }

  /** Reads the length of a length-delimited field; returns where the field ends. */
  #endOfField(end: number): number {
    const length = this.#varint(end);
    if (length < 0 || length > end - this.#at) throw new Error("truncated message");
    return this.#at + length;
  }

  /** Steps over `bytes`; returns where they began. */
  #advance(bytes: number, end: number): number {
    const at = this.#at;
    if (bytes > end - at) throw new Error("truncated message");
    this.#at = at + bytes;
    return at;
  }

  #skip(tag: number, end: number): void {
    if (tag >>> 3 === 0) throw new Error("field number 0");
    switch (tag & 7) {
      case VARINT:
        this.#varint(end);
        break;
      case FIXED64:
        this.#advance(8, end);
        break;
      case LENGTH_DELIMITED:
        this.#at = this.#endOfField(end);
        break;
      case FIXED32:
        this.#advance(4, end);
        break;
      default:
        // 3 and 4 are the groups of proto2, which Riva's proto3 messages can't hold; 6 and 7 never existed.
        throw new Error(`unknown wire type ${tag & 7}`);
    }
  }
}
