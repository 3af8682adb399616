import { readEvent } from "../../../src/client/websocket/nim-realtime-events.ts";
import { readSession } from "../../../src/client/websocket/nim-realtime-session.ts";
import { errorEventFailure } from "../../../src/client/http/web-failures.ts";
import { readGatewayEvent } from "../../../src/client/websocket/gateway-events.ts";
import { gatewayFailure } from "../../../src/client/websocket/gateway-events.ts";
import { jsonObject } from "../json.ts";
import { throwsPlainErrors } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const T = "conversation.item.input_audio_transcription.";
const keys = [
  "type",
  "delta",
  "transcript",
  "is_last_result",
  "words_info",
  "words",
  "word",
  "start_time",
  "end_time",
  "usage",
  "seconds",
  "error",
  "message",
  "code",
  "mock",
  "client_secret",
  "value",
  "text",
  "stability",
  "audio_processed_ms",
  "start_ms",
];
const values = [
  `${T}delta`,
  `${T}completed`,
  "conversation.created",
  "transcription_session.updated",
  "error",
  "ready",
  "end",
  "interim",
  "final",
];

export const realtimeEvent: FuzzTarget = {
  name: "realtime-event",
  about:
    "events of a NIM's or gateway's WebSocket to the client (client/nim-realtime-events.ts, gateway-events.ts)",
  dictionary: [
    ...keys.map((key) => `"${key}":`),
    ...values.map((value) => `"${value}"`),
    "null",
    "{}",
    "[]",
    "[{}]",
    "1e999",
  ],
  grammar: jsonObject(keys, values),
  run(input) {
    const text = input.toString("utf8");
    const heard = throwsPlainErrors(() => {
      const event = readEvent(text, 0);
      if (event.kind === "error") errorEventFailure(event.code, event.message, "streaming");
      return kind(event);
    });
    const said = throwsPlainErrors(() => {
      const event = readGatewayEvent(text, 0);
      if (event.kind === "error") gatewayFailure(event.code, event.message, "streaming");
      return kind(event);
    });
    throwsPlainErrors(() => readSession(text));
    return `${heard}, ${said}`;
  },
};

/** @throws Error when what the decoder made is not what its type says */
function kind(event: {
  kind: string;
  response?: { text: unknown; words?: { word: unknown; startMs: unknown; endMs: unknown }[] };
}): string {
  const { response } = event;
  if (response === undefined) return event.kind;
  const wordsHold = (response.words ?? []).every(
    ({ word, startMs, endMs }) =>
      typeof word === "string" && Number.isFinite(startMs) && Number.isFinite(endMs),
  );
  if (typeof response.text !== "string" || !wordsHold)
    throw new TypeError(`not a response: ${JSON.stringify(response)}`);
  return event.kind;
}
