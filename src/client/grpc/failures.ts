/**
 * What a gRPC status means, as data. A status alone says little: grpc-js also makes statuses of its own for refused
 * connections, lost ones and reset streams, and only their text tells them from what a server sent. The texts are those
 * of grpc-js 1.14; the conformance suite provokes each kind, so an upgrade that words them differently is noticed there.
 */
import type { Failure, FailureClass, FailureOrigin, FailurePhase } from "../../base/outcome.ts";

type Meaning = readonly [class_: FailureClass, origin: FailureOrigin];

/**
 * A text that is known to mean something more precise than its status. A group in the pattern is the failure's code;
 * without one it is `code`, else the name of the status. `phase` wins over where the session was.
 */
type KnownText = readonly [text: RegExp, ...Meaning, more?: { phase?: FailurePhase; code?: string }];

/** Statuses by number, as in https://grpc.io/docs/guides/status-codes. */
const STATUSES: readonly (readonly [name: string, ...Meaning])[] = [
  // A stream that ended well is never asked about; a unary call that brought status OK and no message is.
  ["OK", "protocol-violation", "server"],
  ["CANCELLED", "cancelled", "server"],
  ["UNKNOWN", "internal", "server"],
  ["INVALID_ARGUMENT", "bad-config", "client-config"],
  ["DEADLINE_EXCEEDED", "timeout", "server"],
  ["NOT_FOUND", "not-found", "client-config"],
  ["ALREADY_EXISTS", "other", "server"],
  ["PERMISSION_DENIED", "permission", "client-config"],
  ["RESOURCE_EXHAUSTED", "resource-exhausted", "server"],
  ["FAILED_PRECONDITION", "other", "server"],
  ["ABORTED", "internal", "server"],
  ["OUT_OF_RANGE", "bad-config", "client-config"],
  ["UNIMPLEMENTED", "not-found", "client-config"],
  ["INTERNAL", "internal", "server"],
  ["UNAVAILABLE", "unavailable", "server"],
  ["DATA_LOSS", "internal", "server"],
  ["UNAUTHENTICATED", "unauthenticated", "client-config"],
];

const TLS = { phase: "tls" } as const;

/** Why no connection came about: Node's or OpenSSL's error. */
const CONNECT_ERRORS: readonly KnownText[] = [
  // dial.ts and, without a reason, grpc-js say so of a proxy; what is wrong with it is not the target's fault.
  [/the proxy .* answered 407/, "unauthenticated", "client-config", { phase: "connect", code: "PROXY_407" }],
  [/the proxy .* answered 403/, "permission", "client-config", { phase: "connect", code: "PROXY_403" }],
  [/the proxy .* answered \d+/, "unavailable", "network", { code: "PROXY_REFUSED" }],
  [/the proxy .* can't be reached/, "unavailable", "network", { code: "PROXY_UNREACHABLE" }],
  [/^no tunnel through the proxy/, "unavailable", "network", { code: "PROXY_REFUSED" }],
  [/(ECONNREFUSED)/, "refused", "server"],
  [/(ENOTFOUND)/, "not-found", "client-config", { phase: "resolve" }],
  [/^Name resolution failed/, "not-found", "client-config", { phase: "resolve", code: "ENOTFOUND" }],
  [/(EAI_AGAIN)/, "unavailable", "network", { phase: "resolve" }],
  // Our own process is out of sockets, ports or memory.
  [/(EMFILE|ENFILE|ENOBUFS|ENOMEM|EADDRNOTAVAIL)/, "resource-exhausted", "generator"],
  [/(ETIMEDOUT)/, "timeout", "network"],
  [/(ECONNRESET|ECONNABORTED|EPIPE)/, "connection-lost", "network"],
  [/(EHOSTUNREACH|ENETUNREACH)/, "unavailable", "network"],
  [/has expired|(CERT_HAS_EXPIRED)/, "certificate", "server", { ...TLS, code: "CERT_HAS_EXPIRED" }],
  [/(ERR_TLS_CERT_ALTNAME_INVALID)/, "certificate", "client-config", TLS],
  [/in certificate chain/, "certificate", "client-config", { ...TLS, code: "SELF_SIGNED_CERT_IN_CHAIN" }],
  [/self[- ]signed/, "certificate", "client-config", { ...TLS, code: "DEPTH_ZERO_SELF_SIGNED_CERT" }],
  [/verify the first/, "certificate", "client-config", { ...TLS, code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }],
  [/local issuer/, "certificate", "client-config", { ...TLS, code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" }],
  // The server's alerts: it wants a certificate of ours, or another one.
  [/certificate required/, "certificate", "client-config", { ...TLS, code: "CLIENT_CERTIFICATE_REQUIRED" }],
  [
    /alert (?:unknown ca|bad certificate|certificate (?:expired|revoked|unknown))/,
    "certificate",
    "client-config",
    { ...TLS, code: "CLIENT_CERTIFICATE_REFUSED" },
  ],
  [/certificate|unknown ca|CERT_/i, "certificate", "client-config", { ...TLS, code: "ERR_SSL" }],
  // TLS to a port that speaks plain text.
  [/EPROTO|wrong version number/, "protocol-violation", "client-config", { ...TLS, code: "EPROTO" }],
  [/before secure TLS connection/, "connection-lost", "server", { ...TLS, code: "ECONNRESET" }],
  // Something answered that does not speak HTTP/2, or no HTTP at all.
  [/Protocol error|Parse Error|(ERR_HTTP2_\w+)/, "protocol-violation", "server", { code: "ERR_HTTP2_ERROR" }],
  // Something listened and hung up.
  [/Failed to connect|[Cc]losed|socket hang up/, "connection-lost", "server", { code: "ECONNRESET" }],
];

/** A message beyond the limit of one side, in the words of gRPC's C++, Go, Node, Java and Rust. */
const TOO_LARGE =
  /message larger than max|message exceeds maximum size|message length too large|message (?:with|that decompresses to) a size larger than/i;

/** Texts of calls that ended without a status from the server. */
const CALL_ERRORS: readonly KnownText[] = [
  // The connection below the stream was lost.
  [/^(?:read|write) (E[A-Z]+)/, "connection-lost", "network"],
  [/^Connection dropped$|^Write (?:error|failed)/, "connection-lost", "network"],
  [/triggered by internal client error: .*(?:session|socket|E[A-Z]{3})/i, "connection-lost", "network"],
  // This stream alone was.
  [/Call ended without gRPC status|^No status information received$/, "protocol-violation", "server"],
  [/^Received RST_STREAM with code|^Call cancelled$|^Stream refused by server$/, "reset", "server"],
  // What came was not gRPC, or not Riva's messages. 401, 403, 429, 502, 503 and 504 have good statuses of their own.
  [/^Received HTTP status code (?!401|403|429|50[234])/, "protocol-violation", "server"],
  [/^Response message parsing error/, "protocol-violation", "server"],
  // A frame's length beyond our own limit (MAX_MESSAGE_BYTES) is not a length.
  [/^Received message larger than max \(\d+ vs 134217728\)$/, "protocol-violation", "server"],
  [TOO_LARGE, "bad-config", "client-config", { code: "MESSAGE_TOO_LARGE" }],
  // Our own deadline, of a unary call.
  [/^Deadline exceeded.*waiting for (?:LB pick|name resolution)/i, "timeout", "server", { phase: "connect" }],
];

/** Texts that Riva sends. */
const RIVA_ERRORS: readonly KnownText[] = [
  // The sequence was idle too long and its slot given away: https://docs.nvidia.com/nim/riva/asr/latest/debugging-guide.html
  [/must specify the START flag/, "start-flag", "server"],
  [/^(?:Error: )?Unavailable model requested|config format doesn't match/, "bad-config", "client-config"],
  // Triton did not answer the Riva front end.
  [/TRTIS response timeout/, "timeout", "server"],
];

/** grpc-js wraps the reason, and puts the time behind some. */
const NO_CONNECTION =
  /^No connection established\. Last error: (.*?)(?: \([\d:.TZ-]+\))?\. Resolution note: /s;

/**
 * The failure that a gRPC status stands for.
 *
 * @param status Status number.
 * @param details Its text, from the server or from grpc-js, which leaves out both when it can't decompress a message.
 * @param phase Where in the session it came; a more precise phase (connect, resolve, tls, auth) wins.
 */
export function grpcFailure(
  status: number | undefined,
  details: string | undefined,
  phase: FailurePhase,
): Failure {
  const text = details ?? "";
  const [name, ...meaning] = STATUSES[status ?? -1] ?? ["UNKNOWN_STATUS", "protocol-violation", "server"];
  const noConnection = name === "UNAVAILABLE" ? NO_CONNECTION.exec(text)?.[1] : undefined;
  if (noConnection !== undefined || text.startsWith("Name resolution failed")) {
    return noConnectionFailure(noConnection ?? text);
  }
  return (
    recognise(CALL_ERRORS, text, phase, name) ??
    recognise(RIVA_ERRORS, text, phase, name) ??
    failure(mayBeAuth(phase, name) ? "auth" : phase, meaning, name, text)
  );
}

/**
 * A failure that a server tells in words of its own: Riva's texts are known, all else is `otherwise`.
 */
export function toldFailure(text: string, otherwise: Failure): Failure {
  return recognise(RIVA_ERRORS, text, otherwise.phase, otherwise.code) ?? otherwise;
}

/** The text of a socket's error, for `noConnectionFailure`. */
export function socketErrorText(error: unknown): string {
  // Node tries all addresses of a name, and then speaks of all of them at once, or rather of none.
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return String(first ?? error);
}

/** The failure to make a connection. @param told The error of Node or OpenSSL as text. */
export function noConnectionFailure(told: string): Failure {
  // grpc-js rejects with nothing at all when a proxy opens no tunnel.
  const reason = told === "undefined" ? NO_TUNNEL : told;
  const status = "UNAVAILABLE";
  const known = recognise(CONNECT_ERRORS, reason, "connect", status);
  const message = readable(reason).trim();
  return {
    ...(known ?? failure("connect", ["unavailable", "unknown"], status, reason)),
    message: message === "" ? "no connection, and no reason was given" : message,
  };
}

const NO_TUNNEL = "no tunnel through the proxy: it can't be reached, or refused CONNECT to the target";

/** No connection came about in the time there was for it. */
export function connectTimeout(limitMs: number): Failure {
  const message = `not connected within ${limitMs} ms`;
  return { phase: "connect", class: "timeout", origin: "server", code: "READY_TIMEOUT", message };
}

function recognise(
  table: readonly KnownText[],
  text: string,
  phase: FailurePhase,
  status: string,
): Failure | undefined {
  for (const [pattern, class_, origin, more] of table) {
    const match = pattern.exec(text);
    if (match === null) continue;
    return failure(more?.phase ?? phase, [class_, origin], match[1] ?? more?.code ?? status, text);
  }
  return undefined;
}

function failure(phase: FailurePhase, [class_, origin]: Meaning, code: string, message: string): Failure {
  return { phase, class: class_, origin, code, message: message === "" ? code : message };
}

/** A caller who is turned away before the first answer was turned away for who he is. */
function mayBeAuth(phase: FailurePhase, status: string): boolean {
  if (phase === "streaming" || phase === "flush" || phase === "close") return false;
  return status === "UNAUTHENTICATED" || status === "PERMISSION_DENIED";
}

/** Without the parts that only a developer of Node or OpenSSL reads. */
function readable(reason: string): string {
  const openSsl = /error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):/.exec(reason)?.[1];
  return openSsl === undefined ? reason.replace(/^Error(?: \[\w+\])?: /, "") : `TLS: ${openSsl}`;
}
