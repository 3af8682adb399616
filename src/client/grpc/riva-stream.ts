/**
 * One stream of Riva's protocol, whatever carries it: when it is open, which phase it is in, its time limits, and what
 * its listener hears. The stream of the wire is: the configuration, audio messages, half-close; the server answers when it
 * likes and makes an end.
 */
import type { Clock } from "../../base/clock.ts";
import type { Failure, FailurePhase } from "../../base/outcome.ts";
import { connectTimeout } from "./failures.ts";
import type { AsrResponse, AsrStream, EncodedChunk, StreamListener, StreamSpec } from "../transport.ts";

/** The call under a stream, such as one of gRPC. It may still be waiting for its connection. */
export interface RivaCall {
  /**
   * Sends the configuration; comes first, once. `onTaken` is called when it counts as accepted: when the server says so,
   * or where the dialect has no word for it, when the socket has taken it; with an error when it never will be.
   */
  configure(spec: StreamSpec, onTaken: (error?: Error | null) => void): void;
  /**
   * Hands over one chunk. `onWritten` is called, in the order of the chunks, when the socket has taken it, or with an error
   * when it never will. False: earlier ones are still waiting.
   */
  write(chunk: EncodedChunk, onWritten: (error?: Error | null) => void): boolean;
  /** No more messages. */
  halfClose(): void;
  /** Reads responses, or leaves them on the socket. A call begins reading. */
  setReading(reading: boolean): void;
  /** Gives the call up; `ended` is told soon, in a later tick. */
  cancel(): void;
}

/** What a call tells of itself; nothing before the tick in which it was started is over. */
export interface CallListener {
  /** Where in the session it is, for the failure that a status stands for. */
  readonly phase: FailurePhase;
  responded(response: AsrResponse): void;
  /** The call is over; `failure` absent = status OK. All but the first are ignored. */
  ended(atMs: number, failure?: Failure): void;
}

export class RivaStream implements AsrStream, CallListener {
  readonly #call: RivaCall;
  readonly #spec: StreamSpec;
  readonly #listener: StreamListener;
  readonly #clock: Clock;
  readonly #onEnded: (stream: RivaStream) => void;
  /** One function for all writes: they are called back in order. */
  readonly #onWritten: (error?: Error | null) => void;
  readonly #stopReadyLimit: () => void;
  #stopFlushLimit: (() => void) | undefined;

  #configuredMs: number | undefined;
  #opened = false;
  #sent = false;
  #accepted = 0;
  #heard = false;
  #finished = false;
  #lastFinalHeard = false;
  #reading = true;
  #ended = false;
  /** Why we gave up, when it was us; wins over the status that giving up leads to. */
  #givenUp: Failure | undefined;

  /**
   * @param start Starts the call that carries the stream.
   * @param onEnded Called before the listener hears of the end.
   */
  constructor(
    start: (told: CallListener) => RivaCall,
    spec: StreamSpec,
    listener: StreamListener,
    clock: Clock,
    onEnded: (stream: RivaStream) => void,
  ) {
    this.#spec = spec;
    this.#listener = listener;
    this.#clock = clock;
    this.#onEnded = onEnded;
    this.#onWritten = (error) => {
      if (error === undefined || error === null) this.#written();
    };
    this.#stopReadyLimit = clock.wakeAt(clock.nowMs() + spec.readyTimeoutMs, () => {
      this.#giveUp(connectTimeout(spec.readyTimeoutMs));
    });
    this.#call = start(this);
    // Calls that are started in one turn are all there before the first is configured, so that what making a call takes does
    // not lie between their configurations.
    queueMicrotask(() => this.#configure());
  }

  send(chunk: EncodedChunk): boolean {
    if (this.#over || this.#finished) return true;
    this.#configure();
    this.#sent = true;
    return this.#call.write(chunk, this.#onWritten);
  }

  setReading(reading: boolean): void {
    if (this.#over || this.#reading === reading) return;
    this.#reading = reading;
    this.#call.setReading(reading);
  }

  finish(): void {
    if (this.#over || this.#finished) return;
    // The final would come after the end of the stream if the status overtook what is left lying.
    this.setReading(true);
    this.#finished = true;
    this.#configure();
    this.#call.halfClose();
    const { flushTimeoutMs } = this.#spec;
    this.#stopFlushLimit = this.#clock.wakeAt(this.#clock.nowMs() + flushTimeoutMs, () => {
      const message = `the stream did not end within ${flushTimeoutMs} ms after its audio`;
      this.#giveUp({
        phase: this.phase,
        class: "deadline",
        origin: "server",
        code: "FLUSH_TIMEOUT",
        message,
      });
    });
  }

  cancel(reason: string): void {
    this.#giveUp(cancelled(this.phase, reason));
  }

  get phase(): FailurePhase {
    if (!this.#opened) return "connect";
    if (this.#finished) return this.#lastFinalHeard ? "close" : "flush";
    if (this.#heard) return "streaming";
    return this.#sent ? "first-chunk" : "configure";
  }

  responded(response: AsrResponse): void {
    if (this.#over) return;
    this.#heard = true;
    if (this.#finished && response.final) this.#lastFinalHeard = true;
    this.#listener.onResponse(response);
  }

  ended(atMs: number, failure?: Failure): void {
    if (this.#ended) return;
    const first = this.#givenUp ?? failure ?? (this.#finished ? undefined : this.#endedEarly());
    this.#ended = true;
    this.#stopReadyLimit();
    this.#stopFlushLimit?.();
    this.#onEnded(this);
    this.#listener.onEnd(atMs, first === undefined ? { ok: true } : { ok: false, failure: first });
  }

  get #over(): boolean {
    return this.#ended || this.#givenUp !== undefined;
  }

  /** Once, before anything else is sent. */
  #configure(): void {
    if (this.#over || this.#configuredMs !== undefined) return;
    this.#configuredMs = this.#clock.nowMs();
    this.#call.configure(this.#spec, this.#onWritten);
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
      this.#listener.onOpen(atMs, this.#configuredMs ?? atMs);
    }
  }

  #giveUp(failure: Failure): void {
    if (this.#over) return;
    this.#givenUp = failure;
    this.#call.cancel();
  }

  #endedEarly(): Failure {
    const message = "the server ended the stream before its audio was through";
    return { phase: this.phase, class: "protocol-violation", origin: "server", code: "OK", message };
  }
}

/** A stream that was given up by us, or never begun. */
export function cancelled(phase: FailurePhase, reason: string): Failure {
  return { phase, class: "cancelled", origin: "generator", code: "CANCELLED", message: reason };
}
