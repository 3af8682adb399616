/** One session of a NIM's realtime dialect: a POST, then a WebSocket of its own. */
import { WebSocket } from "ws";
import type { RawData } from "ws";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Failure, FailurePhase } from "../base/outcome.ts";
import { noConnectionFailure, socketErrorText } from "./failures.ts";
import type { HttpAnswer } from "./http-request.ts";
import { httpRequest } from "./http-request.ts";
import { COMMIT, DONE, readEvent } from "./nim-realtime-events.ts";
import type { RealtimeEndpoint } from "./nim-realtime-endpoint.ts";
import type { CreatedSession } from "./nim-realtime-session.ts";
import { readSession, sessionUpdate } from "./nim-realtime-session.ts";
import type { CallListener, RivaCall } from "./riva-stream.ts";
import type { AsrResponse, EncodedChunk, StreamSpec } from "./transport.ts";
import { closeFailure, errorEventFailure, httpFailure, nonsenseFailure } from "./web-failures.ts";

type OnWritten = (error?: Error | null) => void;

/** A server that does not answer our goodbye is left. */
const CLOSE_LIMIT_MS = 1000;
const TEXT = { binary: false, compress: false } as const;

export class RealtimeCall implements RivaCall {
  readonly #endpoint: RealtimeEndpoint;
  readonly #told: CallListener;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #socket: WebSocket | undefined;
  #spec: StreamSpec | undefined;
  #session: CreatedSession | undefined;
  #onTaken: OnWritten | undefined;
  #configured = false;
  #open = false;
  /** What came before the session was there. */
  #early: (() => void)[] = [];
  #halfClosed = false;
  #reading = true;
  /** Heard in one piece with what was read last, while not reading. */
  #unread: string[] = [];
  /** Finals so far, as told. */
  #finals = "";
  #error: Error | undefined;
  #over = false;

  constructor(endpoint: RealtimeEndpoint, told: CallListener, clock: Clock) {
    this.#endpoint = endpoint;
    this.#told = told;
    this.#clock = clock;
  }

  configure(spec: StreamSpec, onTaken: OnWritten): void {
    this.#spec = spec;
    this.#onTaken = onTaken;
    if (spec.encoding !== "LINEAR_PCM") {
      const message = `the realtime dialect takes LINEAR_PCM, not ${spec.encoding}`;
      const failure: Omit<Failure, "phase"> = {
        ...{ class: "bad-config", origin: "client-config", code: "ENCODING", message },
      };
      queueMicrotask(() => this.#end(this.#clock.nowMs(), { ...failure, phase: "configure" }));
      return;
    }
    void this.#create();
  }

  write(chunk: EncodedChunk, onWritten: OnWritten): boolean {
    const socket = this.#socket;
    if (!this.#open || socket === undefined)
      return this.#early.push(() => void this.write(chunk, onWritten)) === 1;
    socket.send(chunk, TEXT);
    socket.send(COMMIT, TEXT, onWritten);
    return socket.bufferedAmount === 0;
  }

  halfClose(): void {
    this.#halfClosed = true;
    if (this.#open) this.#socket?.send(DONE, TEXT);
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

  async #create(): Promise<void> {
    const { sessionUrl, headers, tls } = this.#endpoint;
    let answer: HttpAnswer;
    try {
      answer = await httpRequest({
        ...{ method: "POST", url: sessionUrl, body: Buffer.from("{}"), tls, signal: this.#abort.signal },
        headers: { ...headers, ...this.#trace(), "content-type": "application/json" },
      });
    } catch (error) {
      this.#end(this.#clock.nowMs(), noConnectionFailure(socketErrorText(error)));
      return;
    }
    if (this.#over) return;
    if (answer.status !== 200) {
      this.#end(this.#clock.nowMs(), httpFailure(answer.status, answer.body, "connect"));
      return;
    }
    try {
      this.#session = readSession(answer.body);
      this.#connect(this.#session);
    } catch (error) {
      this.#end(this.#clock.nowMs(), nonsenseFailure(messageOf(error), "connect"));
    }
  }

  #connect({ secret }: CreatedSession): void {
    const { socketUrl, headers, tls } = this.#endpoint;
    const socket = new WebSocket(
      socketUrl,
      secret === undefined ? [] : ["realtime", `realtime-token.${secret}`],
      {
        ...tls,
        // The secret stands in for the key from here on.
        headers: { ...(secret === undefined ? headers : withoutKey(headers)), ...this.#trace() },
        perMessageDeflate: false,
        // Frames are shared by all sessions and go out as they are: a mask of zeros changes nothing.
        generateMask: (mask) => void mask.fill(0),
      },
    );
    this.#socket = socket;
    socket.on("message", (data: RawData, isBinary: boolean) => {
      const atMs = this.#clock.nowMs();
      if (isBinary) this.#end(atMs, nonsenseFailure("a binary message", this.#phase));
      else if (this.#reading) this.#onText(textOf(data), atMs);
      else this.#unread.push(textOf(data));
    });
    socket.on("unexpected-response", (request, response) => {
      const atMs = this.#clock.nowMs();
      request.destroy();
      this.#end(atMs, httpFailure(response.statusCode ?? 0, response.statusMessage ?? "", "connect"));
    });
    socket.on("error", (error) => (this.#error ??= error));
    socket.on("close", (code, reason) => this.#onClose(code, reason.toString("utf8")));
    if (!this.#reading) socket.once("open", () => socket.pause());
  }

  #trace(): Record<string, string> {
    const traceparent = this.#spec?.traceparent;
    return traceparent === undefined ? {} : { traceparent };
  }

  #onText(text: string, atMs: number): void {
    if (this.#over) return;
    try {
      const event = readEvent(text, atMs);
      switch (event.kind) {
        case "created":
          this.#sendUpdate();
          break;
        case "updated":
          this.#becomeOpen();
          break;
        case "response":
          this.#told.responded(
            event.response.final ? this.#withoutRepeats(event.response, event.last) : event.response,
          );
          if (event.last) this.#end(atMs);
          break;
        case "error":
          this.#end(atMs, errorEventFailure(event.code, event.message, this.#phase));
          break;
        case "other":
      }
    } catch (error) {
      this.#end(atMs, nonsenseFailure(messageOf(error), this.#phase));
    }
  }

  #sendUpdate(): void {
    const [session, spec] = [this.#session, this.#spec];
    if (this.#configured || session === undefined || spec === undefined) return;
    this.#configured = true;
    const update = { type: "transcription_session.update", session: sessionUpdate(session, spec) };
    this.#socket?.send(JSON.stringify(update), TEXT);
  }

  #becomeOpen(): void {
    if (this.#open) return;
    this.#open = true;
    for (const send of this.#early.splice(0)) send();
    if (this.#halfClosed) this.#socket?.send(DONE, TEXT);
    this.#onTaken?.();
  }

  /**
   * The last result may hold the text of the whole session, as NVIDIA's client takes it; listeners join finals, so what
   * they have heard is taken off.
   */
  #withoutRepeats(response: AsrResponse, last: boolean): AsrResponse {
    const { text } = response;
    const told = this.#finals.trim();
    this.#finals += text;
    if (!last || told === "" || !text.trimStart().startsWith(told)) return response;
    return { ...response, text: text.trimStart().slice(told.length) };
  }

  #onClose(code: number, reason: string): void {
    const atMs = this.#clock.nowMs();
    // ws names what breaks the WebSocket protocol by codes of its own.
    const invalid =
      this.#error !== undefined && "code" in this.#error && /^WS_ERR/.test(String(this.#error.code));
    if (this.#error !== undefined && invalid) {
      this.#end(atMs, nonsenseFailure(this.#error.message, this.#phase));
    } else if (this.#error !== undefined && !this.#configured) {
      this.#end(atMs, noConnectionFailure(socketErrorText(this.#error)));
    } else if (code === 1000 && this.#halfClosed) {
      this.#end(atMs);
    } else {
      this.#end(atMs, closeFailure(code, reason, this.#phase));
    }
  }

  get #phase(): FailurePhase {
    const { phase } = this.#told;
    return phase === "connect" && this.#configured ? "configure" : phase;
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
    this.#abort.abort();
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

function withoutKey(headers: RealtimeEndpoint["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([key]) => !/^(authorization|x-api-key)$/.test(key)),
  );
}

function textOf(data: RawData): string {
  return Array.isArray(data)
    ? Buffer.concat(data).toString("utf8")
    : Buffer.from(data as Buffer).toString("utf8");
}
