import fc from "fast-check";
import { expect, it } from "vitest";
import { rivaServices } from "../../base/riva-proto.ts";
import type { StreamingRecognitionResult } from "../../base/riva-proto.ts";
import { decodeResponse } from "./riva-decode.ts";

const { responseSerialize, responseDeserialize } = rivaServices().asr.StreamingRecognize;

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const float = fc.float();
const word = fc.record({
  start_time: int32,
  end_time: int32,
  word: fc.string({ unit: "grapheme" }),
  confidence: float,
  speaker_tag: int32,
  language_code: fc.string(),
});
const alternative = fc.record({
  transcript: fc.string({ unit: "grapheme" }),
  confidence: float,
  words: fc.array(word, { maxLength: 3 }),
  language_code: fc.array(fc.string(), { maxLength: 2 }),
});
const result = fc.record(
  {
    alternatives: fc.array(alternative, { maxLength: 3 }),
    is_final: fc.boolean(),
    stability: float,
    channel_tag: int32,
    audio_processed: fc.float({ min: 0 }),
    pipeline_states: fc.record({ vad_probabilities: fc.array(float) }),
  },
  { requiredKeys: ["alternatives", "is_final", "stability", "channel_tag", "audio_processed"] },
);
const response = fc.record({
  results: fc.array(result, { maxLength: 4 }),
  id: fc.record({ value: fc.string() }),
});

/** The same answer, worked out from the message objects of the proto loader. What is infinite counts as not given. */
function expected(results: readonly StreamingRecognitionResult[]): object {
  const textOf = (some: readonly StreamingRecognitionResult[]): string =>
    some.map((one) => one.alternatives[0]?.transcript ?? "").join("");
  const finals = results.filter((one) => one.is_final);
  const interims = results.filter((one) => !one.is_final);
  const told = finals.length > 0 ? finals : interims;
  const trailing = finals.length > 0 ? textOf(interims) : "";
  const stability = interims.find((one) => one.stability !== 0 && Number.isFinite(one.stability))?.stability;
  const processed = Math.max(0, ...results.map((one) => one.audio_processed).filter(Number.isFinite));
  const words = told.flatMap((one) => one.alternatives[0]?.words ?? []);
  return {
    atMs: 1,
    final: finals.length > 0,
    text: textOf(told),
    ...(trailing !== "" && { trailingInterim: trailing }),
    ...(stability !== undefined && { stability }),
    ...(processed > 0 && { audioProcessedS: processed }),
    ...(words.length > 0 && {
      words: words.map((one) => ({ word: one.word, startMs: one.start_time, endMs: one.end_time })),
    }),
  };
}

it("reads what the proto loader writes, to the same effect as the proto loader", () => {
  fc.assert(
    fc.property(response, (message) => {
      const bytes = responseSerialize(message);
      expect(decodeResponse(bytes, 1)).toEqual(expected(responseDeserialize(bytes).results));
    }),
  );
});

it("survives any bytes: an answer or an error, never a hang or a read beyond the end", () => {
  const damaged = fc.tuple(response, fc.nat(), fc.nat(255), fc.nat()).map(([message, at, value, length]) => {
    const bytes = Buffer.from(responseSerialize(message));
    if (bytes.length > 0) bytes[at % bytes.length] = value;
    return bytes.subarray(0, length % (bytes.length + 1));
  });
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(damaged, noise), (bytes) => {
      try {
        expect(typeof decodeResponse(bytes, 1).text).toBe("string");
      } catch (error) {
        expect(String(error)).toMatch(
          /^Error: (truncated message|malformed varint|field number 0|unknown wire type \d)$/,
        );
      }
    }),
    { numRuns: 2000 },
  );
});
