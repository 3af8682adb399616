/**
 * Bytes of the requests of StreamingRecognize. The configuration goes out once a stream, so the proto loader writes it;
 * audio goes out ten times a second a stream, so its two header fields are written by hand, once per clip and chunk
 * size, and the bytes are shared by all sessions.
 */
import { rivaServices } from "../../base/riva-proto.ts";
import type { EndpointingConfig, Partially, RecognitionConfig } from "../../base/riva-proto.ts";
import type { AudioEncoding, Endpointing, RecognitionSettings, StreamSpec } from "../transport.ts";

/** Field 2 (`audio_content`), wire type 2 (length-delimited). */
const AUDIO_CONTENT_TAG = 0x12;

/** Riva's recognition settings for ours; what is not set stays off the wire, so that the server decides. */
export function recognitionConfig(
  recognition: RecognitionSettings,
  encoding: AudioEncoding,
  sampleRateHz: number,
): Partially<RecognitionConfig> {
  return {
    encoding,
    sample_rate_hertz: sampleRateHz,
    audio_channel_count: 1,
    language_code: recognition.language,
    ...(recognition.model !== undefined && { model: recognition.model }),
    ...(recognition.punctuation !== undefined && { enable_automatic_punctuation: recognition.punctuation }),
    ...(recognition.wordTimeOffsets !== undefined && {
      enable_word_time_offsets: recognition.wordTimeOffsets,
    }),
    ...(recognition.verbatim !== undefined && { verbatim_transcripts: recognition.verbatim }),
    ...(recognition.profanityFilter !== undefined && { profanity_filter: recognition.profanityFilter }),
    ...(recognition.maxAlternatives !== undefined && { max_alternatives: recognition.maxAlternatives }),
    ...(recognition.boosting !== undefined && { speech_contexts: recognition.boosting }),
    ...(recognition.diarization !== undefined && {
      diarization_config: {
        enable_speaker_diarization: true,
        ...(recognition.diarization.maxSpeakers !== undefined && {
          max_speaker_count: recognition.diarization.maxSpeakers,
        }),
      },
    }),
    ...(recognition.endpointing !== undefined && {
      endpointing_config: endpointingConfig(recognition.endpointing),
    }),
    ...(recognition.customConfiguration !== undefined && {
      custom_configuration: recognition.customConfiguration,
    }),
  };
}

/** Riva's names of the endpointing settings that are set. */
export function endpointingConfig(endpointing: Endpointing): EndpointingConfig {
  const { startHistoryMs, startThreshold, stopHistoryMs, stopThreshold, stopHistoryEouMs, stopThresholdEou } =
    endpointing;
  return {
    ...(startHistoryMs !== undefined && { start_history: startHistoryMs }),
    ...(startThreshold !== undefined && { start_threshold: startThreshold }),
    ...(stopHistoryMs !== undefined && { stop_history: stopHistoryMs }),
    ...(stopThreshold !== undefined && { stop_threshold: stopThreshold }),
    ...(stopHistoryEouMs !== undefined && { stop_history_eou: stopHistoryEouMs }),
    ...(stopThresholdEou !== undefined && { stop_threshold_eou: stopThresholdEou }),
  };
}

/** The first message of a stream: configuration and request id. */
export function encodeConfig(spec: StreamSpec): Buffer {
  return rivaServices().asr.StreamingRecognize.requestSerialize({
    streaming_config: {
      config: recognitionConfig(spec.recognition, spec.encoding, spec.sampleRateHz),
      interim_results: spec.recognition.interim,
    },
    id: { value: spec.requestId },
  });
}

/** Has the proto loader write its encoder, which it does at the first use: the first stream would begin 2 ms late. */
export function prepareEncoder(): void {
  const recognition = { language: "", interim: false };
  encodeConfig({
    ...{ recognition, encoding: "LINEAR_PCM", sampleRateHz: 0, requestId: "" },
    ...{ readyTimeoutMs: 0, flushTimeoutMs: 0 },
  });
}

/** A later message: `StreamingRecognizeRequest { audio_content, runtime_config }`. The audio is copied. */
export function encodeAudio(audio: Uint8Array, runtimeConfig?: Readonly<Record<string, string>>): Buffer {
  const header = [AUDIO_CONTENT_TAG];
  let rest = audio.length;
  while (rest > 0x7f) {
    header.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  header.push(rest);
  // Messages of protobuf that follow each other are one with the fields of both.
  const more =
    runtimeConfig === undefined
      ? Buffer.alloc(0)
      : rivaServices().asr.StreamingRecognize.requestSerialize({ runtime_config: runtimeConfig });
  return Buffer.concat([Uint8Array.from(header), audio, more]);
}
