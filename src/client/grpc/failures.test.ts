import { describe, expect, it } from "vitest";
import type { FailureClass, FailureOrigin, FailurePhase } from "../../base/outcome.ts";
import { adviceFor } from "../advice.ts";
import { grpcFailure } from "./failures.ts";
import { httpFailure } from "../http/web-failures.ts";

type Row = [details: string, phase: FailurePhase, class_: FailureClass, origin: FailureOrigin, code: string];

const noConnection = (reason: string): string =>
  `No connection established. Last error: ${reason}. Resolution note: `;

describe("every gRPC status", () => {
  it.each<[number, ...Row]>([
    [0, "", "streaming", "protocol-violation", "server", "OK"],
    [1, "x", "streaming", "cancelled", "server", "CANCELLED"],
    [2, "x", "streaming", "internal", "server", "UNKNOWN"],
    [3, "x", "streaming", "bad-config", "client-config", "INVALID_ARGUMENT"],
    [4, "x", "streaming", "timeout", "server", "DEADLINE_EXCEEDED"],
    [5, "x", "streaming", "not-found", "client-config", "NOT_FOUND"],
    [6, "x", "streaming", "other", "server", "ALREADY_EXISTS"],
    [7, "x", "streaming", "permission", "client-config", "PERMISSION_DENIED"],
    [8, "x", "streaming", "resource-exhausted", "server", "RESOURCE_EXHAUSTED"],
    [9, "x", "streaming", "other", "server", "FAILED_PRECONDITION"],
    [10, "x", "streaming", "internal", "server", "ABORTED"],
    [11, "x", "streaming", "bad-config", "client-config", "OUT_OF_RANGE"],
    [12, "x", "streaming", "not-found", "client-config", "UNIMPLEMENTED"],
    [13, "x", "streaming", "internal", "server", "INTERNAL"],
    [14, "x", "streaming", "unavailable", "server", "UNAVAILABLE"],
    [15, "x", "streaming", "internal", "server", "DATA_LOSS"],
    [16, "x", "streaming", "unauthenticated", "client-config", "UNAUTHENTICATED"],
    [99, "x", "streaming", "protocol-violation", "server", "UNKNOWN_STATUS"],
  ])("%i", (status, details, phase, class_, origin, code) => {
    expect(grpcFailure(status, details, phase)).toEqual({
      phase,
      class: class_,
      origin,
      code,
      message: details === "" ? code : details,
    });
  });
});

describe("why there is no connection", () => {
  it.each<Row>([
    ["Error: connect ECONNREFUSED 127.0.0.1:1", "connect", "refused", "server", "ECONNREFUSED"],
    ["Error: getaddrinfo ENOTFOUND nosuch", "resolve", "not-found", "client-config", "ENOTFOUND"],
    ["Error: getaddrinfo EAI_AGAIN nosuch", "resolve", "unavailable", "network", "EAI_AGAIN"],
    ["Error: connect ETIMEDOUT 10.0.0.1:1", "connect", "timeout", "network", "ETIMEDOUT"],
    ["Error: connect ECONNRESET 127.0.0.1:1", "connect", "connection-lost", "network", "ECONNRESET"],
    ["Error: write EPIPE", "connect", "connection-lost", "network", "EPIPE"],
    ["Error: connect EHOSTUNREACH 10.0.0.1:1", "connect", "unavailable", "network", "EHOSTUNREACH"],
    ["Error: connect EMFILE 127.0.0.1:1", "connect", "resource-exhausted", "generator", "EMFILE"],
    [
      "Error: connect EADDRNOTAVAIL 127.0.0.1:1",
      "connect",
      "resource-exhausted",
      "generator",
      "EADDRNOTAVAIL",
    ],
    ["Error: certificate has expired", "tls", "certificate", "server", "CERT_HAS_EXPIRED"],
    ["Error: CERT_HAS_EXPIRED", "tls", "certificate", "server", "CERT_HAS_EXPIRED"],
    [
      "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: IP: 1.1.1.1",
      "tls",
      "certificate",
      "client-config",
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ],
    ["Error: self-signed certificate", "tls", "certificate", "client-config", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    [
      "Error: self signed certificate in certificate chain",
      "tls",
      "certificate",
      "client-config",
      "SELF_SIGNED_CERT_IN_CHAIN",
    ],
    [
      "Error: unable to verify the first certificate",
      "tls",
      "certificate",
      "client-config",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    ],
    [
      "Error: unable to get local issuer certificate",
      "tls",
      "certificate",
      "client-config",
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    ],
    [
      "Error: 80:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../x.c:1601:SSL alert number 116",
      "tls",
      "certificate",
      "client-config",
      "CLIENT_CERTIFICATE_REQUIRED",
    ],
    [
      "Error: 80:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../x.c:1601:SSL alert number 48",
      "tls",
      "certificate",
      "client-config",
      "CLIENT_CERTIFICATE_REFUSED",
    ],
    [
      "Error: 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../x.c:350:",
      "tls",
      "protocol-violation",
      "client-config",
      "EPROTO",
    ],
    [
      "Error: Client network socket disconnected before secure TLS connection was established",
      "tls",
      "connection-lost",
      "server",
      "ECONNRESET",
    ],
    [
      "Protocol error (2026-01-02T03:04:05.678Z)",
      "connect",
      "protocol-violation",
      "server",
      "ERR_HTTP2_ERROR",
    ],
    ["Failed to connect (2026-01-02T03:04:05.678Z)", "connect", "connection-lost", "server", "ECONNRESET"],
    ["Error: something new", "connect", "unavailable", "unknown", "UNAVAILABLE"],
  ])("%s", (reason, phase, class_, origin, code) => {
    expect(grpcFailure(14, noConnection(reason), "configure")).toMatchObject({
      phase,
      class: class_,
      origin,
      code,
    });
  });

  it("a name that does not resolve", () => {
    const failure = grpcFailure(14, "Name resolution failed for target dns:nosuch:1", "connect");
    expect(failure).toMatchObject({ phase: "resolve", class: "not-found", origin: "client-config" });
  });

  it.each([
    ["Error: connect ECONNREFUSED 127.0.0.1:1", "connect ECONNREFUSED 127.0.0.1:1"],
    ["Failed to connect (2026-01-02T03:04:05.678Z)", "Failed to connect"],
    [
      "Error: 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../x.c:350:\n",
      "TLS: wrong version number",
    ],
  ])("the message is for people: %s", (reason, message) => {
    expect(grpcFailure(14, noConnection(reason), "connect").message).toBe(message);
  });
});

describe("calls that ended without a status from the server", () => {
  it.each<[number, ...Row]>([
    [14, "Connection dropped", "streaming", "connection-lost", "network", "UNAVAILABLE"],
    [14, "read ECONNRESET", "streaming", "connection-lost", "network", "ECONNRESET"],
    [
      14,
      "Write error: This socket has been ended by the other party",
      "flush",
      "connection-lost",
      "network",
      "UNAVAILABLE",
    ],
    [
      13,
      "Received RST_STREAM with code 2 triggered by internal client error: Session closed with error code 2",
      "streaming",
      "connection-lost",
      "network",
      "INTERNAL",
    ],
    [
      13,
      "Received RST_STREAM with code 2 (Internal server error)",
      "streaming",
      "reset",
      "server",
      "INTERNAL",
    ],
    [13, "Received RST_STREAM with code 1", "streaming", "reset", "server", "INTERNAL"],
    [14, "Stream refused by server", "configure", "reset", "server", "UNAVAILABLE"],
    [1, "Call cancelled", "streaming", "reset", "server", "CANCELLED"],
    [
      13,
      "Received RST_STREAM with code 0 (Call ended without gRPC status)",
      "flush",
      "protocol-violation",
      "server",
      "INTERNAL",
    ],
    [2, "No status information received", "flush", "protocol-violation", "server", "UNKNOWN"],
    [12, "Received HTTP status code 404", "configure", "protocol-violation", "server", "UNIMPLEMENTED"],
    [14, "Received HTTP status code 503", "configure", "unavailable", "server", "UNAVAILABLE"],
    [
      13,
      "Response message parsing error: truncated message",
      "streaming",
      "protocol-violation",
      "server",
      "INTERNAL",
    ],
    [
      8,
      "Received message larger than max (1752460652 vs 134217728)",
      "streaming",
      "protocol-violation",
      "server",
      "RESOURCE_EXHAUSTED",
    ],
  ])("%i %s", (status, details, phase, class_, origin, code) => {
    expect(grpcFailure(status, details, phase)).toEqual({
      phase,
      class: class_,
      origin,
      code,
      message: details,
    });
  });

  it("a message that grpc-js can't decompress has neither status nor text", () => {
    expect(grpcFailure(undefined, undefined, "streaming")).toMatchObject({
      class: "protocol-violation",
      origin: "server",
    });
  });

  it("our own deadline, before a connection and after", () => {
    const early = grpcFailure(
      4,
      "Deadline exceeded after 0.5s,metadata filters: 0.1s,Waiting for LB pick",
      "configure",
    );
    expect(early).toMatchObject({ phase: "connect", class: "timeout" });
    const late = grpcFailure(
      4,
      "Deadline exceeded after 0.5s,LB pick: 0.1s,remote_addr=127.0.0.1:1",
      "configure",
    );
    expect(late).toMatchObject({ phase: "configure", class: "timeout", origin: "server" });
  });
});

describe("what Riva says", () => {
  it.each<[number, ...Row]>([
    [
      3,
      "Error: Unavailable model requested given these parameters: language_code=en; sample_rate=16000; type=online; ",
      "configure",
      "bad-config",
      "client-config",
      "INVALID_ARGUMENT",
    ],
    [
      3,
      "inference request for sequence 7 to model 'm' must specify the START flag on the first request of the sequence",
      "streaming",
      "start-flag",
      "server",
      "INVALID_ARGUMENT",
    ],
    [2, "TRTIS response timeout", "flush", "timeout", "server", "UNKNOWN"],
    // From behind the server, about a connection that is not ours.
    [13, "backend: connect ECONNREFUSED 127.0.0.1:8001", "streaming", "internal", "server", "INTERNAL"],
  ])("%i %s", (status, details, phase, class_, origin, code) => {
    expect(grpcFailure(status, details, phase)).toEqual({
      phase,
      class: class_,
      origin,
      code,
      message: details,
    });
  });

  it("turning a caller away is phase auth until the first answer", () => {
    expect(grpcFailure(16, "bad key", "configure").phase).toBe("auth");
    expect(grpcFailure(7, "no such function", "first-chunk").phase).toBe("auth");
    expect(grpcFailure(16, "key expired", "streaming").phase).toBe("streaming");
  });
});

// A limit of the server, in the words of gRPC's C++, Go, Node, Java and Rust; of our side, when we send too much.
it.each([
  "Received message larger than max (4480044 vs. 4194304)",
  "SERVER: Received message larger than max (4480044 vs. 4194304)",
  "CLIENT: Sent message larger than max (4480044 vs. 4194304)",
  "grpc: received message larger than max (4480044 vs. 4194304)",
  "Received message larger than max (4480044 vs 4194304)",
  "gRPC message exceeds maximum size 4194304: 4480044",
  "Error, decoded message length too large: found 4480044 bytes, the limit is: 4194304 bytes",
  "Received message that decompresses to a size larger than 4194304",
  "Attempted to send message with a size larger than 134217728",
])("%s: a limit to raise, or audio to stream", (details) => {
  const failure = grpcFailure(8, details, "configure");
  expect(failure).toMatchObject({ class: "bad-config", origin: "client-config", code: "MESSAGE_TOO_LARGE" });
  expect(adviceFor(failure)).toMatch(/^A message is larger .* stream the audio .* or raise that limit/);
});

it("advises by what was given for TLS", () => {
  const advice = (reason: string, given?: { rootCa?: unknown }): string | undefined =>
    adviceFor(grpcFailure(14, noConnection(reason), "configure"), "gRPC", given);
  const lone = "Error: unable to verify the first certificate";
  const rootCa = "PEM";
  expect(advice(lone)).toMatch(/give the one that signed .* intermediate/s);
  expect(advice(lone, { rootCa })).toMatch(/^The server sends its own certificate only/);
  expect(advice("Error: self-signed certificate in certificate chain", { rootCa })).toMatch(
    /not signed by the authority/,
  );
  expect(advice("Error: self-signed certificate in certificate chain")).toMatch(/give the one that signed/);
});

it("advises on what people get wrong most", () => {
  const advice = (status: number, details: string): string | undefined =>
    adviceFor(grpcFailure(status, details, "configure"));
  expect(advice(14, noConnection("Error: connect ECONNREFUSED 127.0.0.1:1"))).toMatch(/host and port/);
  expect(advice(14, noConnection("Error: self-signed certificate"))).toMatch(/RIVA_SSL_CA/);
  expect(advice(14, noConnection("Error: connect EMFILE"))).toMatch(/ulimit/);
  expect(advice(14, noConnection("Error: wrong version number"))).toMatch(/grpc:\/\//);
  expect(advice(14, "Name resolution failed for target dns:x:1")).toMatch(/host name/);
  expect(advice(3, "Error: Unavailable model requested")).toMatch(/model/);
  expect(advice(13, "boom")).toBeUndefined();
});

it("a connection that failed without a word still has one", () => {
  const failure = grpcFailure(
    14,
    "No connection established. Last error:  (Z). Resolution note: ",
    "configure",
  );
  expect(failure.message).toBe("no connection, and no reason was given");
});

it("a path that is not there: drop what was put before the dialect's own", () => {
  const failure = httpFailure(404, "", "connect");
  const advice = (path?: string): string | undefined => adviceFor(failure, "HTTP", path ? { path } : {});
  expect(advice("/asr/v1/realtime")).toMatch(
    /at \/asr\/v1\/realtime: drop the prefix \/asr \(\/v1\/realtime alone\)/,
  );
  expect(advice("/a/b/v1/stream")).toMatch(/drop the prefix \/a\/b \(\/v1\/stream alone\)/);
  for (const path of [undefined, "/v1/realtime", "/v1/stream"])
    expect(advice(path)).toMatch(/is it the NIM's HTTP port\?/);
});

it("names the ports and schemes of what the target is reached by", () => {
  const refused = grpcFailure(14, noConnection("Error: connect ECONNREFUSED 127.0.0.1:1"), "configure");
  expect(adviceFor(refused)).toMatch(/gRPC is 50051/);
  expect(adviceFor(refused, "HTTP")).toMatch(/HTTP port .* 9000/);
  const nonsense = grpcFailure(14, noConnection("Error: Protocol error"), "configure");
  expect(adviceFor(nonsense)).toMatch(/speak gRPC .* the HTTP port, .* TLS \(grpcs:\/\/\)/);
  expect(adviceFor(nonsense, "HTTP")).toMatch(/speak HTTP .* the gRPC port, .* TLS \(wss:\/\/\)/);
});
