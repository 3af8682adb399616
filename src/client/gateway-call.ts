/** One session of the gateway's binary dialect: a WebSocket of its own. */
import type { ConnectionOptions } from "node:tls";
import { WebSocket } from "ws";
import type { RawData } from "ws";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Failure, FailurePhase } from "../base/outcome.ts";
import { noConnectionFailure, socketErrorText } from "./failures.ts";
import { FINISH, gatewayFailure, readGatewayEvent, startMessage } from "./gateway-events.ts";
import type { CallListener, RivaCall } from "./riva-stream.ts";
import type { EncodedChunk, StreamSpec } from "./transport.ts";
import { closeFailure, httpFailure, nonsenseFailure } from "./web-failures.ts";

type OnWritten = (error?: Error | null) => void;

/** A gateway that does not answer our goodbye is left. */
const CLOSE_LIMIT_MS = 1000;
const TEXT = { binary: false, compress: false } as const;
const AUDIO = { binary: true, compress: false } as const;

export interface GatewayAddress {
  url: string;
  headers: Readonly<Record<string, string>>;
  tls: ConnectionOptions | undefined;
}

export class GatewayCall implements RivaCall {
  readonly #told: CallListener;
  readonly #clock: Clock;
  readonly #socket: WebSocket;
  #spec: StreamSpec | undefined;
  #onTaken: OnWritten | undefined;
  /** The start message has left. */
  #started = false;
  #ready = false;
  /** What came before the session was ready. */
  #early: (() => void)[] = [];
  #halfClosed = false;
  #reading = true;
  /** Heard in one piece with what was read last, while not reading. */
  #unread: string[] = [];
  #error: Error | undefined;
  #over = false;

  constructor({ url, headers, tls }: GatewayAddress, told: CallListener, clock: Clock, traceparent?: string) {
    this.#told = told;
    this.#clock = clock;
    const socket = new WebSocket(url, [], {
      ...tls,
      headers: { ...headers, ...(traceparent === undefined ? {} : { traceparent }) },
      perMessageDeflate: false,
      // Chunks are shared by all sessions and go out as they are: a mask of zeros changes nothing.
      generateMask: (mask) => void mask.fill(0),
    });
    this.#socket = socket;
    socket.on("open", () => this.#start());
    socket.on("message", (data: RawData, isBinary: boolean) => {
      const atMs = clock.nowMs();
      if (isBinary) this.#end(atMs, nonsenseFailure("a binary message", this.#phase));
      else if (this.#reading) this.#onText(textOf(data), atMs);
      else this.#unread.push(textOf(data));
    });
    socket.on("unexpected-response", (request, response) => {
      const atMs = clock.nowMs();
      request.destroy();
      this.#end(atMs, httpFailure(response.statusCode ?? 0, response.statusMessage ?? "", "connect"));
    });
    socket.on("error", (error) => (this.#error ??= error));
    socket.on("close", (code, reason) => this.#onClose(code, reason.toString("utf8")));
  }

  configure(spec: StreamSpec, onTaken: OnWritten): void {
    this.#spec = spec;
    this.#onTaken = onTaken;
    if (spec.encoding === "LINEAR_PCM") return;
    const message = `the gateway's dialect takes LINEAR_PCM, not ${spec.encoding}`;
    const failure = { class: "bad-config", origin: "client-config", code: "ENCODING", message } as const;
    queueMicrotask(() => this.#end(this.#clock.nowMs(), { ...failure, phase: "configure" }));
  }

  write(chunk: EncodedChunk, onWritten: OnWritten): boolean {
    if (!this.#ready) return this.#early.push(() => void this.write(chunk, onWritten)) === 1;
    this.#socket.send(chunk, AUDIO, onWritten);
    return this.#socket.bufferedAmount === 0;
  }

  halfClose(): void {
    this.#halfClosed = true;
    if (this.#ready) this.#socket.send(FINISH, TEXT);
  }

  setReading(reading: boolean): void {
    this.#reading = reading;
    if (!reading) {
      this.#socket.pause();
      return;
    }
    this.#socket.resume();
    for (const text of this.#unread.splice(0)) this.#onText(text, this.#clock.nowMs());
  }

  cancel(): void {
    this.#leave();
    queueMicrotask(() => this.#told.ended(this.#clock.nowMs()));
  }

  #start(): void {
    if (this.#over || this.#spec === undefined) return;
    this.#started = true;
    this.#socket.send(startMessage(this.#spec), TEXT);
    if (!this.#reading) this.#socket.pause();
  }

  #onText(text: string, atMs: number): void {
    if (this.#over) return;
    try {
      const event = readGatewayEvent(text, atMs);
      switch (event.kind) {
        case "ready":
          this.#becomeReady();
          break;
        case "response":
          this.#told.responded(event.response);
          break;
        case "end":
          this.#end(atMs);
          break;
        case "error":
          this.#end(atMs, gatewayFailure(event.code, event.message, this.#phase));
          break;
        case "other":
      }
    } catch (error) {
      this.#end(atMs, nonsenseFailure(messageOf(error), this.#phase));
    }
  }

  /** Said again when another upstream takes over, which concerns nobody here. */
  #becomeReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    for (const send of this.#early.splice(0)) send();
    if (this.#halfClosed) this.#socket.send(FINISH, TEXT);
    this.#onTaken?.();
  }

  #onClose(code: number, reason: string): void {
    const atMs = this.#clock.nowMs();
    const error = this.#error;
    // ws names what breaks the WebSocket protocol by codes of its own.
    if (error !== undefined && "code" in error && /^WS_ERR/.test(String(error.code)))
      this.#end(atMs, nonsenseFailure(error.message, this.#phase));
    else if (error !== undefined && !this.#started)
      this.#end(atMs, noConnectionFailure(socketErrorText(error)));
    else if (code === 1000 && this.#halfClosed) this.#end(atMs);
    else this.#end(atMs, closeFailure(code, reason, this.#phase));
  }

  get #phase(): FailurePhase {
    const { phase } = this.#told;
    return phase === "connect" && this.#started ? "configure" : phase;
  }

  #end(atMs: number, failure?: Failure): void {
    if (this.#over) return;
    this.#leave(failure === undefined);
    this.#told.ended(atMs, failure);
  }

  /** Gives the connection up; in good order with a goodbye. */
  #leave(inGoodOrder = false): void {
    if (this.#over) return;
    this.#over = true;
    this.#early = [];
    const socket = this.#socket;
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
