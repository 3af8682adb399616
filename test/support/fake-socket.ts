/** A WebSocket without a network, for the gateway's side of a connection. */
import { EventEmitter } from "node:events";

/** Events whose numbers are all finite, by the end of their type. */
const RESULTS = new Set(["interim", "final", "iption.delta", ".completed", "error"]);
const NOT_FINITE = /[^\\]":null/;

/** As much of ws's WebSocket as the gateway uses, and as strict. */
export class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  isPaused = false;
  reading = true;
  closeCode = 0;
  answersPings = false;
  /** Kinds of events that were sent, in the order of their first. */
  events = "";
  #unread: (() => void)[] = [];
  #held: { bytes: Buffer; binary: boolean }[] = [];
  #gone = false;

  message(bytes: Buffer, binary: boolean): void {
    if (this.#gone) return;
    if (this.isPaused) this.#held.push({ bytes, binary });
    else this.emit("message", bytes, binary);
  }

  send(message: string, sent?: () => void): void {
    const event = JSON.parse(message) as {
      type?: string;
      lost?: { from_ms?: number; to_ms?: number };
    };
    const type = event.type?.slice(-12) ?? "?";
    if (RESULTS.has(type) && NOT_FINITE.test(message))
      throw new Error(`a number that is none: ${message.slice(0, 200)}`);
    const { from_ms: fromMs = 0, to_ms: toMs = 0 } = event.lost ?? {};
    if (fromMs > toMs) throw new Error(`audio is lost from ${fromMs} to ${toMs} ms`);
    if (!this.events.includes(type)) this.events += `${type} `;
    if (sent === undefined) return;
    if (this.reading && !this.#gone) queueMicrotask(sent);
    else this.#unread.push(sent);
  }

  read(): void {
    this.reading = true;
    for (const sent of this.#unread.splice(0)) sent();
  }

  close(code: number, reason: string): void {
    const valid =
      code === 1000 ||
      (code >= 1001 && code <= 1014 && ![1004, 1005, 1006].includes(code)) ||
      (code >= 3000 && code <= 4999);
    if (!valid) throw new TypeError(`close code ${code}`);
    if (Buffer.byteLength(reason) > 123) throw new RangeError("the reason of a close frame is too long");
    if (this.closeCode === 0) this.closeCode = code;
    this.readyState = 2;
  }

  terminate(): void {
    this.closedByCaller(1006);
  }

  closedByCaller(code: number): void {
    if (this.#gone) return;
    this.#gone = true;
    this.readyState = 3;
    this.emit("close", code, Buffer.alloc(0));
  }

  ping(): void {
    if (this.answersPings) queueMicrotask(() => this.emit("pong"));
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    for (const { bytes, binary } of this.#held.splice(0))
      if (!this.#gone) this.emit("message", bytes, binary);
  }
}
