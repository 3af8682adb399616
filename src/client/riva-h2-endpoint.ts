/** How to reach one gRPC server over node:http2: what grpc-js would do with the same settings. */
import type { OutgoingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { hostAndPort } from "./endpoint.ts";
import type { Endpoint } from "./endpoint.ts";
import { callMetadata } from "./grpc-endpoint.ts";
import { tlsOptions, unusableEndpoint } from "./tls-options.ts";

export interface H2Endpoint {
  /** host:port, for people. */
  readonly address: string;
  readonly url: string;
  /** Of every call. */
  readonly headers: OutgoingHttpHeaders;
  /** Begins to connect, TLS included. */
  openSocket(): Socket;
}

/**
 * How to reach `endpoint` for calls of the method at `path`.
 *
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used.
 */
export function h2Endpoint(endpoint: Endpoint, path: string): H2Endpoint {
  const { address, tls } = endpoint;
  const url = `${tls === undefined ? "http" : "https"}://${address}`;
  const at = hostAndPort(address);
  if (at === undefined || !URL.canParse(url)) throw unusableEndpoint(address, "it is not host:port");
  const overTls =
    tls === undefined ? undefined : { ...at, ALPNProtocols: ["h2"], ...tlsOptions(address, at.host, tls) };
  return {
    address,
    url,
    headers: {
      ...callMetadata(endpoint).toHttp2Headers(),
      ":method": "POST",
      ":path": path,
      ":authority": tls?.serverName ?? address,
      te: "trailers",
      "content-type": "application/grpc",
      "user-agent": "riva-bench",
    },
    openSocket: () => (overTls === undefined ? connect(at) : connectTls(overTls)),
  };
}
