/** What a person can do about a failure. */
import { BenchError } from "../base/errors.ts";
import type { Failure } from "../base/outcome.ts";

/** The parts of a target that advice depends on. */
export interface Given {
  rootCa?: unknown;
  clientCert?: unknown;
  /** The path of a WebSocket: its dialect's own, after any prefix that an ingress adds. */
  path?: string;
}

const UNKNOWN_AUTHORITY =
  "Untrusted CA: give the one that signed the server's certificate (RIVA_SSL_CA, or tls.ca of a target file).";
const OTHER_AUTHORITY =
  "The server's certificate was not signed by the authority that is given (RIVA_SSL_CA, or tls.ca of a target file): give the " +
  "one that signed it.";
const OR_INTERMEDIATE =
  "If an intermediate authority signed it, have the server send that certificate after its own.";
const NO_INTERMEDIATE =
  "The server sends its own certificate only, and the authority given here did not sign it directly. If an intermediate " +
  "authority signed it, have the server send that certificate after its own, or add it to the file of RIVA_SSL_CA; else give " +
  "the authority that signed it.";

const CERTIFICATES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED:
    "Renew the certificate on the server; if it is still good, set the clock of this machine.",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "The server's certificate is for another host: use a name that it holds, or tell the name to expect (tls.serverName " +
    "of a target file).",
  CLIENT_CERTIFICATE_REQUIRED:
    "The server wants to know who we are: give a client certificate and its key (RIVA_SSL_CERT, RIVA_SSL_KEY).",
  CLIENT_CERTIFICATE_REFUSED:
    "The server does not take our client certificate: is it signed by the authority that the server trusts, and still valid?",
};

function certificateAdvice(code: string, given: Given | undefined): string {
  const own = CERTIFICATES[code];
  if (own !== undefined) return own;
  // A lone certificate that no known authority signed: one in between is missing, or the authority is another one.
  const lone = code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
  if (given?.rootCa === undefined)
    return lone ? `${UNKNOWN_AUTHORITY} ${OR_INTERMEDIATE}` : UNKNOWN_AUTHORITY;
  return lone ? NO_INTERMEDIATE : OTHER_AUTHORITY;
}

const NO_SUCH_PATH =
  "Nothing is served at that path: is it the NIM's HTTP port? A NIM that only streams takes no whole files, one for whole " +
  "files no streams.";

/** A path of a WebSocket that is served nowhere: mostly what was put before the dialect's own. */
function notFoundAdvice(path = ""): string {
  const [, prefix = "", own = ""] = /^(.+)(\/v1\/\w+)$/.exec(path) ?? [];
  if (prefix === "") return NO_SUCH_PATH;
  return `Nothing is served at ${path}: drop the prefix ${prefix} (${own} alone) unless an ingress puts it before the server's paths.`;
}

const TOO_LARGE =
  "A message is larger than the limit of the server or of a proxy before it (gRPC's default is 4 MB, 131 s of 16 kHz audio): " +
  "stream the audio instead of sending it whole, or raise that limit.";
const TOO_LARGE_WEB =
  "The server or a proxy before it takes no message of this size: stream the audio in shorter chunks, or raise that limit.";

/** What a target is reached by, as far as advice differs: where it listens and how it is written. */
export type ReachedBy = "gRPC" | "HTTP";

const PORTS: Readonly<Record<ReachedBy, string>> = {
  gRPC: "gRPC is 50051 by default",
  HTTP: "a NIM's HTTP port and the gateway's are 9000 by default",
};
const OTHER_PORT: Readonly<Record<ReachedBy, string>> = { gRPC: "the HTTP port", HTTP: "the gRPC port" };
const SCHEMES: Readonly<Record<ReachedBy, readonly [plain: string, overTls: string]>> = {
  gRPC: ["grpc://", "grpcs://"],
  HTTP: ["ws://", "wss://"],
};

/** One sentence of advice, or undefined when the failure's own message says it all. */
export function adviceFor(failure: Failure, by: ReachedBy = "gRPC", given?: Given): string | undefined {
  const [plain, overTls] = SCHEMES[by];
  if (failure.code.startsWith("PROXY_")) {
    return failure.code === "PROXY_407"
      ? "The proxy wants credentials: write them into its URL (http://user:password@proxy:3128)."
      : "Check the proxy that the environment names, or name the target's host in NO_PROXY.";
  }
  if (failure.code === "MESSAGE_TOO_LARGE") return TOO_LARGE;
  if (failure.code === "HTTP_413" || failure.code === "WS_1009") return TOO_LARGE_WEB;
  if (failure.phase === "resolve") return "Check the host name of the target.";
  if (failure.origin === "generator" && failure.class === "resource-exhausted") {
    return "This machine is out of sockets: raise the limit of open files (ulimit -n) or use fewer connections.";
  }
  switch (failure.class) {
    case "refused":
      return `Nothing listens there: check host and port (${PORTS[by]}), and that the server has finished loading.`;
    case "timeout":
      return `Nothing answered in time: check host, port and firewall, and that the port speaks ${by}.`;
    case "certificate":
      return certificateAdvice(failure.code, given);
    case "unauthenticated":
    case "permission":
      return "Check the API key and the function id (RIVA_API_KEY, RIVA_FUNCTION_ID).";
    case "bad-config":
      return "Check model, language and sample rate against the list of models of `bench check`.";
    case "not-found":
      return failure.code === "HTTP_404" ? notFoundAdvice(given?.path) : undefined;
    case "protocol-violation":
      if (failure.code.startsWith("HTTP_"))
        return "Something else is served there: check host, port and path (ws://host:9000 for a NIM's realtime dialect).";
      return failure.phase === "tls"
        ? `The port speaks plain text: use ${plain} instead of ${overTls}.`
        : `The port does not speak ${by} as expected: is it ${OTHER_PORT[by]}, or does it want TLS (${overTls})?`;
    case "connection-lost":
      // Some servers, Node's among them, close without a word when they don't trust a client certificate.
      return `The connection was closed: does the port want TLS (${overTls}), is our client certificate one that the server trusts, or did the server or a proxy restart?`;
    case "start-flag":
      return "The server gave the stream's slot away: it was idle for too long, or the server is short of slots.";
    default:
      return undefined;
  }
}

/** What happened, for people; the code only where the text does not hold it. */
export function failureText({ code, message }: Failure): string {
  return message.includes(code) ? message : `${code}: ${message}`;
}

/** The error (exit 7) of a warm-up that could not connect. */
export function unreachable(
  address: string,
  failure: Failure,
  by: ReachedBy = "gRPC",
  given?: Given,
): BenchError {
  return BenchError.target(`Can't connect to ${address}: ${failure.message}`, adviceFor(failure, by, given));
}
