/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): the ids that a session's trace and the server's own spans share.
 * They follow from the request id, so that whoever knows the id can tell them, before the session and long after it.
 */
import { createHash } from "node:crypto";

export interface TraceContext {
  /** 32 hex digits. */
  traceId: string;
  /** Of the session's span, the parent of what the server adds: 16 hex digits. */
  spanId: string;
  /** The server is asked to record its part. */
  sampled: boolean;
}

/** @param ratio share of requests that are sampled, 0 to 1; which ones follows from the id as well */
export function traceContext(requestId: string, ratio: number): TraceContext {
  const digest = createHash("sha256").update(requestId).digest("hex");
  const drawn = Number.parseInt(digest.slice(48, 56), 16) / 2 ** 32;
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48), sampled: drawn < ratio };
}

/** The header, version 00. */
export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** As sessions of a run name themselves to the server. */
export function requestIdOf(runId: string, phase: string, seq: number): string {
  return `${runId}/${phase}/${seq}`;
}
