/** A session of a NIM's realtime dialect: created by HTTP before its WebSocket, configured by one event on it. */
import { isRecord } from "../../base/record.ts";
import { endpointingConfig } from "../grpc/riva-encode.ts";
import type { StreamSpec } from "../transport.ts";

/** What the server gave: its defaults, and where it wants to know who we are, a secret for the WebSocket. */
export interface CreatedSession {
  defaults: Readonly<Record<string, unknown>>;
  secret?: string;
}

/**
 * Reads the answer to the session's POST.
 * @throws Error when it is no session
 */
export function readSession(body: string): CreatedSession {
  const session: unknown = JSON.parse(body);
  if (!isRecord(session)) throw new Error("the session is not a JSON object");
  const { client_secret: secret, ...defaults } = session;
  const value = isRecord(secret) ? secret["value"] : undefined;
  return { defaults, ...(typeof value === "string" && { secret: value }) };
}

/**
 * The session to ask for: the server's defaults, as its own clients send them back, with what the stream needs. What the
 * settings leave open stays the server's choice. The dialect has no word for `interim`: it always tells hypotheses.
 */
export function sessionUpdate({ defaults }: CreatedSession, spec: StreamSpec): Record<string, unknown> {
  const { recognition, sampleRateHz } = spec;
  const { boosting, diarization, endpointing, customConfiguration } = recognition;
  const { language, model, punctuation, wordTimeOffsets, verbatim, profanityFilter, maxAlternatives } =
    recognition;
  return {
    ...defaults,
    input_audio_format: "pcm16",
    input_audio_params: { sample_rate_hz: sampleRateHz, num_channels: 1 },
    input_audio_transcription: {
      ...part(defaults, "input_audio_transcription"),
      language,
      ...given("model", model),
    },
    recognition_config: {
      ...part(defaults, "recognition_config"),
      ...given("max_alternatives", maxAlternatives),
      ...given("enable_automatic_punctuation", punctuation),
      ...given("enable_word_time_offsets", wordTimeOffsets),
      ...given("enable_profanity_filter", profanityFilter),
      ...given("enable_verbatim_transcripts", verbatim),
    },
    ...(boosting !== undefined && {
      word_boosting: { enable_word_boosting: true, word_boosting_list: boosting },
    }),
    ...(diarization !== undefined && {
      speaker_diarization: {
        ...part(defaults, "speaker_diarization"),
        enable_speaker_diarization: true,
        ...given("max_speaker_count", diarization.maxSpeakers),
      },
    }),
    ...(endpointing !== undefined && {
      endpointing_config: { ...part(defaults, "endpointing_config"), ...endpointingConfig(endpointing) },
    }),
    // An object at the top, as NVIDIA's own client sends it, though the defaults show a string elsewhere.
    ...given("custom_configuration", customConfiguration),
  };
}

function given(key: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [key]: value };
}

function part(defaults: CreatedSession["defaults"], key: string): Record<string, unknown> {
  const value = defaults[key];
  return isRecord(value) ? value : {};
}

/** JSON holds numbers such as 1e999, which are read as Infinity: no time and no share is that. */
export function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
