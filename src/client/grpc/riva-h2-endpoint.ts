/** How to reach one gRPC server over node:http2: what grpc-js would do with the same settings. */
import type { OutgoingHttpHeaders } from "node:http2";
import { dial } from "../dial.ts";
import type { OnSocket } from "../dial.ts";
import { hostAndPort } from "../endpoint.ts";
import type { Endpoint, TlsMaterial } from "../endpoint.ts";
import { callMetadata } from "./grpc-endpoint.ts";
import { tlsOptions, unusableEndpoint } from "../tls-options.ts";

export interface H2Endpoint {
  /** host:port, for people. */
  readonly address: string;
  readonly url: string;
  readonly tls: TlsMaterial | undefined;
  /** Of every call. */
  readonly headers: OutgoingHttpHeaders;
  /** Begins to connect, TLS included, to `ip` or to whichever address the system finds; see `dial`. */
  openSocket(ip: string | undefined, onSocket: OnSocket): () => void;
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
  const proxy = endpoint.route?.proxy;
  const overTls =
    tls === undefined ? undefined : { ALPNProtocols: ["h2"], ...tlsOptions(address, at.host, tls) };
  return {
    address,
    url,
    tls,
    headers: {
      ...callMetadata(endpoint).toHttp2Headers(),
      ":method": "POST",
      ":path": path,
      ":authority": tls?.serverName ?? address,
      te: "trailers",
      "content-type": "application/grpc",
      "user-agent": "riva-bench",
    },
    openSocket: (ip, onSocket) => dial({ address, ip, proxy, tls: overTls }, onSocket),
  };
}
