import fc from "fast-check";
import { createStreamDialect } from "../../../src/gateway/dialects/stream-dialect.ts";
import { runSession } from "../gateway-session.ts";
import { jsonObject } from "../json.ts";
import { SESSION_WORDS, sessionScript } from "../session-grammar.ts";
import type { FuzzTarget } from "../target.ts";

const keys = [
  "type",
  "sample_rate_hz",
  "encoding",
  "language",
  "model",
  "interim",
  "word_times",
  "punctuation",
  "verbatim",
  "profanity_filter",
  "max_alternatives",
  "boosting",
  "phrases",
  "boost",
  "diarization",
  "max_speakers",
  "endpointing",
  "start_history_ms",
  "stop_threshold",
  "stop_history_eou_ms",
  "custom_configuration",
  "values",
];
const values = ["start", "finish", "runtime_config", "pcm16", "en-US"];
const message = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '{"type":"finish"}',
      '{"type":"runtime_config","values":{"force_eou":"true"}}',
      '{"type":"start"}',
    ),
  },
  { weight: 2, arbitrary: jsonObject(keys, values) },
  {
    weight: 2,
    arbitrary: jsonObject(keys.slice(1), values).map((json) => `{"type":"start",${json.slice(1)}`),
  },
);

export const streamSession: FuzzTarget = {
  name: "stream-session",
  about:
    "sessions of `/v1/stream`: a caller's messages and a recogniser's answers (gateway/connection.ts and below)",
  dictionary: [
    ...SESSION_WORDS,
    ...keys.map((key) => `"${key}":`),
    '{"type":"start"}',
    '{"type":"finish"}',
    "null",
    "1e999",
    "-1",
  ],
  grammar: sessionScript(
    [
      't {"type":"start"}',
      't {"type":"start"}\no',
      't {"type":"start","sample_rate_hz":8000,"interim":false}\no',
      "",
    ],
    message,
  ),
  run: (input) => runSession("stream", createStreamDialect, input),
};
