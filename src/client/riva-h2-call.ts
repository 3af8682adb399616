/** A gRPC call over a stream of node:http2. */
import { constants } from "node:http2";
import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from "node:http2";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Failure } from "../base/outcome.ts";
import { grpcFailure, noConnectionFailure } from "./failures.ts";
import { decodeResponse } from "./riva-decode.ts";
import type { H2Connection, Passenger } from "./riva-h2-connection.ts";
import { FrameReader } from "./riva-h2-frames.ts";
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

type ResponseHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader;
type OnWritten = (error?: Error | null) => void;

export class H2Call implements RivaCall, Passenger {
  connection: H2Connection | undefined;
  readonly #told: CallListener;
  readonly #clock: Clock;
  readonly #frames: FrameReader;
  #stream: ClientHttp2Stream | undefined;
  /** What came before the stream was there. */
  #early: { message: Uint8Array; onWritten: OnWritten }[] = [];
  #halfClosed = false;
  /** When the bytes being read came. */
  #readMs = 0;
  #error: Error | undefined;
  #over = false;

  constructor(told: CallListener, clock: Clock) {
    this.#told = told;
    this.#clock = clock;
    this.#frames = new FrameReader((message) => told.responded(decodeResponse(message, this.#readMs)));
  }

  begin(connection: H2Connection): void {
    let stream: ClientHttp2Stream;
    try {
      stream = connection.request();
    } catch (error) {
      const failure = noConnectionFailure(messageOf(error));
      queueMicrotask(() => this.#end(this.#clock.nowMs(), failure));
      return;
    }
    this.#stream = stream;
    stream.on("response", (headers: ResponseHeaders) => this.#onHeaders(headers));
    stream.on("data", (bytes: Buffer) => this.#onData(bytes));
    stream.on("trailers", (headers: IncomingHttpHeaders) => this.#onTrailers(headers));
    stream.on("error", (error: Error) => (this.#error = error));
    // Whichever comes without a status before it.
    stream.on("end", () => this.#onClose());
    stream.on("close", () => this.#onClose());
    for (const { message, onWritten } of this.#early) stream.write(message, onWritten);
    this.#early = [];
    if (this.#halfClosed) stream.end();
  }

  strand(failure: Failure): void {
    this.#end(this.#clock.nowMs(), failure);
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

  cancel(): void {
    this.#leave();
    queueMicrotask(() => this.#told.ended(this.#clock.nowMs()));
  }

  #onHeaders(headers: ResponseHeaders): void {
    const atMs = this.#clock.nowMs();
    const status = statusInHeaders(headers) ?? statusOfHttp(headers[":status"]);
    if (status !== undefined) this.#endWith(atMs, status);
  }

  #onData(bytes: Buffer): void {
    const atMs = this.#clock.nowMs();
    if (this.#over) return;
    this.#readMs = atMs;
    try {
      this.#frames.read(bytes);
    } catch (error) {
      this.#endWith(atMs, statusOfNonsense(messageOf(error)));
    }
  }

  #onTrailers(headers: IncomingHttpHeaders): void {
    const atMs = this.#clock.nowMs();
    this.#endWith(atMs, statusInHeaders(headers) ?? statusOfReset(constants.NGHTTP2_NO_ERROR));
  }

  /** The end of what the server sends, or of the stream. */
  #onClose(): void {
    const atMs = this.#clock.nowMs();
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
    // Nothing to do for a stream that both sides have closed.
    this.#stream?.close(constants.NGHTTP2_CANCEL);
  }
}
