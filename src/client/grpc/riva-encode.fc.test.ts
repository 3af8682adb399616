import fc from "fast-check";
import { expect, it } from "vitest";
import { rivaServices } from "../../base/riva-proto.ts";
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
    boosting: [
      { phrases: ["Riva", "NIM"], boost: 20 },
      { phrases: ["um"], boost: -5 },
    ],
    diarization: { maxSpeakers: 4 },
    endpointing: { startHistoryMs: 200, stopHistoryMs: 800, stopThreshold: 0.5, stopHistoryEouMs: 320 },
    customConfiguration: { "neural_vad.onset": "0.85", get_vad_probabilities: "true" },
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
        speech_contexts: recognition.boosting,
        diarization_config: { enable_speaker_diarization: true, max_speaker_count: 4 },
        endpointing_config: {
          ...{ start_history: 200, stop_history: 800, stop_threshold: 0.5, stop_history_eou: 320 },
        },
        custom_configuration: recognition.customConfiguration,
      },
    },
  });
});

it("puts runtime configuration beside the audio", () => {
  const audio = Uint8Array.from([1, 2, 3]);
  expect(requestDeserialize(encodeAudio(audio, { force_eou: "true" }))).toMatchObject({
    ...{ audio_content: Buffer.from(audio), runtime_config: { force_eou: "true" } },
  });
});
