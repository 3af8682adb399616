/** What a session tells its caller, whatever dialect carries it. */
import type { WordTime } from "../../client/transport.ts";

/** One message from the recogniser, in the caller's own time. */
export interface SessionResult {
  /** Counts the session's results from 0; gaps are interim results that a slow reader was spared. */
  id: number;
  /** Counts utterances from 0: all interim results of one and the final that replaces them have its number. */
  segment: number;
  final: boolean;
  /** "" for a message without text: it still says how far the recogniser is. */
  text: string;
  stability?: number;
  /** Caller's audio that the recogniser has processed; silence that the gateway put in is not counted. */
  audioProcessedMs?: number;
  words?: WordTime[];
}

/** Why a session ended before its caller had finished, or was refused. `code` is stable, `message` is for people. */
export interface SessionError {
  code: ErrorCode;
  message: string;
  /** Caller's audio whose text is lost, milliseconds from its start. */
  lost?: { fromMs: number; toMs: number };
}

/** WebSocket close codes by cause. 1000 is a session that ended well, 1001 the gateway going away, 1011 a fault of the gateway. */
export const CLOSE_CODES = {
  bad_request: 4400,
  unauthenticated: 4401,
  origin_forbidden: 4403,
  idle: 4408,
  session_too_long: 4410,
  too_large: 4413,
  too_much: 4429,
  blocked: 4429,
  slow_reader: 4480,
  internal: 1011,
  upstream_failed: 4502,
  no_upstream: 4503,
  upstream_timeout: 4504,
  going_away: 1001,
} as const;

export type ErrorCode = keyof typeof CLOSE_CODES;

/** The HTTP status of a refusal before the upgrade. */
export const HTTP_STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  bad_request: 400,
  unauthenticated: 401,
  origin_forbidden: 403,
  too_large: 413,
  too_much: 429,
  blocked: 429,
  internal: 500,
  no_upstream: 503,
  going_away: 503,
};
