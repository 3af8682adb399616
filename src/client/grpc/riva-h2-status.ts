/**
 * The gRPC status of a call, from what HTTP/2 says of it. Texts of what never came from a server are those that grpc-js
 * uses, so that `failures.ts` knows both transports' failures by one table.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 * @see https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 */
import type { IncomingHttpHeaders } from "node:http2";
import { constants } from "node:http2";

/** Those that are given here, of https://grpc.io/docs/guides/status-codes. */
const STATUS = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** What HTTP/2's error codes mean to gRPC; all others are INTERNAL. */
const RESETS: ReadonlyMap<number, readonly [code: number, details: string]> = new Map([
  [constants.NGHTTP2_NO_ERROR, [STATUS.unknown, "No status information received"]],
  [constants.NGHTTP2_REFUSED_STREAM, [STATUS.unavailable, "Stream refused by server"]],
  [constants.NGHTTP2_CANCEL, [STATUS.cancelled, "Call cancelled"]],
  [
    constants.NGHTTP2_ENHANCE_YOUR_CALM,
    [STATUS.resourceExhausted, "Bandwidth exhausted or memory limit exceeded"],
  ],
  [constants.NGHTTP2_INADEQUATE_SECURITY, [STATUS.permissionDenied, "Permission not secure enough"]],
]);

export interface CallStatus {
  /** Undefined: the server's is no number. */
  code: number | undefined;
  details: string;
}

export function isOk(status: CallStatus): boolean {
  return status.code === STATUS.ok;
}

/** The status in trailers, or in headers that are all there is of an answer; undefined when there is none. */
export function statusInHeaders(headers: IncomingHttpHeaders): CallStatus | undefined {
  const value = headers["grpc-status"];
  if (value === undefined) return undefined;
  const message = headers["grpc-message"];
  return {
    code: typeof value === "string" && /^\d+$/.test(value) ? Number(value) : undefined,
    details: typeof message === "string" ? percentDecoded(message) : "",
  };
}

/** The status that an HTTP status other than 200 stands for, of an answer without one of its own. */
export function statusOfHttp(httpStatus: number | undefined): CallStatus | undefined {
  if (httpStatus === 200) return undefined;
  return { code: codeOfHttp(httpStatus), details: `Received HTTP status code ${httpStatus ?? "none"}` };
}

function codeOfHttp(httpStatus: number | undefined): number {
  switch (httpStatus) {
    case 400:
      return STATUS.internal;
    case 401:
      return STATUS.unauthenticated;
    case 403:
      return STATUS.permissionDenied;
    case 404:
      return STATUS.unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return STATUS.unavailable;
    default:
      return STATUS.unknown;
  }
}

/** The status of a call that ended with RST_STREAM, or without any (`NO_ERROR`), before its status came. */
export function statusOfReset(errorCode: number): CallStatus {
  const [code, details] = RESETS.get(errorCode) ?? [
    STATUS.internal,
    `Received RST_STREAM with code ${errorCode}`,
  ];
  return { code, details };
}

/** The status of a call whose connection was lost; `error` is Node's, absent when it was closed in good order. */
export function statusOfLostConnection(error: Error | undefined): CallStatus {
  const said = error !== undefined && /^(?:read|write) E[A-Z]+/.test(error.message);
  return { code: STATUS.unavailable, details: said ? error.message : "Connection dropped" };
}

/** An answer that can't be read. */
export function statusOfNonsense(why: string): CallStatus {
  return { code: STATUS.internal, details: `Response message parsing error: ${why}` };
}

/** `grpc-message` holds UTF-8 with %XX for what headers can't; what is not well-formed stays as it is. */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString());
}
