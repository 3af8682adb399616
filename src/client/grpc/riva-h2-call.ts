/** A gRPC call over a stream of node:http2. */
import { constants } from "node:http2";
import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from "node:http2";
import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Failure } from "../../base/outcome.ts";
import { grpcFailure, noConnectionFailure } from "./failures.ts";
import { decodeResponse } from "./riva-decode.ts";
import { encodeConfig } from "./riva-encode.ts";
import type { H2Connection, Passenger } from "./riva-h2-connection.ts";
import { FrameReader, frameMessage } from "./riva-h2-frames.ts";
import {
  isOk,
  statusInHeaders,
  statusOfHttp,
  statusOfLostConnection,
  statusOfNonsense,
  statusOfReset,
} from "./riva-h2-status.ts";
import type { CallStatus } from "./riva-h2-status.ts";
import type { CallListener, RivaCall } from "./riva-stream.ts";
import type { AsrResponse, StreamSpec } from "../transport.ts";

type ResponseHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader;
type OnWritten = (error?: Error | null) => void;

export class H2Call implements RivaCall, Passenger {
  connection: H2Connection | undefined;
  readonly #told: CallListener;
  readonly #clock: Clock;
  readonly #traceparent: string | undefined;
  readonly #frames = new FrameReader();
  #stream: ClientHttp2Stream | undefined;
  /** What came before the stream was there. */
  #early: { message: Uint8Array; onWritten: OnWritten }[] = [];
  #halfClosed = false;
  #reading = true;
  #serverEnded = false;
  #error: Error | undefined;
  #over = false;

  constructor(told: CallListener, clock: Clock, traceparent?: string) {
    this.#traceparent = traceparent;
    this.#told = told;
    this.#clock = clock;
  }

  begin(connection: H2Connection): void {
    let stream: ClientHttp2Stream;
    try {
      stream = connection.request(this.#traceparent);
    } catch (error) {
      const failure = noConnectionFailure(messageOf(error));
      queueMicrotask(() => this.#end(this.#clock.nowMs(), failure));
      return;
    }
    this.#stream = stream;
    stream.on("response", (headers: ResponseHeaders, flags: number) => this.#onHeaders(headers, flags));
    stream.on("data", (bytes: Buffer) => this.#onData(bytes));
    stream.on("trailers", (headers: IncomingHttpHeaders) => this.#onTrailers(headers));
    stream.on("error", (error: Error) => (this.#error = error));
    // Whichever comes without a status before it.
    stream.on("end", () => this.#onClose());
    stream.on("close", () => this.#onClose());
    for (const { message, onWritten } of this.#early) stream.write(message, onWritten);
    this.#early = [];
    if (!this.#reading) stream.pause();
    if (this.#halfClosed) stream.end();
  }

  strand(failure: Failure): void {
    this.#end(this.#clock.nowMs(), failure);
  }

  configure(spec: StreamSpec, onTaken: OnWritten): void {
    this.write(frameMessage(encodeConfig(spec)), onTaken);
  }

  write(message: Uint8Array, onWritten: OnWritten): boolean {
    const stream = this.#stream;
    if (stream === undefined) return this.#early.push({ message, onWritten }) === 1;
    stream.write(message, onWritten);
    // What is on its way to the socket counts; more than this message means that the socket has not taken an earlier one.
    return stream.writableLength <= message.length;
  }

  halfClose(): void {
    this.#halfClosed = true;
    this.#stream?.end();
  }

  setReading(reading: boolean): void {
    this.#reading = reading;
    if (reading) this.#stream?.resume();
    else this.#stream?.pause();
  }

  cancel(): void {
    this.#leave();
    queueMicrotask(() => this.#told.ended(this.#clock.nowMs()));
  }

  #onHeaders(headers: ResponseHeaders, flags: number): void {
    const atMs = this.#clock.nowMs();
    this.#serverEnded = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const status = statusInHeaders(headers) ?? statusOfHttp(headers[":status"]);
    if (status !== undefined) this.#endWith(atMs, status);
  }

  #onData(bytes: Buffer): void {
    const atMs = this.#clock.nowMs();
    if (this.#over) return;
    this.#frames.add(bytes);
    for (;;) {
      const response = this.#nextResponse(atMs);
      if (response === undefined) return;
      this.#told.responded(response);
    }
  }

  /** The next response that is whole; one that can't be read ends the call. */
  #nextResponse(atMs: number): AsrResponse | undefined {
    try {
      const message = this.#frames.next();
      return message === undefined ? undefined : decodeResponse(message, atMs);
    } catch (error) {
      this.#endWith(atMs, statusOfNonsense(messageOf(error)));
      return undefined;
    }
  }

  #onTrailers(headers: IncomingHttpHeaders): void {
    const atMs = this.#clock.nowMs();
    this.#serverEnded = true;
    this.#endWith(atMs, statusInHeaders(headers) ?? statusOfReset(constants.NGHTTP2_NO_ERROR));
  }

  /** The end of what the server sends, or of the stream. */
  #onClose(): void {
    const atMs = this.#clock.nowMs();
    this.#serverEnded = true;
    const errorCode = this.#stream?.rstCode ?? constants.NGHTTP2_NO_ERROR;
    // A connection that is lost resets its streams too, but not with this code, which servers use.
    const lost = this.connection?.lost === true && errorCode !== constants.NGHTTP2_REFUSED_STREAM;
    this.#endWith(atMs, lost ? statusOfLostConnection(this.#error) : statusOfReset(errorCode));
  }

  #endWith(atMs: number, status: CallStatus): void {
    if (this.#over) return;
    const { code, details } = status;
    this.#end(atMs, isOk(status) ? undefined : grpcFailure(code, details, this.#told.phase));
  }

  #end(atMs: number, failure: Failure | undefined): void {
    if (this.#over) return;
    this.#leave();
    this.#told.ended(atMs, failure);
  }

  /** Frees the place on the connection: what is sent on it from now on comes after the reset. */
  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.connection?.remove(this);
    // A stream that both sides have ended closes by itself.
    if (this.#serverEnded && this.#stream?.writableFinished === true) return;
    this.#stream?.close(constants.NGHTTP2_CANCEL);
  }
}
