import { rivaServices } from "../../../src/base/riva-proto.ts";
import { decodeStreamingRequest } from "../../../src/emulator/call/streaming-request.ts";
import { protobuf } from "../binary.ts";
import type { FuzzTarget } from "../target.ts";

const { requestDeserialize } = rivaServices().asr.StreamingRecognize;

export const rivaRequest: FuzzTarget = {
  name: "riva-request",
  about: "a caller's gRPC messages to the emulator (emulator/streaming-request.ts)",
  dictionary: ["\x12\x04", "\x0a\x02", "\xff\xff\xff\xff\x0f"],
  grammar: protobuf,
  run(input) {
    const request = decodeStreamingRequest(input, requestDeserialize);
    return request instanceof Error ? "refused" : Object.keys(request).join(" ");
  },
};
