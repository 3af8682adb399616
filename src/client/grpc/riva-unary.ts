/** Riva's calls with one answer: health, list of models, recognition of a whole recording. None is timed by a run. */
import { status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import type { Clock } from "../../base/clock.ts";
import type { Failure } from "../../base/outcome.ts";
import { rivaServices } from "../../base/riva-proto.ts";
import type { Partially, RivaMethod } from "../../base/riva-proto.ts";
import type { Endpoint } from "../endpoint.ts";
import { grpcFailure } from "./failures.ts";
import { callMetadata, openClient } from "./grpc-endpoint.ts";
import { recognitionConfig } from "./riva-encode.ts";
import type { AudioEncoding, RecognitionSettings, WordTime } from "../transport.ts";

/** An answer, or why there is none. */
export type UnaryResult<T> = { ok: true; value: T } | { ok: false; failure: Failure };

/** `no-health-service`: the server works but does not offer the standard health service, which is no fault. */
export type Health = "serving" | "not-serving" | "unknown" | "no-health-service";

/** A model as the server lists it; parameters are free text (type, language_code, sample_rate_hertz and more). */
export interface RivaModel {
  name: string;
  parameters: Readonly<Record<string, string>>;
}

/** What is to be recognised: raw samples, or a file with its header (then the encoding may contradict nothing in it). */
export interface OfflineRequest {
  audio: Uint8Array;
  encoding: AudioEncoding;
  sampleRateHz: number;
  recognition: RecognitionSettings;
  requestId: string;
}

export interface Recognition {
  /** All results, joined as sent. */
  text: string;
  /** Empty unless word times were asked for. */
  words: WordTime[];
  /** Seconds that the server says it has processed; absent when not given. */
  audioProcessedS?: number;
}

/** Every call has a limit in milliseconds and never rejects. */
export interface RivaUnary {
  health(timeoutMs: number): Promise<UnaryResult<Health>>;
  models(timeoutMs: number): Promise<UnaryResult<RivaModel[]>>;
  recognize(request: OfflineRequest, timeoutMs: number): Promise<UnaryResult<Recognition>>;
  close(): void;
}

/**
 * A connection for unary calls.
 *
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used.
 */
export function createRivaUnary(endpoint: Endpoint & { clock: Clock }): RivaUnary {
  const { asr, health } = rivaServices();
  const metadata = callMetadata(endpoint);
  const client = openClient(endpoint);

  function call<Request, Response>(
    method: RivaMethod<Request, Response>,
    request: Partially<Request>,
    timeoutMs: number,
  ): Promise<UnaryResult<Response>> {
    // grpc-js takes the wall clock from it, at once.
    const deadline = endpoint.clock.wallMs() + timeoutMs;
    return new Promise((resolve) => {
      const answer = (error: ServiceError | null, value?: Response): void => {
        if (value !== undefined) resolve({ ok: true, value });
        else
          resolve({
            ok: false,
            failure: grpcFailure(error?.code ?? 0, error?.details ?? "no message", "configure"),
          });
      };
      const { path, requestSerialize, responseDeserialize } = method;
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline },
        answer,
      );
    });
  }

  return {
    async health(timeoutMs) {
      const answer = await call(health.Check, {}, timeoutMs);
      if (answer.ok) return { ok: true, value: HEALTH[answer.value.status] ?? "unknown" };
      const { code } = answer.failure;
      const lacksService = code === status[status.UNIMPLEMENTED] || code === status[status.NOT_FOUND];
      return lacksService ? { ok: true, value: "no-health-service" } : answer;
    },

    async models(timeoutMs) {
      const answer = await call(asr.GetRivaSpeechRecognitionConfig, {}, timeoutMs);
      if (!answer.ok) return answer;
      const models = answer.value.model_config.map((model) => ({
        name: model.model_name,
        parameters: model.parameters,
      }));
      return { ok: true, value: models };
    },

    async recognize({ audio, encoding, sampleRateHz, recognition, requestId }, timeoutMs) {
      const request = {
        config: recognitionConfig(recognition, encoding, sampleRateHz),
        audio: Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength),
        id: { value: requestId },
      };
      const answer = await call(asr.Recognize, request, timeoutMs);
      if (!answer.ok) return answer;
      const { results } = answer.value;
      const best = results.flatMap((result) => result.alternatives.slice(0, 1));
      const audioProcessedS = Math.max(0, ...results.map((result) => result.audio_processed));
      return {
        ok: true,
        value: {
          text: best.map((alternative) => alternative.transcript).join(""),
          words: best.flatMap(({ words }) =>
            words.map((word) => ({ word: word.word, startMs: word.start_time, endMs: word.end_time })),
          ),
          ...(audioProcessedS > 0 && { audioProcessedS }),
        },
      };
    },

    close: () => client.close(),
  };
}

const HEALTH: Partial<Record<string, Health>> = { SERVING: "serving", NOT_SERVING: "not-serving" };
