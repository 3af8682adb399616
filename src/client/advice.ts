/** What a person can do about a failure. */
import { BenchError } from "../base/errors.ts";
import type { Failure } from "../base/outcome.ts";

/** One sentence of advice, or undefined when the failure's own message says it all. */
export function adviceFor(failure: Failure): string | undefined {
  if (failure.phase === "resolve") return "Check the host name of the target.";
  if (failure.origin === "generator" && failure.class === "resource-exhausted") {
    return "This machine is out of sockets: raise the limit of open files (ulimit -n) or use fewer connections.";
  }
  switch (failure.class) {
    case "refused":
      return "Nothing listens there: check host and port (gRPC is 50051 by default), and that the server has finished loading.";
    case "timeout":
      return "Nothing answered in time: check host, port and firewall, and that the port speaks gRPC.";
    case "certificate":
      return "Give the authority that signed the server's certificate (RIVA_SSL_CA), or a client certificate if it wants one.";
    case "unauthenticated":
    case "permission":
      return "Check the API key and the function id (RIVA_API_KEY, RIVA_FUNCTION_ID).";
    case "bad-config":
      return "Check model, language and sample rate against the list of models of `bench check`.";
    case "protocol-violation":
      return failure.phase === "tls"
        ? "The port speaks plain text: use grpc:// instead of grpcs://."
        : "The port does not speak gRPC as expected: is it the HTTP port, or does it want TLS (grpcs://)?";
    case "connection-lost":
      return "The connection was closed: does the port want TLS (grpcs://), or did the server or a proxy restart?";
    case "start-flag":
      return "The server gave the stream's slot away: it was idle for too long, or the server is short of slots.";
    default:
      return undefined;
  }
}

/** The error (exit 7) of a warm-up that could not connect. */
export function unreachable(address: string, failure: Failure): BenchError {
  return BenchError.target(`Can't connect to ${address}: ${failure.message}`, adviceFor(failure));
}
