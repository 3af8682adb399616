/**
 * The realtime dialect of a speech NIM: JSON events over a WebSocket, one connection a session. The audio of a chunk is put
 * into its event once, and the bytes are shared by all sessions.
 */
import { realtimeDialect, sessionRequest } from "./nim-realtime-dialect.ts";
import { realtimeEndpoint } from "../http/nim-realtime-endpoint.ts";
import { encodeAppend } from "./nim-realtime-events.ts";
import { rivaTransport } from "../grpc/riva-transport.ts";
import { Rotation } from "../rotation.ts";
import type { AsrTransport, TransportOptions } from "../transport.ts";
import { WebSocketCall } from "./web-socket-call.ts";
import { warmUpWeb } from "./web-warm-up.ts";

/**
 * A transport to one NIM. Metadata goes along as headers of the POST and the upgrade, a key to its `authorization`.
 *
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used.
 */
export function createNimRealtime(options: TransportOptions): AsrTransport {
  const { clock } = options;
  const endpoint = realtimeEndpoint(options);
  const rotation = new Rotation(options.route?.addresses, options.firstAddress);
  const dialect = realtimeDialect(endpoint, rotation, () => clock.nowMs());
  return rivaTransport(
    {
      name: "nim-realtime",
      rotation,
      encodeChunk: encodeAppend,
      warmUp: (_streams, timeoutMs) =>
        warmUpWeb(
          {
            ...{ address: endpoint.address, addresses: rotation.all },
            ...{
              request: sessionRequest(endpoint),
              given: { ...options.tls, ...(options.path && { path: options.path }) },
              beginsSessions: true,
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
