/** A transport for Riva's streaming protocol, over any carrier of its calls. */
import type { Clock } from "../../base/clock.ts";
import { RivaStream, cancelled } from "./riva-stream.ts";
import type { CallListener, RivaCall } from "./riva-stream.ts";
import type { Rotation } from "../rotation.ts";
import type { AsrStream, AsrTransport, StreamListener, WarmUpResult } from "../transport.ts";

/** Streams a connection carries at most unless told otherwise: half of what servers and proxies commonly allow. */
export const DEFAULT_STREAMS_PER_CONNECTION = 50;

/** What brings calls to the server: a gRPC library, HTTP/2 by hand, WebSockets. */
export interface CallCarrier {
  readonly name: string;
  /** The form in which `RivaCall.write` takes a chunk. */
  encodeChunk: AsrTransport["encodeChunk"];
  warmUp(streams: number, timeoutMs: number): Promise<WarmUpResult>;
  /** Whose turns the calls take. */
  rotation: Rotation;
  /** Starts a call. Never throws: what goes wrong is told. */
  call(told: CallListener, traceparent?: string): RivaCall;
  /** Closes the connections; no call is open any more. */
  close(): void;
}

/** The transport over `carrier`: its streams, and their end when it is closed. */
export function rivaTransport(carrier: CallCarrier, clock: Clock): AsrTransport {
  const streams = new Set<RivaStream>();
  let closed = false;
  let whenIdle: (() => void) | undefined;

  const onEnded = (stream: RivaStream): void => {
    streams.delete(stream);
    if (streams.size === 0) whenIdle?.();
  };

  return {
    name: carrier.name,
    encodeChunk: (audio, runtimeConfig) => carrier.encodeChunk(audio, runtimeConfig),
    warmUp: (count, timeoutMs) => carrier.warmUp(count, timeoutMs),

    sessionsByAddress: () => carrier.rotation.counts(),
    open(spec, listener) {
      if (closed) return openAfterClose(listener, clock);
      const start = (told: CallListener): RivaCall => carrier.call(told, spec.traceparent);
      const stream = new RivaStream(start, spec, listener, clock, onEnded);
      streams.add(stream);
      return stream;
    },

    async close() {
      if (closed) return;
      closed = true;
      if (streams.size > 0) {
        const idle = new Promise<void>((resolve) => (whenIdle = resolve));
        for (const stream of streams) stream.cancel(CLOSED);
        await idle;
      }
      carrier.close();
    },
  };
}

const CLOSED = "the transport was closed";

function openAfterClose(listener: StreamListener, clock: Clock): AsrStream {
  queueMicrotask(() => listener.onEnd(clock.nowMs(), { ok: false, failure: cancelled("connect", CLOSED) }));
  return {
    send: () => true,
    finish: () => undefined,
    setReading: () => undefined,
    cancel: () => undefined,
  };
}
