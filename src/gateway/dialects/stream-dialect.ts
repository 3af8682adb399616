/**
 * `/v1/stream`: one JSON message to start, PCM frames, one JSON message to finish; results as JSON. For the page, and for
 * load that costs little. `docs/gateway-protocol.md` has all of it.
 */
import { z } from "zod";
import type { RecognitionSettings } from "../../client/transport.ts";
import type { Dialect, DialectContext } from "./dialect.ts";
import { LONGEST_SETTINGS, parseObject, refusal } from "./dialect.ts";
import type { RuntimeConfig } from "../session/kept-audio.ts";
import {
  boosting,
  customConfiguration,
  endpointingOf,
  historyMs,
  maxAlternatives,
  maxSpeakersOf,
  runtimeConfig,
  speakers,
  threshold,
} from "./recognition-fields.ts";
import type { SessionError, SessionResult } from "./result.ts";
import type { GatewaySession, SessionCaller } from "../session/session.ts";

const startMessage = z.strictObject({
  type: z.literal("start"),
  sample_rate_hz: z.int().min(8000).max(48_000).default(16_000),
  encoding: z.literal("pcm16").default("pcm16"),
  language: z.string().min(1).max(40).default("en-US"),
  model: z.string().min(1).max(200).optional(),
  interim: z.boolean().default(true),
  word_times: z.boolean().optional(),
  punctuation: z.boolean().optional(),
  verbatim: z.boolean().optional(),
  profanity_filter: z.boolean().optional(),
  max_alternatives: maxAlternatives.optional(),
  boosting: boosting.optional(),
  diarization: z.strictObject({ max_speakers: speakers.optional() }).optional(),
  endpointing: z
    .strictObject({
      start_history_ms: historyMs.optional(),
      start_threshold: threshold.optional(),
      stop_history_ms: historyMs.optional(),
      stop_threshold: threshold.optional(),
      stop_history_eou_ms: historyMs.optional(),
      stop_threshold_eou: threshold.optional(),
    })
    .optional(),
  custom_configuration: customConfiguration.optional(),
});

export function createStreamDialect(context: DialectContext): Dialect {
  const { socket } = context;
  let session: GatewaySession | undefined;
  /** Told beside the next piece of audio. */
  let toTell: RuntimeConfig | undefined;
  let over = false;

  function stop(error: SessionError): void {
    if (session !== undefined) session.end(error);
    else end(error);
  }

  function end(error: SessionError | undefined): void {
    if (over) return;
    over = true;
    if (error === undefined) socket.send({ type: "end" });
    else socket.send(errorEvent(error));
    socket.close(error);
  }

  const caller: SessionCaller = {
    ready: (upstream) => socket.send({ type: "ready", upstream }),
    result: (result) => socket.send(resultEvent(result), !result.final),
    ended: end,
    setReading: (reading) => socket.setReading(reading),
  };

  function start(message: Record<string, unknown>): void {
    const parsed = startMessage.safeParse(message);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      stop(
        refusal(
          "bad_request",
          `start: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not understood"}`,
        ),
      );
      return;
    }
    const { sample_rate_hz: sampleRateHz, ...wanted } = parsed.data;
    session = context.begin({ recognition: recognitionOf(wanted), sampleRateHz }, caller);
  }

  function tell(message: Record<string, unknown>): void {
    const parsed = runtimeConfig.safeParse(message["values"]);
    if (parsed.success) toTell = { ...toTell, ...parsed.data };
    else stop(refusal("bad_request", "runtime_config: values holds texts by name"));
  }

  return {
    text(text) {
      if (over) return;
      const message = text.length > LONGEST_SETTINGS ? undefined : parseObject(text);
      if (text.length > LONGEST_SETTINGS)
        stop(refusal("too_large", `a message holds ${LONGEST_SETTINGS} characters at most`));
      else if (message === undefined) stop(refusal("bad_request", "not a JSON object"));
      else if (message["type"] === "start" && session === undefined) start(message);
      else if (message["type"] === "start") stop(refusal("bad_request", "the session has started already"));
      else if (message["type"] === "finish" && session !== undefined) session.finish();
      else if (message["type"] === "runtime_config" && session !== undefined) tell(message);
      else if (session === undefined)
        stop(refusal("bad_request", 'the first message must be of type "start"'));
      else stop(refusal("bad_request", "unknown message type; known are start, runtime_config and finish"));
    },
    binary(bytes) {
      if (over) return;
      if (session === undefined) stop(refusal("bad_request", "audio before the start message"));
      else if (bytes.length % 2 !== 0)
        stop(refusal("bad_request", `${bytes.length} bytes are no 16-bit samples`));
      else if (bytes.length > context.chunkBytes)
        stop(refusal("too_large", `a frame holds ${context.chunkBytes} bytes of audio at most`));
      else {
        session.audio(bytes, toTell);
        toTell = undefined;
      }
    },
    stop,
    gone() {
      over = true;
      session?.end();
    },
  };
}

function recognitionOf(wanted: Omit<z.infer<typeof startMessage>, "sample_rate_hz">): RecognitionSettings {
  const { language, model, interim, word_times, punctuation, verbatim, profanity_filter } = wanted;
  const { max_alternatives, diarization, endpointing = {}, custom_configuration } = wanted;
  const endpointed = endpointingOf({
    start_history: endpointing.start_history_ms,
    start_threshold: endpointing.start_threshold,
    stop_history: endpointing.stop_history_ms,
    stop_threshold: endpointing.stop_threshold,
    stop_history_eou: endpointing.stop_history_eou_ms,
    stop_threshold_eou: endpointing.stop_threshold_eou,
  });
  return {
    language,
    interim,
    ...(model === undefined ? {} : { model }),
    ...(word_times === undefined ? {} : { wordTimeOffsets: word_times }),
    ...(punctuation === undefined ? {} : { punctuation }),
    ...(verbatim === undefined ? {} : { verbatim }),
    ...(profanity_filter === undefined ? {} : { profanityFilter: profanity_filter }),
    ...(max_alternatives === undefined ? {} : { maxAlternatives: max_alternatives }),
    ...(wanted.boosting === undefined ? {} : { boosting: wanted.boosting }),
    ...(diarization === undefined ? {} : { diarization: maxSpeakersOf(diarization.max_speakers) }),
    ...(endpointed === undefined ? {} : { endpointing: endpointed }),
    ...(custom_configuration === undefined ? {} : { customConfiguration: custom_configuration }),
  };
}

function resultEvent({ id, segment, final, text, stability, audioProcessedMs, words }: SessionResult) {
  return {
    type: final ? "final" : "interim",
    id,
    segment,
    text,
    ...(stability === undefined ? {} : { stability }),
    ...(audioProcessedMs === undefined ? {} : { audio_processed_ms: audioProcessedMs }),
    ...(words === undefined
      ? {}
      : { words: words.map(({ word, startMs, endMs }) => ({ word, start_ms: startMs, end_ms: endMs })) }),
  };
}

function errorEvent({ code, message, lost }: SessionError) {
  return {
    type: "error",
    code,
    message,
    ...(lost === undefined ? {} : { lost: { from_ms: lost.fromMs, to_ms: lost.toMs } }),
  };
}
