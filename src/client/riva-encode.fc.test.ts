import fc from "fast-check";
import { expect, it } from "vitest";
import { rivaServices } from "../base/riva-proto.ts";
import { encodeAudio, encodeConfig } from "./riva-encode.ts";

const { requestSerialize, requestDeserialize } = rivaServices().asr.StreamingRecognize;

it("writes audio as the proto loader does", () => {
  // Lengths around the steps of the varint: 127 and 16383.
  const length = fc.oneof(fc.nat(300), fc.integer({ min: 16_370, max: 16_400 }), fc.constant(2_100_000));
  fc.assert(
    fc.property(length, fc.nat(255), (bytes, value) => {
      const audio = new Uint8Array(bytes).fill(value);
      const expected = requestSerialize({ audio_content: Buffer.from(audio) });
      // An empty chunk differs: the loader leaves out what is empty, and a request without a member is not audio.
      expect(Buffer.compare(encodeAudio(audio), bytes === 0 ? Buffer.from([0x12, 0]) : expected)).toBe(0);
    }),
    { numRuns: 60 },
  );
});

it("sends what is set and leaves the rest to the server", () => {
  const spec = {
    recognition: { language: "en-US", interim: true },
    encoding: "MULAW" as const,
    sampleRateHz: 8000,
    requestId: "run/steady/7",
    readyTimeoutMs: 1,
    flushTimeoutMs: 1,
  };
  expect(requestDeserialize(encodeConfig(spec))).toMatchObject({
    id: { value: "run/steady/7" },
    streaming_config: {
      interim_results: true,
      config: {
        encoding: "MULAW",
        sample_rate_hertz: 8000,
        audio_channel_count: 1,
        language_code: "en-US",
        model: "",
      },
    },
  });
  const recognition = {
    language: "de-DE",
    interim: false,
    model: "m",
    punctuation: true,
    wordTimeOffsets: true,
    verbatim: true,
    profanityFilter: true,
    maxAlternatives: 3,
  };
  expect(requestDeserialize(encodeConfig({ ...spec, recognition }))).toMatchObject({
    streaming_config: {
      interim_results: false,
      config: {
        model: "m",
        enable_automatic_punctuation: true,
        enable_word_time_offsets: true,
        verbatim_transcripts: true,
        profanity_filter: true,
        max_alternatives: 3,
      },
    },
  });
});
