import { decodeResponse } from "../../../src/client/grpc/riva-decode.ts";
import { rivaServices } from "../../../src/base/riva-proto.ts";
import { protobuf } from "../binary.ts";
import { fail, throwsPlainErrors } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const { responseDeserialize } = rivaServices().asr.StreamingRecognize;

export const rivaResponse: FuzzTarget = {
  name: "riva-response",
  about: "messages of a speech server to both gRPC transports (client/riva-decode.ts)",
  dictionary: [
    "\x0a",
    "\x10\x01",
    "\x1d",
    "\x35",
    "\x08",
    "\xff\xff\xff\xff\x0f",
    "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
  ],
  grammar: protobuf,
  run(input) {
    let seen = "";
    const outcome = throwsPlainErrors(() => {
      const {
        final,
        text,
        stability = 0,
        audioProcessedS = 0,
        words = [],
        trailingInterim,
      } = decodeResponse(input, 0);
      const times = words.flatMap(({ startMs, endMs }) => [startMs, endMs]);
      if (![stability, audioProcessedS, ...times].every(Number.isFinite) || audioProcessedS < 0)
        fail("a number that is none");
      seen = `${final} ${text.length > 0} ${stability !== 0} ${audioProcessedS > 0} ${Math.min(4, words.length)} ${trailingInterim !== undefined}`;
    });
    // Whatever the hand-written decoder takes, the library must not choke on with an error that grpc-js would not catch.
    if (outcome.startsWith("refused")) return outcome;
    throwsPlainErrors(() => {
      try {
        responseDeserialize(input);
      } catch (error) {
        throw new Error(String(error), { cause: error });
      }
    });
    return seen;
  },
};
