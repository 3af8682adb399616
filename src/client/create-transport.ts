/** Makes transports. To add one: a file beside this, a line below, one in transports.ts, one in `test/conformance/`. */
import { BenchError, nearestName } from "../base/errors.ts";
import { createGatewayWs } from "./websocket/gateway-ws.ts";
import { createNimRealtime } from "./websocket/nim-realtime.ts";
import { createRivaGrpc } from "./grpc/riva-grpc.ts";
import { createRivaH2 } from "./grpc/riva-h2.ts";
import type { AsrTransport, TransportOptions } from "./transport.ts";
import type { TransportName } from "./transports.ts";
import { transportNames } from "./transports.ts";

const CREATE: Readonly<Record<TransportName, (options: TransportOptions) => AsrTransport>> = {
  "riva-grpc": createRivaGrpc,
  "riva-h2": createRivaH2,
  "nim-realtime": createNimRealtime,
  gateway: createGatewayWs,
};

/** @throws BenchError (exit 2) when there is no such transport, or its options can't be used. */
export function createTransport(name: string, options: TransportOptions): AsrTransport {
  const create = (CREATE as Readonly<Record<string, (typeof CREATE)[TransportName] | undefined>>)[name];
  if (create === undefined) {
    const nearest = nearestName(name, transportNames);
    throw BenchError.usage(
      `There is no transport "${name}"`,
      `${nearest === undefined ? "" : `Did you mean ${nearest}? `}Transports: ${transportNames.join(", ")}.`,
    );
  }
  return create(options);
}
