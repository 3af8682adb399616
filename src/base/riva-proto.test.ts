import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BenchError } from "./errors.ts";
import { rivaServices } from "./riva-proto.ts";
import type { Partially, RecognitionConfig, StreamingRecognitionResult } from "./riva-proto.ts";

const { asr, health } = rivaServices();

const hex = (bytes: Buffer): string => bytes.toString("hex");

/** Bytes of a RecognitionConfig: it is field 1 of RecognizeRequest, and short enough for a length of one byte. */
function configHex(config: Partially<RecognitionConfig>): string {
  const bytes = asr.Recognize.requestSerialize({ config });
  expect([bytes[0], bytes[1]]).toEqual([0x0a, bytes.length - 2]);
  return hex(bytes.subarray(2));
}

/** Bytes of a StreamingRecognitionResult, likewise. */
function resultHex(result: Partially<StreamingRecognitionResult>): string {
  const bytes = asr.StreamingRecognize.responseSerialize({ results: [result] });
  expect([bytes[0], bytes[1]]).toEqual([0x0a, bytes.length - 2]);
  return hex(bytes.subarray(2));
}

// The expected bytes are worked out by hand: tag = field number x 8 + wire type, then length or value.
describe("field numbers on the wire", () => {
  it.each<[string, Partially<RecognitionConfig>, string]>([
    ["encoding LINEAR_PCM = 1", { encoding: "LINEAR_PCM" }, "0801"],
    ["encoding OGGOPUS = 4", { encoding: "OGGOPUS" }, "0804"],
    ["encoding ALAW = 20", { encoding: "ALAW" }, "0814"],
    ["sample_rate_hertz = 2", { sample_rate_hertz: 16000 }, "10807d"],
    ["language_code = 3", { language_code: "en" }, "1a02656e"],
    ["max_alternatives = 4", { max_alternatives: 2 }, "2002"],
    ["profanity_filter = 5", { profanity_filter: true }, "2801"],
    ["boost = 4", { speech_contexts: [{ phrases: ["a"], boost: 4 }] }, "32080a01612500008040"],
    ["audio_channel_count = 7", { audio_channel_count: 1 }, "3801"],
    ["enable_word_time_offsets = 8", { enable_word_time_offsets: true }, "4001"],
    ["enable_automatic_punctuation = 11", { enable_automatic_punctuation: true }, "5801"],
    [
      "enable_separate_recognition_per_channel = 12",
      { enable_separate_recognition_per_channel: true },
      "6001",
    ],
    ["model = 13", { model: "m" }, "6a016d"],
    ["verbatim_transcripts = 14", { verbatim_transcripts: true }, "7001"],
    [
      "diarization_config = 19",
      { diarization_config: { enable_speaker_diarization: true, max_speaker_count: 3 } },
      "9a010408011003",
    ],
    ["custom_configuration = 24", { custom_configuration: { k: "v" } }, "c201060a016b120176"],
    ["endpointing_config = 25", { endpointing_config: { stop_history: 320 } }, "ca010318c002"],
    ["an optional field that is zero is sent", { endpointing_config: { start_history: 0 } }, "ca01020800"],
    [
      "all of EndpointingConfig",
      {
        endpointing_config: {
          start_threshold: 1,
          stop_threshold: 1,
          stop_history_eou: 1,
          stop_threshold_eou: 1,
        },
      },
      "ca0111150000803f250000803f2801350000803f",
    ],
  ])("%s", (_, config, expected) => {
    expect(configHex(config)).toBe(expected);
  });

  it("streaming request: config 1, audio 2, runtime_config 3, id 100", () => {
    const serialize = asr.StreamingRecognize.requestSerialize;
    expect(hex(serialize({ streaming_config: { interim_results: true }, id: { value: "r" } }))).toBe(
      "0a021001" + "a206030a0172",
    );
    expect(hex(serialize({ audio_content: Buffer.from([7, 8]) }))).toBe("12020708");
    expect(hex(serialize({ runtime_config: { k: "v" } }))).toBe("1a060a016b120176");
  });

  it.each<[string, Partially<StreamingRecognitionResult>, string]>([
    ["is_final = 2", { is_final: true }, "1001"],
    ["stability = 3", { stability: 1 }, "1d0000803f"],
    ["channel_tag = 5", { channel_tag: 1 }, "2801"],
    ["audio_processed = 6, float", { audio_processed: 1.5 }, "350000c03f"],
    ["pipeline_states = 7, packed", { pipeline_states: { vad_probabilities: [1] } }, "3a060a040000803f"],
    ["transcript = 1", { alternatives: [{ transcript: "a" }] }, "0a030a0161"],
    [
      "confidence = 2, language_code = 4",
      { alternatives: [{ confidence: 1, language_code: ["e"] }] },
      "0a08150000803f220165",
    ],
    [
      "words = 3: int32 times, word, confidence, speaker, language",
      {
        alternatives: [
          {
            words: [
              { start_time: 320, end_time: -1, word: "a", confidence: 1, speaker_tag: 2, language_code: "e" },
            ],
          },
        ],
      },
      "0a1d" + "1a1b" + "08c002" + "10ffffffffffffffffff01" + "1a0161" + "250000803f" + "2802" + "320165",
    ],
  ])("streaming result: %s", (_, result, expected) => {
    expect(resultHex(result)).toBe(expected);
  });

  it("offline result: channel_tag 2, audio_processed 3", () => {
    const bytes = asr.Recognize.responseSerialize({ results: [{ channel_tag: 1, audio_processed: 1.5 }] });
    expect(hex(bytes)).toBe("0a07" + "1001" + "1d0000c03f");
  });

  it("health: service 1, status 1", () => {
    expect(hex(health.Check.requestSerialize({ service: "a" }))).toBe("0a0161");
    expect(hex(health.Check.responseSerialize({ status: "SERVING" }))).toBe("0801");
  });
});

it("has the paths of Riva", () => {
  expect(asr.StreamingRecognize.path).toBe("/nvidia.riva.asr.RivaSpeechRecognition/StreamingRecognize");
  expect(asr.StreamingRecognize).toMatchObject({ requestStream: true, responseStream: true });
  expect(asr.Recognize.path).toBe("/nvidia.riva.asr.RivaSpeechRecognition/Recognize");
  expect(asr.GetRivaSpeechRecognitionConfig.path).toBe(
    "/nvidia.riva.asr.RivaSpeechRecognition/GetRivaSpeechRecognitionConfig",
  );
  expect(health.Check.path).toBe("/grpc.health.v1.Health/Check");
  expect(health.Watch).toMatchObject({ requestStream: false, responseStream: true });
});

it("shows a received message as the types say", () => {
  const { requestSerialize, requestDeserialize } = asr.StreamingRecognize;
  const request = requestDeserialize(
    requestSerialize({ streaming_config: { config: { encoding: "ALAW" } } }),
  );
  expect(request.id).toBeNull();
  expect(request).not.toHaveProperty("audio_content");
  expect(request.streaming_config).toMatchObject({
    interim_results: false,
    config: {
      encoding: "ALAW",
      language_code: "",
      speech_contexts: [],
      custom_configuration: {},
      diarization_config: null,
    },
  });
  expect(request.streaming_config?.config).not.toHaveProperty("endpointing_config");
});

describe("a broken installation", () => {
  const roots: string[] = [];
  afterAll(() => roots.forEach((root) => rmSync(root, { recursive: true })));

  const folderWith = (asrText?: string): string => {
    const root = mkdtempSync(join(tmpdir(), "protos-"));
    roots.push(root);
    const folder = join(root, "riva", "proto");
    mkdirSync(folder, { recursive: true });
    if (asrText !== undefined) {
      writeFileSync(join(folder, "riva_asr.proto"), asrText);
      writeFileSync(join(folder, "health.proto"), 'syntax = "proto3";');
    }
    return root;
  };

  it.each([
    ["no folder", join(tmpdir(), "no-such-protos"), /missing/],
    ["no files", folderWith(), /can't be read/],
    ["a file that does not parse", folderWith("message {"), /can't be read/],
    ["files without the services", folderWith('syntax = "proto3";'), /don't define/],
  ])("%s: says so, with a hint", (_, root, message) => {
    const load = (): unknown => rivaServices(root);
    expect(load).toThrow(BenchError);
    expect(load).toThrow(message);
    expect(load).toThrow(
      expect.objectContaining({ exitCode: 1, hint: expect.stringContaining("reinstall") as unknown }),
    );
  });
});
