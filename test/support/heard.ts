/** A listener that keeps all it hears, and complains of what the transport contract forbids. */
import type { Outcome } from "../../src/base/outcome.ts";
import type { AsrResponse, StreamListener } from "../../src/client/transport.ts";

export type HeardEvent =
  | { kind: "open"; atMs: number }
  | { kind: "accepted"; atMs: number; index: number }
  | { kind: "response"; atMs: number; response: AsrResponse }
  | { kind: "end"; atMs: number; outcome: Outcome };

export class Heard implements StreamListener {
  readonly events: HeardEvent[] = [];
  readonly opened: Promise<number>;
  readonly ended: Promise<Outcome>;
  /** Breaches of the contract, in words; a test expects none. */
  readonly breaches: string[] = [];
  /** Set by the test once `open` has returned. */
  openReturned = false;
  readonly #onOpen: () => void;
  #resolveOpened: (atMs: number) => void = () => undefined;
  #resolveEnded: (outcome: Outcome) => void = () => undefined;

  /** @param onOpen What to do when the stream is open, inside the callback, as the load generator does. */
  constructor(onOpen: () => void = () => undefined) {
    this.#onOpen = onOpen;
    this.opened = new Promise((resolve) => (this.#resolveOpened = resolve));
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
  }

  get responses(): AsrResponse[] {
    return this.events.flatMap((event) => (event.kind === "response" ? [event.response] : []));
  }

  get acceptedMs(): number[] {
    return this.events.flatMap((event) => (event.kind === "accepted" ? [event.atMs] : []));
  }

  onOpen(atMs: number, configuredMs: number): void {
    if (!(configuredMs <= atMs)) this.breaches.push(`open at ${atMs}, configured at ${configuredMs}`);
    if (this.events.length > 0) this.breaches.push("open is not the first event");
    this.#add({ kind: "open", atMs });
    this.#resolveOpened(atMs);
    this.#onOpen();
  }

  onAccepted(index: number, atMs: number): void {
    if (index !== this.acceptedMs.length) this.breaches.push(`chunk ${index} accepted out of order`);
    this.#add({ kind: "accepted", atMs, index });
  }

  onResponse(response: AsrResponse): void {
    this.#add({ kind: "response", atMs: response.atMs, response });
  }

  onEnd(atMs: number, outcome: Outcome): void {
    this.#add({ kind: "end", atMs, outcome });
    this.#resolveEnded(outcome);
  }

  #add(event: HeardEvent): void {
    if (!this.openReturned) this.breaches.push(`${event.kind} before open returned`);
    const last = this.events.at(-1);
    if (last?.kind === "end") this.breaches.push(`${event.kind} after the end`);
    if (last === undefined && event.kind !== "open" && event.kind !== "end")
      this.breaches.push(`${event.kind} before open`);
    if (last !== undefined && event.atMs < last.atMs)
      this.breaches.push(`the stamp of ${event.kind} goes back`);
    this.events.push(event);
  }
}
