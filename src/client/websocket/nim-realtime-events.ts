/** Events of a NIM's realtime dialect: those we send as bytes, those we hear as what they mean. */
import { isRecord } from "../../base/record.ts";
import { isFiniteNumber } from "./nim-realtime-session.ts";
import type { AsrResponse, WordTime } from "../transport.ts";

/** Follows each chunk. */
export const COMMIT: Buffer = Buffer.from('{"type":"input_audio_buffer.commit"}');
/** No more audio. */
export const DONE: Buffer = Buffer.from('{"type":"input_audio_buffer.done"}');

/** A chunk as its event, made once for all sessions. */
export function encodeAppend(audio: Uint8Array, runtimeConfig?: Readonly<Record<string, string>>): Buffer {
  const base64 = Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength).toString("base64");
  const more = runtimeConfig === undefined ? {} : { runtime_config: runtimeConfig };
  return Buffer.from(JSON.stringify({ type: "input_audio_buffer.append", audio: base64, ...more }));
}

/** What an event means to a stream. `last`: the server has said all. */
export type ServerEvent =
  | { kind: "created" | "updated" | "other" }
  | { kind: "response"; response: AsrResponse; last: boolean }
  | { kind: "error"; message: string; code: string };

const TRANSCRIPTION = "conversation.item.input_audio_transcription.";

/**
 * Reads one event. Types that we don't know are `other`: servers add some.
 * @throws Error when it is no event
 */
export function readEvent(text: string, atMs: number): ServerEvent {
  const event: unknown = JSON.parse(text);
  if (!isRecord(event) || typeof event["type"] !== "string") throw new Error("an event without a type");
  const { type } = event;
  // This project's gateway says so of placeholder words. They must never count as a recogniser's.
  if (event["mock"] === true)
    return { kind: "error", message: "a mock answered: no recogniser is there", code: "MOCK" };
  if (type === `${TRANSCRIPTION}delta`)
    return { kind: "response", response: delta(event, atMs), last: false };
  if (type === `${TRANSCRIPTION}completed`)
    return { kind: "response", response: completed(event, atMs), last: event["is_last_result"] === true };
  if (type === "conversation.created") return { kind: "created" };
  if (type === "transcription_session.updated") return { kind: "updated" };
  // As NVIDIA's clients do: whatever has error in its name is one.
  if (type.includes("error")) return error(event);
  return { kind: "other" };
}

function delta(event: Record<string, unknown>, atMs: number): AsrResponse {
  return { atMs, final: false, text: textOf(event["delta"]) };
}

function completed(event: Record<string, unknown>, atMs: number): AsrResponse {
  const words = wordsOf(event["words_info"]);
  const usage = event["usage"];
  const seconds = isRecord(usage) ? usage["seconds"] : undefined;
  return {
    atMs,
    final: true,
    text: textOf(event["transcript"]),
    ...(words.length > 0 && { words }),
    ...(isFiniteNumber(seconds) && seconds >= 0 && { audioProcessedS: seconds }),
  };
}

function error(event: Record<string, unknown>): ServerEvent {
  const details = isRecord(event["error"]) ? event["error"] : event;
  const { message, code, type } = details;
  return {
    kind: "error",
    message: typeof message === "string" ? message : "no message",
    code: typeof code === "string" ? code : typeof type === "string" ? type : "error",
  };
}

/** Times are milliseconds, as in Riva's own messages. */
function wordsOf(info: unknown): WordTime[] {
  const words = isRecord(info) ? info["words"] : undefined;
  if (!Array.isArray(words)) return [];
  return words.filter(isRecord).map(({ word, start_time: startMs, end_time: endMs }) => ({
    word: textOf(word),
    startMs: isFiniteNumber(startMs) ? startMs : 0,
    endMs: isFiniteNumber(endMs) ? endMs : 0,
  }));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
