/** The session object of the NIM realtime dialect: its defaults, and what a client's update may change. */
import { z } from "zod";
import { defined } from "../../base/defined.ts";
import type { RivaEndpointing } from "./recognition-fields.ts";
import {
  boosting,
  customConfiguration,
  endpointingOf,
  historyMs,
  maxSpeakersOf,
  parseCustomConfiguration,
  speakers,
  threshold,
} from "./recognition-fields.ts";
import type { SessionRequest } from "../session/session.ts";

type AudioFormat = "pcm16" | "none";

const short = z.string().max(200);

/** Unknown keys are let through: NVIDIA's client sends back the whole object, and puts settings where newer servers want them. */
const sessionUpdate = z.looseObject({
  input_audio_format: z.enum(["pcm16", "none"]).optional(),
  input_audio_transcription: z.looseObject({ language: short.optional(), model: short.nullish() }).optional(),
  input_audio_params: z
    .looseObject({
      sample_rate_hz: z.int().min(8000).max(48_000).optional(),
      num_channels: z.int().optional(),
    })
    .optional(),
  recognition_config: z
    .looseObject({
      max_alternatives: z.int().min(0).max(30).optional(),
      enable_automatic_punctuation: z.boolean().optional(),
      enable_word_time_offsets: z.boolean().optional(),
      enable_profanity_filter: z.boolean().optional(),
      enable_verbatim_transcripts: z.boolean().optional(),
      custom_configuration: z
        .string()
        .max(4000)
        .refine((text) => parseCustomConfiguration(text) !== undefined, "must be key:value,key:value")
        .optional(),
    })
    .optional(),
  speaker_diarization: z
    .looseObject({
      enable_speaker_diarization: z.boolean().optional(),
      max_speaker_count: speakers.optional(),
    })
    .optional(),
  word_boosting: z
    .looseObject({ enable_word_boosting: z.boolean().optional(), word_boosting_list: boosting.optional() })
    .optional(),
  endpointing_config: z
    .looseObject({
      start_history: historyMs.optional(),
      start_threshold: threshold.optional(),
      stop_history: historyMs.optional(),
      stop_threshold: threshold.optional(),
      stop_history_eou: historyMs.optional(),
      stop_threshold_eou: threshold.optional(),
    })
    .optional(),
  // NVIDIA's own client puts it here, as an object.
  custom_configuration: customConfiguration.optional(),
});

/** What is used of the dialect's session object; it has more, which goes back to the client as it came. */
export interface RealtimeSession {
  id: string;
  input_audio_format: AudioFormat;
  input_audio_transcription: { language: string; model: string; prompt: string };
  input_audio_params: { sample_rate_hz: number; num_channels: number };
  recognition_config: {
    max_alternatives: number;
    enable_automatic_punctuation: boolean;
    enable_word_time_offsets: boolean;
    enable_profanity_filter: boolean;
    enable_verbatim_transcripts: boolean;
    custom_configuration: string;
  };
  speaker_diarization: { enable_speaker_diarization: boolean; max_speaker_count: number };
  word_boosting: {
    enable_word_boosting: boolean;
    word_boosting_list: { phrases: string[]; boost: number }[];
  };
  endpointing_config: RivaEndpointing;
  custom_configuration?: Record<string, string>;
  client_secret: { value: string; expires_at: number } | null;
  [further: string]: unknown;
}

/** The object that a new session has. */
export function defaultSession(id: string): RealtimeSession {
  return {
    id: id,
    object: "realtime.transcription_session",
    modalities: ["text"],
    input_audio_format: "pcm16",
    input_audio_transcription: { language: "en-US", model: "", prompt: "" },
    input_audio_params: { sample_rate_hz: 16_000, num_channels: 1 },
    recognition_config: {
      max_alternatives: 1,
      enable_automatic_punctuation: false,
      enable_word_time_offsets: false,
      enable_profanity_filter: false,
      enable_verbatim_transcripts: false,
      custom_configuration: "",
    },
    speaker_diarization: { enable_speaker_diarization: false, max_speaker_count: 8 },
    word_boosting: { enable_word_boosting: false, word_boosting_list: [] },
    endpointing_config: {
      start_history: 0,
      start_threshold: 0,
      stop_history: 0,
      stop_threshold: 0,
      stop_history_eou: 0,
      stop_threshold_eou: 0,
    },
    client_secret: null,
  };
}

/** Merges a client's update into the session; a string says what is wrong with it. */
export function updated(session: RealtimeSession, wanted: unknown): RealtimeSession | string {
  const parsed = sessionUpdate.safeParse(wanted);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `session.${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not understood"}`;
  }
  const { data } = parsed;
  if ((data.input_audio_params?.num_channels ?? 1) !== 1)
    return "session.input_audio_params.num_channels: only mono is taken";
  const { model, ...transcription } = data.input_audio_transcription ?? {};
  return {
    ...session,
    input_audio_format: data.input_audio_format ?? session.input_audio_format,
    input_audio_transcription: {
      ...session.input_audio_transcription,
      ...defined(transcription),
      ...(typeof model === "string" ? { model } : {}),
    },
    input_audio_params: { ...session.input_audio_params, ...defined(data.input_audio_params ?? {}) },
    recognition_config: { ...session.recognition_config, ...defined(data.recognition_config ?? {}) },
    speaker_diarization: { ...session.speaker_diarization, ...defined(data.speaker_diarization ?? {}) },
    word_boosting: { ...session.word_boosting, ...defined(data.word_boosting ?? {}) },
    endpointing_config: { ...session.endpointing_config, ...defined(data.endpointing_config ?? {}) },
    ...(data.custom_configuration === undefined ? {} : { custom_configuration: data.custom_configuration }),
  };
}

/** What the recogniser is asked for. */
export function requestOf(session: RealtimeSession): SessionRequest {
  const {
    recognition_config: config,
    input_audio_transcription: transcription,
    input_audio_params: params,
    word_boosting: { enable_word_boosting: boosts, word_boosting_list: boosting },
    speaker_diarization: { enable_speaker_diarization: tellsApart, max_speaker_count: maxSpeakers },
  } = session;
  const endpointing = endpointingOf(session.endpointing_config);
  const custom = {
    ...parseCustomConfiguration(config.custom_configuration),
    ...session.custom_configuration,
  };
  return {
    sampleRateHz: params.sample_rate_hz,
    recognition: {
      language: transcription.language,
      interim: true,
      ...(transcription.model === "" ? {} : { model: transcription.model }),
      punctuation: config.enable_automatic_punctuation,
      wordTimeOffsets: config.enable_word_time_offsets,
      profanityFilter: config.enable_profanity_filter,
      verbatim: config.enable_verbatim_transcripts,
      ...(config.max_alternatives > 1 ? { maxAlternatives: config.max_alternatives } : {}),
      ...(boosts && boosting.length > 0 ? { boosting } : {}),
      ...(tellsApart ? { diarization: maxSpeakersOf(maxSpeakers) } : {}),
      ...(endpointing === undefined ? {} : { endpointing }),
      ...(Object.keys(custom).length === 0 ? {} : { customConfiguration: custom }),
    },
  };
}
