/** Messages of the gateway's binary dialect (docs/gateway-protocol.md): those we send, those we hear as what they mean. */
import type { Failure, FailurePhase } from "../../base/outcome.ts";
import { isRecord } from "../../base/record.ts";
import { isFiniteNumber } from "./nim-realtime-session.ts";
import type { AsrResponse, StreamSpec, WordTime } from "../transport.ts";

/** No more audio. */
export const FINISH: string = JSON.stringify({ type: "finish" });

/** The first message. */
export function startMessage({ recognition, sampleRateHz }: StreamSpec): string {
  const { language, model, interim, punctuation, wordTimeOffsets, verbatim, profanityFilter } = recognition;
  const { maxAlternatives, boosting, diarization, endpointing, customConfiguration } = recognition;
  return JSON.stringify({
    type: "start",
    sample_rate_hz: sampleRateHz,
    ...{ language, model, interim, punctuation, verbatim },
    word_times: wordTimeOffsets,
    profanity_filter: profanityFilter,
    max_alternatives: maxAlternatives,
    boosting,
    diarization: diarization && { max_speakers: diarization.maxSpeakers },
    endpointing: endpointing && {
      start_history_ms: endpointing.startHistoryMs,
      start_threshold: endpointing.startThreshold,
      stop_history_ms: endpointing.stopHistoryMs,
      stop_threshold: endpointing.stopThreshold,
      stop_history_eou_ms: endpointing.stopHistoryEouMs,
      stop_threshold_eou: endpointing.stopThresholdEou,
    },
    custom_configuration: customConfiguration,
  });
}

export type GatewayEvent =
  | { kind: "ready" | "end" | "other" }
  | { kind: "response"; response: AsrResponse }
  | { kind: "error"; code: string; message: string };

/**
 * Reads one message. Types that we don't know are `other`: a newer gateway may add some.
 * @throws Error when it is none of the dialect
 */
export function readGatewayEvent(text: string, atMs: number): GatewayEvent {
  const event: unknown = JSON.parse(text);
  if (!isRecord(event) || typeof event["type"] !== "string") throw new Error("a message without a type");
  // Placeholder words must never count as a recogniser's.
  if (event["mock"] === true)
    return {
      kind: "error",
      code: "MOCK",
      message: "the gateway's fallback answered: no recogniser is there",
    };
  switch (event["type"]) {
    case "ready":
    case "end":
      return { kind: event["type"] };
    case "interim":
    case "final":
      return { kind: "response", response: responseOf(event, atMs) };
    case "error":
      return { kind: "error", code: textOf(event["code"]), message: textOf(event["message"]) };
    default:
      return { kind: "other" };
  }
}

/** The failure that an error code of the gateway stands for. */
export function gatewayFailure(code: string, message: string, phase: FailurePhase): Failure {
  const [class_, origin] = MEANINGS[code] ?? ["internal", "server"];
  return { phase, class: class_, origin, code: code === "" ? "ERROR" : code, message };
}

const MEANINGS: Readonly<Record<string, readonly [Failure["class"], Failure["origin"]]>> = {
  bad_request: ["bad-config", "client-config"],
  unauthenticated: ["unauthenticated", "client-config"],
  origin_forbidden: ["permission", "client-config"],
  too_large: ["bad-config", "client-config"],
  too_much: ["resource-exhausted", "server"],
  idle: ["timeout", "server"],
  session_too_long: ["timeout", "server"],
  slow_reader: ["resource-exhausted", "server"],
  upstream_failed: ["unavailable", "server"],
  no_upstream: ["unavailable", "server"],
  upstream_timeout: ["deadline", "server"],
  going_away: ["unavailable", "server"],
  MOCK: ["unavailable", "server"],
};

function responseOf(event: Record<string, unknown>, atMs: number): AsrResponse {
  const { stability, audio_processed_ms: processedMs, words } = event;
  return {
    atMs,
    final: event["type"] === "final",
    text: textOf(event["text"]),
    ...(isFiniteNumber(stability) && { stability }),
    ...(isFiniteNumber(processedMs) && processedMs >= 0 && { audioProcessedS: processedMs / 1000 }),
    ...(Array.isArray(words) && { words: words.filter(isRecord).map(wordOf) }),
  };
}

function wordOf({ word, start_ms, end_ms }: Record<string, unknown>): WordTime {
  return {
    word: textOf(word),
    startMs: isFiniteNumber(start_ms) ? start_ms : 0,
    endMs: isFiniteNumber(end_ms) ? end_ms : 0,
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
