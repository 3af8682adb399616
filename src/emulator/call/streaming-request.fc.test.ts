import fc from "fast-check";
import { expect, it } from "vitest";
import { rivaServices } from "../../base/riva-proto.ts";
import { Rejection } from "./rejection.ts";
import type { StreamingRequest } from "./streaming-request.ts";
import { decodeStreamingRequest } from "./streaming-request.ts";

const { requestSerialize, requestDeserialize } = rivaServices().asr.StreamingRecognize;

it("reads audio like the full decoder, without calling it", () => {
  fc.assert(
    fc.property(fc.nat(40_000), (length) => {
      const bytes = requestSerialize({ audio_content: Buffer.alloc(length, "speech") });
      const decoded = decodeStreamingRequest(bytes, () => expect.unreachable());
      const expected = requestDeserialize(bytes);
      // Vitest compares long buffers slowly.
      const audio = (request: StreamingRequest): string | undefined =>
        request instanceof Rejection ? undefined : request.audio_content?.toString("latin1");
      expect(audio(decoded)).toBe(audio(expected));
      expect(decoded).toMatchObject({ runtime_config: expected.runtime_config, id: expected.id });
    }),
  );
});

it("leaves messages with anything else in them to the full decoder", () => {
  const id = { value: "run/steady/1" };
  for (const message of [
    { audio_content: Buffer.from([1, 2, 3]), id },
    { audio_content: Buffer.from([1, 2, 3]), runtime_config: { force_eou: "true" } },
    { streaming_config: { config: { language_code: "en-US" }, interim_results: true }, id },
    {},
  ]) {
    const bytes = requestSerialize(message);
    expect(decodeStreamingRequest(bytes, requestDeserialize)).toEqual(requestDeserialize(bytes));
  }
});

it("refuses what is no such message", () => {
  const broken = Buffer.from([0x12, 0x05, 1]);
  expect(decodeStreamingRequest(broken, requestDeserialize)).toEqual(
    new Rejection("Error deserializing request", "INTERNAL"),
  );
});
