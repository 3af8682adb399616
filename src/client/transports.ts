/** The transports there are. To add one: a file beside this, a line below, a line in `test/conformance/`. */
import { BenchError, nearestName } from "../base/errors.ts";
import { createRivaGrpc } from "./riva-grpc.ts";
import type { RivaGrpcOptions } from "./riva-grpc.ts";
import { createRivaH2 } from "./riva-h2.ts";
import type { AsrTransport } from "./transport.ts";

/** What any transport may need to know; each takes what concerns it. */
export type TransportOptions = RivaGrpcOptions;

const TRANSPORTS: Readonly<Record<string, (options: TransportOptions) => AsrTransport>> = {
  "riva-grpc": createRivaGrpc,
  "riva-h2": createRivaH2,
};

/** Names that `createTransport` knows. */
export const transportNames: readonly string[] = Object.keys(TRANSPORTS);

/** @throws BenchError (exit 2) when there is no such transport, or its options can't be used. */
export function createTransport(name: string, options: TransportOptions): AsrTransport {
  const create = TRANSPORTS[name];
  if (create === undefined) {
    const nearest = nearestName(name, transportNames);
    throw BenchError.usage(
      `There is no transport "${name}"`,
      `${nearest === undefined ? "" : `Did you mean ${nearest}? `}Transports: ${transportNames.join(", ")}.`,
    );
  }
  return create(options);
}
