/**
 * Riva's own streaming protocol over node:http2: gRPC by hand, for load generators. The same audio goes out many thousand
 * times, so each chunk is framed once and its bytes are shared by all streams, which grpc-js would copy for each.
 */
import { rivaServices } from "../../base/riva-proto.ts";
import { encodeAudio, prepareEncoder } from "./riva-encode.ts";
import { H2Call } from "./riva-h2-call.ts";
import { h2Endpoint } from "./riva-h2-endpoint.ts";
import { frameMessage } from "./riva-h2-frames.ts";
import { H2Pool } from "./riva-h2-pool.ts";
import { DEFAULT_STREAMS_PER_CONNECTION, rivaTransport } from "./riva-transport.ts";
import { Rotation } from "../rotation.ts";
import type { AsrTransport, TransportOptions } from "../transport.ts";

/**
 * A transport to one Riva server or NIM, with the options of `createRivaGrpc`.
 *
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used.
 */
export function createRivaH2(options: TransportOptions): AsrTransport {
  const { clock, streamsPerConnection = DEFAULT_STREAMS_PER_CONNECTION } = options;
  const endpoint = h2Endpoint(options, rivaServices().asr.StreamingRecognize.path);
  const rotation = new Rotation(options.route?.addresses, options.firstAddress);
  const pool = new H2Pool(endpoint, streamsPerConnection, clock, rotation);
  return rivaTransport(
    {
      name: "riva-h2",
      rotation,
      encodeChunk: (audio, runtimeConfig) => frameMessage(encodeAudio(audio, runtimeConfig)),
      warmUp(streams, timeoutMs) {
        prepareEncoder();
        return pool.warmUp(streams, timeoutMs);
      },
      call(told, traceparent) {
        const call = new H2Call(told, clock, traceparent);
        pool.place(call);
        return call;
      },
      close: () => pool.close(),
    },
    clock,
  );
}
