/** How to reach one gRPC server over node:http2: what grpc-js would do with the same settings. */
import type { OutgoingHttpHeaders, SecureClientSessionOptions } from "node:http2";
import { createSecureContext } from "node:tls";
import { messageOf } from "../base/errors.ts";
import { callMetadata, unusableEndpoint } from "./grpc-endpoint.ts";
import type { GrpcEndpoint, GrpcTls } from "./grpc-endpoint.ts";

export interface H2Endpoint {
  /** host:port, for people. */
  readonly address: string;
  readonly url: string;
  readonly session: SecureClientSessionOptions;
  /** Of every call. */
  readonly headers: OutgoingHttpHeaders;
}

/** What a stream may receive before we must say that we have read it: more than all its answers. */
const STREAM_WINDOW_BYTES: number = 1024 * 1024;

/**
 * Settings and headers of calls of the method at `path`.
 *
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used.
 */
export function h2Endpoint(endpoint: GrpcEndpoint, path: string): H2Endpoint {
  const { address, tls } = endpoint;
  if (!/^(?:\[[\da-f:.]+\]|[^\s:/@?#[\]]+):\d{1,5}$/i.test(address) || !URL.canParse(`http://${address}`)) {
    throw unusableEndpoint(address, "it is not host:port");
  }
  return {
    address,
    url: `${tls === undefined ? "http" : "https"}://${address}`,
    session: {
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
      // Node's limit of 10 MB a session would refuse streams beyond the first thousands.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
      ...(tls === undefined ? {} : tlsOptions(address, tls)),
    },
    headers: {
      ...callMetadata(endpoint).toHttp2Headers(),
      ":method": "POST",
      ":path": path,
      ":authority": tls?.serverName ?? address,
      te: "trailers",
      "content-type": "application/grpc",
      "user-agent": "riva-bench",
    },
  };
}

function tlsOptions(address: string, tls: GrpcTls): SecureClientSessionOptions {
  const { rootCa, clientCert, clientKey, serverName } = tls;
  if ((clientCert === undefined) !== (clientKey === undefined))
    throw unusableEndpoint(address, "a client certificate without its key, or a key without its certificate");
  try {
    // Made once: reading the well-known authorities takes longer than a handshake.
    const secureContext = createSecureContext({
      ...(rootCa !== undefined && { ca: rootCa }),
      ...(clientCert !== undefined && { cert: clientCert }),
      ...(clientKey !== undefined && { key: clientKey }),
    });
    return { secureContext, ...(serverName !== undefined && { servername: serverName }) };
  } catch (error) {
    throw unusableEndpoint(address, messageOf(error));
  }
}
