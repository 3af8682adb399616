import type { StreamingRecognizeRequest } from "../../base/riva-proto.ts";
import { Rejection } from "./rejection.ts";

/** A message of a streaming call, or why it can't be one. */
export type StreamingRequest = StreamingRecognizeRequest | Rejection;

/** Tag of `audio_content`: field 2, length-delimited. */
const AUDIO_CONTENT_TAG = 0x12;

/**
 * Decodes a StreamingRecognizeRequest. All but the first message of a call are audio and nothing else; those are read here,
 * without copying, so that the server's share of the machine stays small beside the load generator's. The rest goes to
 * `decodeAny`. Never throws: gRPC would end the call by itself, and it would not be counted.
 */
export function decodeStreamingRequest(
  bytes: Buffer,
  decodeAny: (bytes: Buffer) => StreamingRecognizeRequest,
): StreamingRequest {
  const audio = plainAudio(bytes);
  if (audio) return { audio_content: audio, runtime_config: {}, id: null };
  try {
    return decodeAny(bytes);
  } catch {
    return new Rejection("Error deserializing request", "INTERNAL");
  }
}

/** The audio of a message that holds nothing else. */
function plainAudio(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== AUDIO_CONTENT_TAG) return undefined;
  let length = 0;
  let at = 1;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return at + length === bytes.length ? bytes.subarray(at) : undefined;
}
