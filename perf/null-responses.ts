/**
 * Everything the null server ever says, as bytes made once: whole HTTP/2 frames in which only the stream id and
 * `audio_processed` are filled in. Encoded by hand (RFC 9113 frames, RFC 7541 literals, protobuf), so that it shares no
 * encoder with the clients it measures.
 */

import { SPOKEN_WORDS } from "./workload.ts";

export const FRAME_HEADER_BYTES = 9;
/** Frame types of RFC 9113 section 6 that the null server reads or writes. */
export const FRAME = { data: 0, headers: 1, rstStream: 3, settings: 4, ping: 6, windowUpdate: 8 } as const;
export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8 } as const;
/** The largest flow-control window there is. */
export const MAX_WINDOW_BYTES: number = 2 ** 31 - 1;
export const DEFAULT_WINDOW_BYTES = 65_535;

/** One frame; its stream id can be changed with `writeUInt32BE(id, 5)`. */
export function frame(type: number, flags: number, payload: Uint8Array, streamId = 0): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** A WINDOW_UPDATE frame for the connection. */
export function windowUpdate(incrementBytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(incrementBytes);
  return frame(FRAME.windowUpdate, 0, payload);
}

/**
 * The server's preface: SETTINGS with no limit on streams (id 3) and the largest window per stream (id 4), and the
 * largest window for the connection. One stream then never needs a WINDOW_UPDATE: 2 GiB are 18 hours of audio.
 */
export const SERVER_PREFACE: Buffer = Buffer.concat([
  frame(FRAME.settings, 0, Buffer.concat([setting(3, 2 ** 32 - 1), setting(4, MAX_WINDOW_BYTES)])),
  windowUpdate(MAX_WINDOW_BYTES - DEFAULT_WINDOW_BYTES),
]);

export const SETTINGS_ACK: Buffer = frame(FRAME.settings, FLAG.ack, Buffer.alloc(0));

/** `:status: 200` is entry 8 of the static table, `content-type` entry 31. */
export const RESPONSE_HEADERS: Buffer = frame(
  FRAME.headers,
  FLAG.endHeaders,
  Buffer.concat([Buffer.from([0x88, 0x0f, 31 - 15]), text("application/grpc")]),
);

export const OK_TRAILERS: Buffer = frame(
  FRAME.headers,
  FLAG.endHeaders | FLAG.endStream,
  Buffer.concat([Buffer.from([0x00]), text("grpc-status"), text("0")]),
);

/**
 * What a stream is told, `words` long from word number `from` of those spoken: partials that grow and a final that says the
 * same, as of a recogniser that hears well. `audio_processed` (little-endian float32, seconds) is the last four bytes.
 */
export function responseOf(from: number, words: number, final: boolean): Buffer {
  const key = (from * (SPOKEN_WORDS.length + 1) + words) * 2 + Number(final);
  const heard = Array.from({ length: words }, (_, i) => SPOKEN_WORDS[(from + i) % SPOKEN_WORDS.length]);
  return (responses[key] ??= response(heard.join(" "), final ? [0x10, 1] : [0x1d, 0, 0, 0, 0x3f]));
}

const responses: Buffer[] = [];

/** A DATA frame with one StreamingRecognizeResponse: results = 1 { alternatives = 1 { transcript = 1 }, mark, audio_processed = 6 }. */
function response(transcript: string, mark: number[]): Buffer {
  const alternative = field(1, text(transcript, 0x0a));
  const result = field(1, Buffer.concat([alternative, Buffer.from([...mark, 0x35, 0, 0, 0, 0])]));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(result.length, 1);
  return frame(FRAME.data, 0, Buffer.concat([prefix, result]));
}

/** A length-delimited protobuf field; both number and length fit one byte here. */
function field(number: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, payload.length]), payload]);
}

/** A length and its characters, as HPACK and (after a tag) protobuf both write short strings. */
function text(value: string, ...tag: number[]): Buffer {
  return Buffer.concat([Buffer.from([...tag, value.length]), Buffer.from(value, "latin1")]);
}

function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}
