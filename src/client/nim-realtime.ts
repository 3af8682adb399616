/**
 * The realtime dialect of a speech NIM: JSON events over a WebSocket, one connection a session. The audio of a chunk is put
 * into its event once, and the bytes are shared by all sessions.
 */
import { unreachable } from "./advice.ts";
import { connectTimeout, noConnectionFailure, socketErrorText } from "./failures.ts";
import { httpRequest } from "./http-request.ts";
import { RealtimeCall } from "./nim-realtime-call.ts";
import { realtimeEndpoint } from "./nim-realtime-endpoint.ts";
import { encodeAppend } from "./nim-realtime-events.ts";
import { rivaTransport } from "./riva-transport.ts";
import type { AsrTransport, TransportOptions } from "./transport.ts";

/**
 * A transport to one NIM. Metadata goes along as headers of the POST and the upgrade, a key to its `authorization`.
 *
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used.
 */
export function createNimRealtime(options: TransportOptions): AsrTransport {
  const { clock } = options;
  const endpoint = realtimeEndpoint(options);
  const { address, healthUrl, headers, tls } = endpoint;
  return rivaTransport(
    {
      name: "nim-realtime",
      encodeChunk: encodeAppend,
      /** Sessions open their own connections; whether there is a server is asked once. Any HTTP answer says so. */
      async warmUp(_streams, timeoutMs) {
        const startMs = clock.nowMs();
        const limit = new AbortController();
        const stopLimit = clock.wakeAt(startMs + timeoutMs, () => limit.abort());
        try {
          await httpRequest({ method: "GET", url: healthUrl, headers, tls, signal: limit.signal });
          return { connections: 0, tookMs: clock.nowMs() - startMs };
        } catch (error) {
          const failure = limit.signal.aborted
            ? connectTimeout(timeoutMs)
            : noConnectionFailure(socketErrorText(error));
          throw unreachable(address, failure);
        } finally {
          stopLimit();
        }
      },
      call: (told) => new RealtimeCall(endpoint, told, clock),
      close: () => undefined,
    },
    clock,
  );
}
