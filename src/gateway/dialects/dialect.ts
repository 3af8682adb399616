/** What a dialect is given and what it must be: a translation between a socket's messages and a session. */
import { isRecord } from "../../base/record.ts";
import type { Clock } from "../../base/clock.ts";
import type { Contain } from "../contain.ts";
import type { ErrorCode, SessionError } from "./result.ts";
import type { GatewaySession, SessionCaller, SessionRequest } from "../session/session.ts";

/** The caller's socket as a dialect sees it. */
export interface CallerSocket {
  /** JSON, with what every event of this session carries. `replaceable`: an interim result. */
  send(event: Record<string, unknown>, replaceable?: boolean): void;
  /** After what was sent; the code is the error's, or 1000. */
  close(error?: SessionError): void;
  setReading(reading: boolean): void;
}

export interface DialectContext {
  /** Of the session, in logs, events and the recogniser's request id. */
  sessionId: string;
  clock: Clock;
  /** Wraps callbacks that the dialect hands to others. */
  contain: Contain;
  socket: CallerSocket;
  /** The longest piece of audio that is taken at once. */
  chunkBytes: number;
  /** Starts the session, once. */
  begin(request: SessionRequest, caller: SessionCaller): GatewaySession;
}

/** A caller's socket, in some dialect. Anything it can't use it refuses with an error event and the right close code. */
export interface Dialect {
  text(message: string): void;
  binary(bytes: Buffer): void;
  /** The gateway ends this session. */
  stop(error: SessionError): void;
  /** The socket is closed. */
  gone(): void;
}

export function refusal(code: ErrorCode, message: string): SessionError {
  return { code, message };
}

/** Characters of a message that is not audio. To take apart what is larger would keep everybody else waiting. */
export const LONGEST_SETTINGS = 16_384;

/** A JSON object, or undefined for anything else. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
