/** How to reach one gRPC server over node:http2: what grpc-js would do with the same settings. */
import type { OutgoingHttpHeaders } from "node:http2";
import { connect, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import { messageOf } from "../base/errors.ts";
import type { Endpoint, TlsMaterial } from "./endpoint.ts";
import { callMetadata, unusableEndpoint } from "./grpc-endpoint.ts";

export interface H2Endpoint {
  /** host:port, for people. */
  readonly address: string;
  readonly url: string;
  /** Of every call. */
  readonly headers: OutgoingHttpHeaders;
  /** Begins to connect, TLS included. */
  openSocket(): Socket;
}

/** Host, in brackets if it is an IPv6 address, and port. */
const ADDRESS = /^(?:\[([\da-f:.]+)\]|([^\s:/@?#[\]]+)):(\d{1,5})$/i;

/**
 * How to reach `endpoint` for calls of the method at `path`.
 *
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used.
 */
export function h2Endpoint(endpoint: Endpoint, path: string): H2Endpoint {
  const { address, tls } = endpoint;
  const url = `${tls === undefined ? "http" : "https"}://${address}`;
  const [, ipv6, name, digits] = ADDRESS.exec(address) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined || !URL.canParse(url)) throw unusableEndpoint(address, "it is not host:port");
  const at = { host, port: Number(digits) };
  const tlsOptions = tls === undefined ? undefined : { ...at, ...connectionOptions(address, host, tls) };
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
    openSocket: () => (tlsOptions === undefined ? connect(at) : connectTls(tlsOptions)),
  };
}

function connectionOptions(address: string, host: string, tls: TlsMaterial): ConnectionOptions {
  const { rootCa, clientCert, clientKey, serverName } = tls;
  if ((clientCert === undefined) !== (clientKey === undefined))
    throw unusableEndpoint(address, "a client certificate without its key, or a key without its certificate");
  try {
    return {
      ALPNProtocols: ["h2"],
      // TLS names no IP addresses; the certificate is held against the host all the same.
      servername: serverName ?? (isIP(host) === 0 ? host : ""),
      // Made once: reading the well-known authorities takes longer than a handshake.
      secureContext: createSecureContext({
        ...(rootCa !== undefined && { ca: rootCa }),
        ...(clientCert !== undefined && { cert: clientCert }),
        ...(clientKey !== undefined && { key: clientKey }),
      }),
    };
  } catch (error) {
    throw unusableEndpoint(address, messageOf(error));
  }
}
