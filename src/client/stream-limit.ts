/**
 * How many streams a gRPC server, or the proxy before it, takes on one connection. What is above that waits inside the
 * client without a word, and looks like latency of the server; grpc-js neither tells nor heeds the limit, so it is asked for
 * before a run, on a connection of its own.
 */
import type { Clock } from "../base/clock.ts";
import { rivaServices } from "../base/riva-proto.ts";
import type { Endpoint } from "./endpoint.ts";
import { H2Connection } from "./grpc/riva-h2-connection.ts";
import { h2Endpoint } from "./grpc/riva-h2-endpoint.ts";

/** Servers that set no limit send none, or the largest number there is. */
const AS_GOOD_AS_NONE = 2 ** 31;

/**
 * MAX_CONCURRENT_STREAMS of the server's HTTP/2 settings; undefined when it sets no limit, or does not say in time.
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used
 */
export async function streamLimit(
  endpoint: Endpoint,
  clock: Clock,
  timeoutMs: number,
): Promise<number | undefined> {
  let limit = Infinity;
  const connection = new H2Connection(
    h2Endpoint(endpoint, rivaServices().asr.StreamingRecognize.path),
    endpoint.route?.addresses?.[0],
    clock,
    (maxStreams) => (limit = maxStreams),
    () => undefined,
  );
  let stopLimit = (): void => undefined;
  const tooLate = new Promise<void>((resolve) => {
    stopLimit = clock.wakeAt(clock.nowMs() + timeoutMs, resolve);
  });
  await Promise.race([connection.ready, tooLate]);
  stopLimit();
  connection.close();
  return limit < AS_GOOD_AS_NONE ? limit : undefined;
}

/** Streams to put on each connection: as many as are wanted, or as the server takes. One that takes none is asked all the same. */
export function streamsPerConnection(wanted: number, limit: number | undefined): number {
  return Math.max(1, Math.min(wanted, limit ?? Infinity));
}
