/**
 * A session over a WebSocket of its own, whatever dialect it speaks: the socket, what comes before the session is ready, what
 * is not read yet, and every way in which it can end. The only importer of ws on this side.
 */
import type { ConnectionOptions } from "node:tls";
import { WebSocket } from "ws";
import type { RawData } from "ws";
import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Failure, FailurePhase } from "../../base/outcome.ts";
import { dialOptions } from "../dial.ts";
import { noConnectionFailure, socketErrorText } from "../grpc/failures.ts";
import type { ProxyServer } from "../endpoint.ts";
import type { CallListener, RivaCall } from "../grpc/riva-stream.ts";
import type { AsrResponse, EncodedChunk, StreamSpec } from "../transport.ts";
import { closeFailure, httpFailure, nonsenseFailure } from "../http/web-failures.ts";

type OnWritten = (error?: Error | null) => void;

/** Where a dialect's sessions connect to. */
export interface SocketAddress {
  url: string;
  /** host:port of it. */
  address: string;
  headers: Readonly<Record<string, string>>;
  tls: ConnectionOptions | undefined;
  proxy?: ProxyServer | undefined;
  /** The address of the URL's host to connect to; absent = whichever the system finds. */
  ip?: string | undefined;
  protocols?: string[];
}

/** What a dialect may do to its session. */
export interface SocketSession {
  /** Where in the session it is, for the failure that something stands for. */
  readonly phase: FailurePhase;
  /** Connects, once. */
  connect(address: SocketAddress): void;
  /** Sends the configuration, once. */
  sendConfiguration(message: string): void;
  /** The server has taken the configuration: audio may go. Again means nothing. */
  becomeReady(): void;
  responded(response: AsrResponse): void;
  /** The session is over; `failure` absent = in good order. */
  end(atMs: number, failure?: Failure): void;
}

/** One session's side of a dialect: what is said, and what that which is heard means. */
export interface DialectSession {
  /** No more audio. */
  readonly finish: string | Buffer;
  /** The socket is there. */
  opened?(): void;
  /** @throws Error when it is none of the dialect */
  heard(text: string, atMs: number): void;
  /** Sends one chunk; `onWritten` goes with the last of its messages. */
  sendChunk(socket: WebSocket, chunk: EncodedChunk, onWritten: OnWritten): void;
  /** The session is over: nothing is waited for any more. */
  left?(): void;
}

export interface SocketDialect {
  /** For people. */
  readonly name: string;
  /** Begins a session, which connects as soon as the dialect knows where to. */
  begin(spec: StreamSpec, session: SocketSession): DialectSession;
}

/** A server that does not answer our goodbye is left. */
const CLOSE_LIMIT_MS = 1000;
/** How text messages are sent. */
export const TEXT = { binary: false, compress: false } as const;

export class WebSocketCall implements RivaCall, SocketSession {
  readonly #speaks: SocketDialect;
  readonly #told: CallListener;
  readonly #clock: Clock;
  #dialect: DialectSession | undefined;
  #socket: WebSocket | undefined;
  #onTaken: OnWritten | undefined;
  #configured = false;
  #ready = false;
  /** What came before the session was ready. */
  #early: (() => void)[] = [];
  #halfClosed = false;
  #reading = true;
  /** Heard in one piece with what was read last, while not reading. */
  #unread: string[] = [];
  #error: Error | undefined;
  #over = false;

  constructor(speaks: SocketDialect, told: CallListener, clock: Clock) {
    this.#speaks = speaks;
    this.#told = told;
    this.#clock = clock;
  }

  configure(spec: StreamSpec, onTaken: OnWritten): void {
    this.#onTaken = onTaken;
    if (spec.encoding === "LINEAR_PCM") {
      this.#dialect = this.#speaks.begin(spec, this);
      return;
    }
    const message = `the ${this.#speaks.name} dialect takes LINEAR_PCM, not ${spec.encoding}`;
    const failure = { class: "bad-config", origin: "client-config", code: "ENCODING", message } as const;
    queueMicrotask(() => this.end(this.#clock.nowMs(), { ...failure, phase: "configure" }));
  }

  write(chunk: EncodedChunk, onWritten: OnWritten): boolean {
    const socket = this.#socket;
    if (!this.#ready || socket === undefined)
      return this.#early.push(() => void this.write(chunk, onWritten)) === 1;
    this.#dialect?.sendChunk(socket, chunk, onWritten);
    return socket.bufferedAmount === 0;
  }

  halfClose(): void {
    this.#halfClosed = true;
    if (this.#ready) this.#finish();
  }

  setReading(reading: boolean): void {
    this.#reading = reading;
    if (!reading) {
      this.#socket?.pause();
      return;
    }
    this.#socket?.resume();
    for (const text of this.#unread.splice(0)) this.#onText(text, this.#clock.nowMs());
  }

  cancel(): void {
    this.#leave();
    queueMicrotask(() => this.#told.ended(this.#clock.nowMs()));
  }

  get phase(): FailurePhase {
    const { phase } = this.#told;
    return phase === "connect" && this.#configured ? "configure" : phase;
  }

  connect({ url, address, headers, tls, proxy, ip, protocols = [] }: SocketAddress): void {
    if (this.#over) return;
    const socket = new WebSocket(url, protocols, {
      ...tls,
      // ws types it as node:net's function; it hands it on to node:http, which takes this form.
      ...(dialOptions({
        address,
        ip,
        proxy,
        tls: url.startsWith("wss:") ? (tls ?? {}) : undefined,
      }) as object),
      headers,
      perMessageDeflate: false,
      // Chunks are shared by all sessions and go out as they are: a mask of zeros changes nothing.
      generateMask: (mask) => void mask.fill(0),
    });
    this.#socket = socket;
    socket.on("open", () => {
      if (this.#over) return;
      this.#dialect?.opened?.();
      if (!this.#reading) socket.pause();
    });
    socket.on("message", (data: RawData, isBinary: boolean) => {
      const atMs = this.#clock.nowMs();
      if (isBinary) this.end(atMs, nonsenseFailure("a binary message", this.phase));
      else if (this.#reading) this.#onText(textOf(data), atMs);
      else this.#unread.push(textOf(data));
    });
    socket.on("unexpected-response", (request, response) => {
      const atMs = this.#clock.nowMs();
      request.destroy();
      this.end(atMs, httpFailure(response.statusCode ?? 0, response.statusMessage ?? "", "connect"));
    });
    socket.on("error", (error) => (this.#error ??= error));
    socket.on("close", (code, reason) => this.#onClose(code, reason.toString("utf8")));
  }

  sendConfiguration(message: string): void {
    if (this.#configured) return;
    this.#configured = true;
    this.#socket?.send(message, TEXT);
  }

  becomeReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    for (const send of this.#early.splice(0)) send();
    if (this.#halfClosed) this.#finish();
    this.#onTaken?.();
  }

  responded(response: AsrResponse): void {
    this.#told.responded(response);
  }

  end(atMs: number, failure?: Failure): void {
    if (this.#over) return;
    this.#leave(failure === undefined);
    this.#told.ended(atMs, failure);
  }

  #finish(): void {
    if (this.#dialect !== undefined) this.#socket?.send(this.#dialect.finish, TEXT);
  }

  #onText(text: string, atMs: number): void {
    if (this.#over) return;
    try {
      this.#dialect?.heard(text, atMs);
    } catch (error) {
      this.end(atMs, nonsenseFailure(messageOf(error), this.phase));
    }
  }

  #onClose(code: number, reason: string): void {
    const atMs = this.#clock.nowMs();
    const error = this.#error;
    // ws names what breaks the WebSocket protocol by codes of its own.
    if (error !== undefined && "code" in error && /^WS_ERR/.test(String(error.code)))
      this.end(atMs, nonsenseFailure(error.message, this.phase));
    else if (error !== undefined && !this.#configured)
      this.end(atMs, noConnectionFailure(socketErrorText(error)));
    else if (code === 1000 && this.#halfClosed) this.end(atMs);
    else this.end(atMs, closeFailure(code, reason, this.phase));
  }

  /** Gives the connection up; in good order with a goodbye. */
  #leave(inGoodOrder = false): void {
    if (this.#over) return;
    this.#over = true;
    this.#early = [];
    this.#dialect?.left?.();
    const socket = this.#socket;
    if (socket === undefined) return;
    if (!inGoodOrder) {
      socket.terminate();
      return;
    }
    socket.close(1000);
    const stopLimit = this.#clock.wakeAt(this.#clock.nowMs() + CLOSE_LIMIT_MS, () => socket.terminate());
    socket.once("close", stopLimit);
  }
}

function textOf(data: RawData): string {
  return Array.isArray(data)
    ? Buffer.concat(data).toString("utf8")
    : Buffer.from(data as Buffer).toString("utf8");
}
