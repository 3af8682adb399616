/** The binary dialect of this project's gateway: PCM frames over a WebSocket, one connection a session. */
import { hostAndPort } from "../endpoint.ts";
import { gatewayDialect } from "./gateway-dialect.ts";
import { checkedHeaders } from "../http/nim-realtime-endpoint.ts";
import { rivaTransport } from "../grpc/riva-transport.ts";
import { gatewayPrefix } from "../http/gateway-state.ts";
import { Rotation } from "../rotation.ts";
import { tlsOptions, unusableEndpoint } from "../tls-options.ts";
import type { AsrTransport, TransportOptions } from "../transport.ts";
import { WebSocketCall } from "./web-socket-call.ts";
import { warmUpWeb } from "./web-warm-up.ts";

/**
 * A transport to one gateway. Metadata goes along as headers of the upgrade, a key in its `authorization`. A session that
 * the gateway's fallback answers counts as failed.
 *
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used.
 */
export function createGatewayWs(options: TransportOptions): AsrTransport {
  const { address, path = "/v1/stream", clock, metadata = {} } = options;
  const at = hostAndPort(address);
  const s = options.tls === undefined ? "" : "s";
  if (at === undefined || !URL.canParse(`http${s}://${address}${path}`))
    throw unusableEndpoint(address, "it is not host:port");
  const tls = options.tls === undefined ? undefined : tlsOptions(address, at.host, options.tls);
  const headers = checkedHeaders(metadata);
  const proxy = options.route?.proxy;
  const rotation = new Rotation(options.route?.addresses, options.firstAddress);
  const health = {
    method: "GET",
    url: `http${s}://${address}${gatewayPrefix(path)}/health/ready`,
    headers,
    tls,
    proxy,
  } as const;
  const dialect = gatewayDialect(
    { url: `ws${s}://${address}${path}`, address, headers, tls, proxy },
    rotation,
  );
  return rivaTransport(
    {
      name: "gateway",
      rotation,
      encodeChunk: (audio) => audio,
      warmUp: (_streams, timeoutMs) =>
        warmUpWeb(
          {
            ...{ address, addresses: rotation.all, request: health },
            ...{
              given: { ...options.tls, ...(options.path && { path: options.path }) },
              beginsSessions: false,
            },
          },
          clock,
          timeoutMs,
        ),
      call: (told) => new WebSocketCall(dialect, told, clock),
      close: () => undefined,
    },
    clock,
  );
}
