/** The URI of a target: what it says of the dialect, the address and the encryption. */
import { BenchError } from "../base/errors.ts";
import { redactUrl } from "../base/redact.ts";
import type { TargetKind } from "../client/transports.ts";

export interface TargetUri {
  kind: TargetKind;
  /** host:port */
  address: string;
  /** Of a WebSocket: path and query; empty for gRPC. */
  path: string;
  secure: boolean;
  /** The server is this machine. */
  loopback: boolean;
}

const SCHEMES: Readonly<Record<string, { kind: "grpc" | "ws"; secure: boolean; port: number }>> = {
  grpc: { kind: "grpc", secure: false, port: 50_051 },
  grpcs: { kind: "grpc", secure: true, port: 443 },
  // Where a NIM serves HTTP and WebSockets.
  ws: { kind: "ws", secure: false, port: 9000 },
  wss: { kind: "ws", secure: true, port: 443 },
};

/** Where a NIM's realtime dialect is; `?intent=transcription` is asked for by the transport. */
const REALTIME_PATH = "/v1/realtime";
/** The path of the gateway's own dialect; an ingress may put something before it. */
const GATEWAY_PATH = /\/v1\/stream$/;

/**
 * Reads `grpc://host:port`, `grpcs://`, `ws://` or `wss://`. A WebSocket's path names the dialect: none is a NIM's
 * realtime one, `/v1/stream` the gateway's.
 *
 * @throws BenchError (exit 2) that says what is wrong with it
 */
export function parseTargetUri(uri: string): TargetUri {
  const match = /^([a-z]+):\/\/(\[[\da-f:.]+\]|[^\s/:@?#[\]]+)(?::(\d+))?(\/[^\s?#]*)?$/i.exec(uri);
  if (match === null) throw unusable(uri, "not a server's address");
  const [, scheme = "", host = "", digits, path = "/"] = match;
  const known = SCHEMES[scheme];
  if (known === undefined) throw unusable(uri, `${scheme}:// is not supported`);
  const port = digits === undefined ? known.port : Number(digits);
  if (port < 1 || port > 65_535) throw unusable(uri, `port ${port} does not exist`);
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(host);
  const { secure } = known;
  return { ...dialect(uri, known.kind, path), address: `${host}:${port}`, secure, loopback };
}

/** The URI of what `parseTargetUri` read, the port written out. */
export function formatTargetUri({ kind, address, path, secure }: Omit<TargetUri, "loopback">): string {
  const scheme = kind === "riva-grpc" ? "grpc" : "ws";
  return `${scheme}${secure ? "s" : ""}://${address}${kind === "gateway" ? path : ""}`;
}

function dialect(uri: string, scheme: "grpc" | "ws", path: string): Pick<TargetUri, "kind" | "path"> {
  if (scheme === "grpc") {
    if (path !== "/") throw unusable(uri, "not a server's address: gRPC has no path");
    return { kind: "riva-grpc", path: "" };
  }
  if (GATEWAY_PATH.test(path)) return { kind: "gateway", path };
  if (path === "/" || path === REALTIME_PATH) return { kind: "nim-realtime", path: REALTIME_PATH };
  throw unusable(uri, `no dialect is known at ${path}`);
}

function unusable(uri: string, problem: string): BenchError {
  return BenchError.usage(
    `target ${redactUrl(uri)}: ${problem}`,
    "A target is grpc://host:port, grpcs://host:port, ws://host:port (a NIM's realtime dialect), " +
      "ws://host:port/v1/stream (the gateway), or either with wss://.",
  );
}
