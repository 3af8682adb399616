/**
 * Riva's own streaming protocol over grpc-js, through its public API. The stream of the wire is: one message with the
 * configuration, audio messages, half-close; the server answers when it likes and ends with a status.
 */
import { status } from "@grpc/grpc-js";
import type { ClientDuplexStream, StatusObject } from "@grpc/grpc-js";
import type { Clock } from "../base/clock.ts";
import type { Failure, FailurePhase } from "../base/outcome.ts";
import { rivaServices } from "../base/riva-proto.ts";
import { ChannelPool } from "./channel-pool.ts";
import { grpcFailure } from "./failures.ts";
import { callMetadata } from "./grpc-endpoint.ts";
import type { GrpcEndpoint } from "./grpc-endpoint.ts";
import { decodeResponse } from "./riva-decode.ts";
import { encodeAudio, encodeConfig } from "./riva-encode.ts";
import type {
  AsrResponse,
  AsrStream,
  AsrTransport,
  EncodedChunk,
  StreamListener,
  StreamSpec,
} from "./transport.ts";

export interface RivaGrpcOptions extends GrpcEndpoint {
  clock: Clock;
  /** Streams a connection carries at most; default 50, half of what servers and proxies commonly allow. */
  streamsPerConnection?: number;
}

const DEFAULT_STREAMS_PER_CONNECTION = 50;

/**
 * A transport to one Riva server or NIM.
 *
 * @throws BenchError (exit 2) when address, TLS files or metadata can't be used.
 */
export function createRivaGrpc(options: RivaGrpcOptions): AsrTransport {
  const { clock, streamsPerConnection = DEFAULT_STREAMS_PER_CONNECTION } = options;
  const { path } = rivaServices().asr.StreamingRecognize;
  const metadata = callMetadata(options);
  const pool = new ChannelPool(options, streamsPerConnection, clock);
  const streams = new Set<RivaStream>();
  let closed = false;
  let whenIdle: (() => void) | undefined;

  // Requests are bytes already; responses are stamped before anything else is done with them.
  const serialize = (message: Uint8Array): Buffer => message as Buffer;
  const deserialize = (bytes: Buffer): AsrResponse => decodeResponse(bytes, clock.nowMs());

  return {
    name: "riva-grpc",
    encodeChunk: encodeAudio,
    warmUp: (count, timeoutMs) => pool.warmUp(count, timeoutMs),

    open(spec, listener) {
      if (closed) return openAfterClose(listener, clock);
      const lane = pool.acquire();
      const call = lane.client.makeBidiStreamRequest(path, serialize, deserialize, metadata);
      const stream = new RivaStream(call, spec, listener, clock, () => {
        pool.release(lane);
        streams.delete(stream);
        if (streams.size === 0) whenIdle?.();
      });
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
      pool.close();
    },
  };
}

const CLOSED = "the transport was closed";

/** One stream. Its listener hears what the call tells, in the call's order. */
class RivaStream implements AsrStream {
  readonly #call: ClientDuplexStream<Uint8Array, AsrResponse>;
  readonly #spec: StreamSpec;
  readonly #listener: StreamListener;
  readonly #clock: Clock;
  readonly #onEnded: () => void;
  /** One function for all writes: they are called back in order. */
  readonly #onWritten = (): void => this.#written();
  readonly #stopReadyLimit: () => void;
  #stopFlushLimit: (() => void) | undefined;

  #opened = false;
  #sent = false;
  #accepted = 0;
  #heard = false;
  #finished = false;
  #lastFinalHeard = false;
  #ended = false;
  /** Why we gave up, when it was us; wins over the status that giving up leads to. */
  #givenUp: Failure | undefined;

  constructor(
    call: ClientDuplexStream<Uint8Array, AsrResponse>,
    spec: StreamSpec,
    listener: StreamListener,
    clock: Clock,
    onEnded: () => void,
  ) {
    this.#call = call;
    this.#spec = spec;
    this.#listener = listener;
    this.#clock = clock;
    this.#onEnded = onEnded;
    call.on("data", (response: AsrResponse) => this.#heardFrom(response));
    call.on("status", (end: StatusObject) => this.#end(end));
    // Every error comes again as the status, which is where it is handled.
    call.on("error", () => undefined);
    this.#stopReadyLimit = clock.wakeAt(clock.nowMs() + spec.readyTimeoutMs, () => {
      const message = `not connected within ${spec.readyTimeoutMs} ms`;
      this.#giveUp({ phase: "connect", class: "timeout", origin: "server", code: "READY_TIMEOUT", message });
    });
    call.write(encodeConfig(spec), this.#onWritten);
  }

  send(chunk: EncodedChunk): boolean {
    if (this.#over || this.#finished) return true;
    this.#sent = true;
    this.#call.write(chunk, this.#onWritten);
    // One message is on its way to the socket; a second one means that the socket did not take the first in time.
    return this.#call.writableLength <= 1;
  }

  finish(): void {
    if (this.#over || this.#finished) return;
    this.#finished = true;
    this.#call.end();
    const { flushTimeoutMs } = this.#spec;
    this.#stopFlushLimit = this.#clock.wakeAt(this.#clock.nowMs() + flushTimeoutMs, () => {
      const message = `the stream did not end within ${flushTimeoutMs} ms after its audio`;
      this.#giveUp({
        phase: this.#phase,
        class: "deadline",
        origin: "server",
        code: "FLUSH_TIMEOUT",
        message,
      });
    });
  }

  cancel(reason: string): void {
    this.#giveUp(cancelled(this.#phase, reason));
  }

  get #over(): boolean {
    return this.#ended || this.#givenUp !== undefined;
  }

  get #phase(): FailurePhase {
    if (!this.#opened) return "connect";
    if (this.#finished) return this.#lastFinalHeard ? "close" : "flush";
    if (this.#heard) return "streaming";
    return this.#sent ? "first-chunk" : "configure";
  }

  /** The socket has taken a message: the configuration first, then chunk after chunk. */
  #written(): void {
    const atMs = this.#clock.nowMs();
    if (this.#over) return;
    if (this.#opened) {
      this.#listener.onAccepted(this.#accepted++, atMs);
    } else {
      this.#opened = true;
      this.#stopReadyLimit();
      this.#listener.onOpen(atMs);
    }
  }

  #heardFrom(response: AsrResponse): void {
    if (this.#over) return;
    this.#heard = true;
    if (this.#finished && response.final) this.#lastFinalHeard = true;
    this.#listener.onResponse(response);
  }

  #giveUp(failure: Failure): void {
    if (this.#over) return;
    this.#givenUp = failure;
    // The status comes in a later tick, whatever state the call is in.
    this.#call.cancel();
  }

  #end(end: StatusObject): void {
    const atMs = this.#clock.nowMs();
    this.#ended = true;
    this.#stopReadyLimit();
    this.#stopFlushLimit?.();
    this.#onEnded();
    const failure = this.#givenUp ?? this.#failureOf(end);
    this.#listener.onEnd(atMs, failure === undefined ? { ok: true } : { ok: false, failure });
  }

  #failureOf(end: StatusObject): Failure | undefined {
    if (end.code !== status.OK) return grpcFailure(end.code, end.details, this.#phase);
    if (this.#finished) return undefined;
    const message = "the server ended the stream before its audio was through";
    return { phase: this.#phase, class: "protocol-violation", origin: "server", code: "OK", message };
  }
}

function cancelled(phase: FailurePhase, reason: string): Failure {
  return { phase, class: "cancelled", origin: "generator", code: "CANCELLED", message: reason };
}

function openAfterClose(listener: StreamListener, clock: Clock): AsrStream {
  queueMicrotask(() => listener.onEnd(clock.nowMs(), { ok: false, failure: cancelled("connect", CLOSED) }));
  return { send: () => true, finish: () => undefined, cancel: () => undefined };
}
