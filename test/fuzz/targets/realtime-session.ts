import fc from "fast-check";
import { createRealtimeDialect } from "../../../src/gateway/dialects/realtime-dialect.ts";
import { wav } from "../binary.ts";
import { runSession } from "../gateway-session.ts";
import { jsonObject } from "../json.ts";
import { SESSION_WORDS, sessionScript } from "../session-grammar.ts";
import type { FuzzTarget } from "../target.ts";

const types = [
  "transcription_session.update",
  "input_audio_buffer.append",
  "input_audio_buffer.commit",
  "input_audio_buffer.clear",
  "input_audio_buffer.done",
];
const keys = [
  "type",
  "session",
  "audio",
  "runtime_config",
  "event_id",
  "input_audio_format",
  "input_audio_transcription",
  "language",
  "model",
  "input_audio_params",
  "sample_rate_hz",
  "num_channels",
  "recognition_config",
  "max_alternatives",
  "custom_configuration",
  "speaker_diarization",
  "max_speaker_count",
  "word_boosting",
  "enable_word_boosting",
  "word_boosting_list",
  "phrases",
  "boost",
  "endpointing_config",
  "stop_history",
  "stop_threshold",
];
const update = (session: string): string => `{"type":"transcription_session.update","session":${session}}`;
const append = (bytes: Buffer): string =>
  `{"type":"input_audio_buffer.append","audio":"${bytes.toString("base64")}"}`;

const message = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...types.slice(2)).map((type) => `{"type":"${type}"}`) },
  {
    weight: 3,
    arbitrary: fc
      .oneof(
        wav,
        fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
      )
      .map(append),
  },
  { weight: 1, arbitrary: jsonObject(keys, types) },
  { weight: 2, arbitrary: jsonObject(keys.slice(5), ["none", "pcm16", "a:b"]).map(update) },
  { weight: 1, arbitrary: fc.constant(update('{"input_audio_format":"none"}')) },
);

export const realtimeSession: FuzzTarget = {
  name: "realtime-session",
  about:
    "sessions of `/v1/realtime`: a caller's events and a recogniser's answers (gateway/connection.ts and below)",
  dictionary: [
    ...SESSION_WORDS,
    ...types,
    ...keys.map((key) => `"${key}":`),
    update('{"input_audio_format":"none"}'),
    "UklGRg==",
    "null",
    "1e999",
  ],
  grammar: sessionScript(
    [`t ${append(Buffer.alloc(320))}\no`, `t ${update('{"input_audio_format":"none"}')}`, ""],
    message,
  ),
  run: (input) => runSession("realtime", createRealtimeDialect, input),
};
