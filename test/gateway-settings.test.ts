/** Recognition settings through both dialects, by value: what a scenario asks for is what the upstream is asked for. */
import { expect, test } from "vitest";
import { VirtualClock } from "./support/virtual-clock.ts";
import { startMessage } from "../src/client/websocket/gateway-events.ts";
import { sessionUpdate } from "../src/client/websocket/nim-realtime-session.ts";
import { recognitionConfig } from "../src/client/grpc/riva-encode.ts";
import type { RecognitionSettings, StreamSpec } from "../src/client/transport.ts";
import type { Dialect, DialectContext } from "../src/gateway/dialects/dialect.ts";
import { createRealtimeDialect } from "../src/gateway/dialects/realtime-dialect.ts";
import { defaultSession } from "../src/gateway/dialects/realtime-session.ts";
import type { SessionError } from "../src/gateway/dialects/result.ts";
import type { GatewaySession, SessionRequest } from "../src/gateway/session/session.ts";
import { createStreamDialect } from "../src/gateway/dialects/stream-dialect.ts";

const ALL: RecognitionSettings = {
  ...{ language: "de-DE", model: "m", interim: true },
  ...{ punctuation: true, wordTimeOffsets: true, verbatim: true, profanityFilter: true, maxAlternatives: 3 },
  boosting: [{ phrases: ["Riva", "NIM"], boost: 20 }],
  diarization: { maxSpeakers: 4 },
  endpointing: {
    ...{ startHistoryMs: 200, startThreshold: 0.1, stopHistoryMs: 800, stopThreshold: 0.9 },
    ...{ stopHistoryEouMs: 400, stopThresholdEou: 0.8 },
  },
  customConfiguration: { "neural_vad.onset": "0.85" },
};
const SPEC = { recognition: ALL, sampleRateHz: 8000 } as StreamSpec;
const AUDIO = JSON.stringify({ type: "input_audio_buffer.append", audio: "AAAA" });

interface Tried {
  /** Bytes of each piece of audio, and what is told beside it. */
  audio: [bytes: number, told: object | undefined][];
  request: SessionRequest | undefined;
  error: SessionError | undefined;
}

/** What comes of the messages: the request to the recogniser, or the refusal. */
function tell(create: (context: DialectContext) => Dialect, ...messages: (string | Buffer)[]): Tried {
  const tried: Tried = { audio: [], request: undefined, error: undefined };
  const silent = {
    audio: (bytes: Buffer, told?: object) => tried.audio.push([bytes.length, told]),
    end: (error: SessionError) => (tried.error = error),
  } as unknown as GatewaySession;
  const dialect = create({
    sessionId: "s",
    clock: new VirtualClock(),
    contain: (act) => act,
    chunkBytes: 1000,
    socket: {
      send: () => undefined,
      close: (error) => (tried.error = error),
      setReading: () => undefined,
    },
    begin(request) {
      tried.request = request;
      return silent;
    },
  });
  for (const message of messages)
    if (typeof message === "string") dialect.text(message);
    else dialect.binary(message);
  return tried;
}

const update = (session: object): string => JSON.stringify({ type: "transcription_session.update", session });
const stream = (start: object): Tried =>
  tell(createStreamDialect, JSON.stringify({ type: "start", ...start }));
const realtime = (session: object): Tried => tell(createRealtimeDialect, update(session), AUDIO);

test("the binary dialect asks Riva for all that a scenario asks for", () => {
  const { request } = tell(createStreamDialect, startMessage(SPEC));
  expect(request).toEqual({ recognition: ALL, sampleRateHz: 8000 });
});

test("so does the realtime dialect", () => {
  const { request } = realtime(sessionUpdate({ defaults: defaultSession("sess_1") }, SPEC));
  expect(request).toEqual({ recognition: ALL, sampleRateHz: 8000 });
  expect(recognitionConfig(request?.recognition ?? ALL, "LINEAR_PCM", 8000)).toMatchObject({
    speech_contexts: [{ phrases: ["Riva", "NIM"], boost: 20 }],
    diarization_config: { enable_speaker_diarization: true, max_speaker_count: 4 },
    endpointing_config: { start_history: 200, stop_history: 800, stop_history_eou: 400 },
    custom_configuration: { "neural_vad.onset": "0.85" },
  });
});

test("a session sent back as it came asks for nothing of its own", () => {
  const { recognition } = realtime(defaultSession("sess_1")).request ?? {};
  for (const key of ["boosting", "diarization", "endpointing", "customConfiguration"])
    expect(recognition).not.toHaveProperty(key);
});

test("custom configuration may be a text within recognition_config, as the default session has it", () => {
  const { request } = realtime({ recognition_config: { custom_configuration: "a:1, b:x:y" } });
  expect(request?.recognition.customConfiguration).toEqual({ a: "1", b: "x:y" });
});

test.each([
  ["boosting.0.boost", { boosting: [{ phrases: ["a"], boost: 1e9 }] }],
  ["boosting.0.phrases", { boosting: [{ phrases: [], boost: 1 }] }],
  ["diarization.max_speakers", { diarization: { max_speakers: -1 } }],
  ["endpointing.stop_threshold", { endpointing: { stop_threshold: 2 } }],
  ["endpointing", { endpointing: { nonsense: 1 } }],
  ["custom_configuration.a", { custom_configuration: { a: 1 } }],
])("a start message with a bad %s is refused by that name", (name, start) => {
  const { request, error } = stream(start);
  expect([request, error?.code]).toEqual([undefined, "bad_request"]);
  expect(error?.message).toContain(`start: ${name}:`);
});

test.each([
  [
    "word_boosting.word_boosting_list.0.phrases",
    { word_boosting: { word_boosting_list: [{ phrases: "a", boost: 1 }] } },
  ],
  ["speaker_diarization.max_speaker_count", { speaker_diarization: { max_speaker_count: "8" } }],
  ["endpointing_config.start_threshold", { endpointing_config: { start_threshold: 7 } }],
  ["custom_configuration.a", { custom_configuration: { a: true } }],
  ["recognition_config.custom_configuration", { recognition_config: { custom_configuration: "no pairs" } }],
])("an update with a bad %s is refused by that name", (name, session) => {
  const { request, error } = realtime(session);
  expect([request, error?.code]).toEqual([undefined, "bad_request"]);
  expect(error?.message).toContain(`session.${name}:`);
});

const FORCE = { force_eou: "true" };

test("runtime_config goes beside the audio that it came with, once", () => {
  const append = (more: object): string =>
    JSON.stringify({
      type: "input_audio_buffer.append",
      audio: Buffer.alloc(1200).toString("base64"),
      ...more,
    });
  // Cut at 1000 bytes here: what is told is told beside the end.
  expect(
    tell(createRealtimeDialect, append({}), append({ runtime_config: FORCE }), append({})).audio,
  ).toEqual([
    ...[[1000, undefined] as const, [200, undefined] as const, [1000, undefined] as const],
    ...[[200, FORCE] as const, [1000, undefined] as const, [200, undefined] as const],
  ]);
  const telling = JSON.stringify({ type: "runtime_config", values: FORCE });
  const pcm = Buffer.alloc(320);
  expect(tell(createStreamDialect, '{"type":"start"}', pcm, telling, pcm, pcm).audio).toEqual([
    [320, undefined],
    [320, FORCE],
    [320, undefined],
  ]);
});

test("runtime_config that is not texts by name is refused", () => {
  const append = { type: "input_audio_buffer.append", audio: "AAAA", runtime_config: { force_eou: true } };
  expect(tell(createRealtimeDialect, JSON.stringify(append)).error?.code).toBe("bad_request");
  const telling = JSON.stringify({ type: "runtime_config", values: "force_eou" });
  expect(tell(createStreamDialect, '{"type":"start"}', telling).error?.code).toBe("bad_request");
});
