import type { StreamingRecognizeRequest } from "../base/riva-proto.ts";

/** Tag of `audio_content`: field 2, length-delimited. */
const AUDIO_CONTENT_TAG = 0x12;

/**
 * Decodes a StreamingRecognizeRequest. All but the first message of a call are audio and nothing else; those are read here,
 * without copying, so that the server's share of the machine stays small beside the load generator's. The rest goes to
 * `decodeAny`.
 */
export function decodeStreamingRequest(
  bytes: Buffer,
  decodeAny: (bytes: Buffer) => StreamingRecognizeRequest,
): StreamingRecognizeRequest {
  if (bytes[0] !== AUDIO_CONTENT_TAG) return decodeAny(bytes);
  let length = 0;
  let at = 1;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (at + length !== bytes.length) return decodeAny(bytes);
  return { audio_content: bytes.subarray(at), runtime_config: {}, id: null };
}
