/** Riva's own streaming protocol over grpc-js, through its public API. */
import { status } from "@grpc/grpc-js";
import type { ClientDuplexStream, StatusObject } from "@grpc/grpc-js";
import { rivaServices } from "../../base/riva-proto.ts";
import { ChannelPool } from "./channel-pool.ts";
import { grpcFailure } from "./failures.ts";
import { callMetadata, withTrace } from "./grpc-endpoint.ts";
import { decodeResponse } from "./riva-decode.ts";
import { encodeAudio, encodeConfig, prepareEncoder } from "./riva-encode.ts";
import type { RivaCall } from "./riva-stream.ts";
import { DEFAULT_STREAMS_PER_CONNECTION, rivaTransport } from "./riva-transport.ts";
import { Rotation } from "../rotation.ts";
import type { AsrResponse, AsrTransport, TransportOptions } from "../transport.ts";

/**
 * A transport to one Riva server or NIM.
 *
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used.
 */
export function createRivaGrpc(options: TransportOptions): AsrTransport {
  const { clock, streamsPerConnection = DEFAULT_STREAMS_PER_CONNECTION } = options;
  const { path } = rivaServices().asr.StreamingRecognize;
  const metadata = callMetadata(options);
  const rotation = new Rotation(options.route?.addresses, options.firstAddress);
  const pool = new ChannelPool(options, streamsPerConnection, clock, rotation);

  // Requests are bytes already; responses are stamped before anything else is done with them.
  const serialize = (message: Uint8Array): Buffer => message as Buffer;
  const deserialize = (bytes: Buffer): AsrResponse => decodeResponse(bytes, clock.nowMs());

  return rivaTransport(
    {
      name: "riva-grpc",
      rotation,
      // grpc-js puts its own frame around each message.
      encodeChunk: encodeAudio,
      warmUp(streams, timeoutMs) {
        prepareEncoder();
        return pool.warmUp(streams, timeoutMs);
      },

      call(told, traceparent) {
        const lane = pool.acquire();
        const call = lane.client.makeBidiStreamRequest(
          path,
          serialize,
          deserialize,
          withTrace(metadata, traceparent),
        );
        const reading = { everStopped: false };
        call.on("data", (response: AsrResponse) => {
          // grpc-js reads ahead of a stream that is not read: what lay in between was stamped when it came.
          if (reading.everStopped) response.atMs = clock.nowMs();
          told.responded(response);
        });
        call.on("status", ({ code, details }: StatusObject) => {
          const atMs = clock.nowMs();
          pool.release(lane);
          told.ended(atMs, code === status.OK ? undefined : grpcFailure(code, details, told.phase));
        });
        // Every error comes again as the status, which is where it is handled.
        call.on("error", () => undefined);
        return asRivaCall(call, reading);
      },

      close: () => pool.close(),
    },
    clock,
  );
}

function asRivaCall(
  call: ClientDuplexStream<Uint8Array, AsrResponse>,
  state: { everStopped: boolean },
): RivaCall {
  return {
    configure: (spec, onTaken) => void call.write(encodeConfig(spec), onTaken),
    write(message, onWritten) {
      call.write(message, onWritten);
      // One message is on its way to the socket; a second one means that the socket did not take the first in time.
      return call.writableLength <= 1;
    },
    halfClose: () => call.end(),
    setReading(reading) {
      state.everStopped = true;
      if (reading) call.resume();
      else call.pause();
    },
    // The status comes in a later tick, whatever state the call is in.
    cancel: () => call.cancel(),
  };
}
