import fc from "fast-check";
import { decodeResponse } from "../../../src/client/grpc/riva-decode.ts";
import { FrameReader, frameMessage } from "../../../src/client/grpc/riva-h2-frames.ts";
import { protobuf } from "../binary.ts";
import { fail, throwsPlainErrors } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

/** First byte: how long the pieces are that the rest comes in. */
export const grpcFrames: FuzzTarget = {
  name: "grpc-frames",
  about: "a speech server's HTTP/2 data to riva-h2, cut anywhere (client/riva-h2-frames.ts)",
  dictionary: ["\0\0\0\0\0", "\0\0\0\0\x05", "\x01\0\0\0\0", "\0\x7f\xff\xff\xff", "\0\x08\0\0\0"],
  grammar: fc
    .tuple(fc.nat({ max: 255 }), fc.array(protobuf.map(frameMessage), { maxLength: 4 }))
    .map(([cut, frames]) => Buffer.concat([Buffer.from([cut]), ...frames])),
  run: (input) =>
    throwsPlainErrors(() => {
      const piece = Math.max(1, input[0] ?? 1);
      const reader = new FrameReader();
      const messages: unknown[] = [];
      let bytes = 0;
      for (let at = 1; at < input.length; at += piece) {
        reader.add(input.subarray(at, at + piece));
        for (let message = reader.next(); message !== undefined; message = reader.next()) {
          bytes += message.length + 5;
          messages.push(decodeResponse(message, 0));
        }
      }
      if (bytes > input.length - 1) fail(`${bytes} bytes of messages in ${input.length - 1}`);
      return messages;
    }),
};
