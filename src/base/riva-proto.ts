/**
 * Riva's gRPC services as loaded from `protos/`, with TypeScript types for their messages. The only importer of
 * @grpc/proto-loader.
 *
 * The interfaces show messages **as received**: snake_case names, enums as strings, bytes as Buffers, every plain field
 * present with its default, a message that was not sent as null, an `optional` field or a `oneof` member that was not sent
 * left out. For sending, any part may be left out (`Partially`).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadSync } from "@grpc/proto-loader";
import type { MethodDefinition, PackageDefinition } from "@grpc/proto-loader";
import { BenchError, messageOf } from "./errors.ts";
import { PACKAGE_ROOT } from "./process/package-root.ts";

export interface RequestId {
  value: string;
}

export type RivaAudioEncoding = "ENCODING_UNSPECIFIED" | "LINEAR_PCM" | "FLAC" | "MULAW" | "OGGOPUS" | "ALAW";

/** Histories in milliseconds, thresholds 0 to 1. */
export interface EndpointingConfig {
  start_history?: number;
  start_threshold?: number;
  stop_history?: number;
  stop_threshold?: number;
  stop_history_eou?: number;
  stop_threshold_eou?: number;
}

export interface RecognitionConfig {
  encoding: RivaAudioEncoding;
  sample_rate_hertz: number;
  language_code: string;
  max_alternatives: number;
  profanity_filter: boolean;
  speech_contexts: { phrases: string[]; boost: number }[];
  audio_channel_count: number;
  enable_word_time_offsets: boolean;
  enable_automatic_punctuation: boolean;
  enable_separate_recognition_per_channel: boolean;
  model: string;
  verbatim_transcripts: boolean;
  diarization_config: { enable_speaker_diarization: boolean; max_speaker_count: number } | null;
  custom_configuration: Record<string, string>;
  endpointing_config?: EndpointingConfig;
}

export interface StreamingRecognitionConfig {
  config: RecognitionConfig | null;
  interim_results: boolean;
}

/** Exactly one of `streaming_config` (first message) and `audio_content` (all others). */
export interface StreamingRecognizeRequest {
  streaming_config?: StreamingRecognitionConfig;
  audio_content?: Buffer;
  runtime_config: Record<string, string>;
  id: RequestId | null;
}

export interface RecognizeRequest {
  config: RecognitionConfig | null;
  audio: Buffer;
  id: RequestId | null;
}

/** Times in milliseconds from the start of the stream. */
export interface WordInfo {
  start_time: number;
  end_time: number;
  word: string;
  confidence: number;
  speaker_tag: number;
  language_code: string;
}

export interface SpeechRecognitionAlternative {
  transcript: string;
  confidence: number;
  words: WordInfo[];
  language_code: string[];
}

export interface StreamingRecognitionResult {
  alternatives: SpeechRecognitionAlternative[];
  is_final: boolean;
  stability: number;
  channel_tag: number;
  /** Seconds. */
  audio_processed: number;
  pipeline_states?: { vad_probabilities: number[] };
}

export interface StreamingRecognizeResponse {
  results: StreamingRecognitionResult[];
  id: RequestId | null;
}

export interface SpeechRecognitionResult {
  alternatives: SpeechRecognitionAlternative[];
  channel_tag: number;
  /** Seconds. */
  audio_processed: number;
}

export interface RecognizeResponse {
  results: SpeechRecognitionResult[];
  id: RequestId | null;
}

export interface RivaConfigRequest {
  model_name: string;
}

export interface RivaConfigResponse {
  model_config: { model_name: string; parameters: Record<string, string> }[];
}

export interface HealthCheckRequest {
  service: string;
}

export interface HealthCheckResponse {
  status: "UNKNOWN" | "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";
}

/** A message to send: whatever is left out has its default on the wire. */
export type Partially<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer Item)[]
    ? Partially<Item>[]
    : T extends object
      ? { [Key in keyof T]?: Partially<T[Key]> }
      : T;

/** One RPC: its path, and how its messages become bytes and come back. Fits gRPC clients and servers alike. */
export type RivaMethod<Request, Response> = MethodDefinition<
  Partially<Request>,
  Partially<Response>,
  Request,
  Response
>;

export interface RivaServices {
  asr: {
    Recognize: RivaMethod<RecognizeRequest, RecognizeResponse>;
    StreamingRecognize: RivaMethod<StreamingRecognizeRequest, StreamingRecognizeResponse>;
    GetRivaSpeechRecognitionConfig: RivaMethod<RivaConfigRequest, RivaConfigResponse>;
  };
  health: {
    Check: RivaMethod<HealthCheckRequest, HealthCheckResponse>;
    Watch: RivaMethod<HealthCheckRequest, HealthCheckResponse>;
  };
}

const REINSTALL =
  "The installation is incomplete; reinstall the package or restore protos/ from the repository.";
const PROTO_ROOT: string = join(PACKAGE_ROOT, "protos");

let loaded: RivaServices | undefined;

/**
 * The services of `protos/`, parsed at the first call.
 *
 * @param protoRoot Folder that `riva/proto/` lies in; the package's own unless a test says otherwise.
 * @throws BenchError (exit 1) when the files are missing or can't be parsed: a broken installation.
 */
export function rivaServices(protoRoot: string = PROTO_ROOT): RivaServices {
  if (protoRoot !== PROTO_ROOT) return load(protoRoot);
  loaded ??= load(protoRoot);
  return loaded;
}

/**
 * All that `protos/` defines, with file descriptors: what server reflection tells of.
 * @throws as `rivaServices`
 */
export function rivaPackage(): PackageDefinition {
  return loadPackage(PROTO_ROOT);
}

function load(protoRoot: string): RivaServices {
  const definition = loadPackage(protoRoot);
  const asr = definition["nvidia.riva.asr.RivaSpeechRecognition"];
  const health = definition["grpc.health.v1.Health"];
  if (asr === undefined || health === undefined) {
    throw new BenchError(`The protocol files in ${protoRoot} don't define the Riva and health services`, {
      hint: REINSTALL,
    });
  }
  // The only place where the loader's untyped definitions meet our types; riva-proto.test.ts proves them by bytes.
  return { asr, health } as unknown as RivaServices;
}

function loadPackage(protoRoot: string): PackageDefinition {
  if (!existsSync(protoRoot))
    throw new BenchError(`The protocol files are missing: ${protoRoot}`, { hint: REINSTALL });
  try {
    return loadSync(["riva/proto/riva_asr.proto", "riva/proto/health.proto"], {
      includeDirs: [protoRoot],
      keepCase: true,
      longs: Number,
      enums: String,
      defaults: true,
      oneofs: true,
    });
  } catch (error) {
    throw new BenchError(`The protocol files in ${protoRoot} can't be read: ${messageOf(error)}`, {
      hint: REINSTALL,
      cause: error,
    });
  }
}
