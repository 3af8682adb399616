import type { Timetable } from "./timetable.ts";

/**
 * The replies of one call on their way out, in order: one that leaves takes along those before it. So a final is never
 * overtaken, and never held up by partials that are slower than it.
 */
export class Outbox {
  readonly #timetable: Timetable;
  readonly #pending: (() => void)[] = [];
  #sent = 0;
  #posted = 0;

  constructor(timetable: Timetable) {
    this.#timetable = timetable;
  }

  /** Keeps a place for the next reply; returns the function that says when it leaves. */
  post(send: () => void): (leavesMs: number) => void {
    const number = ++this.#posted;
    this.#pending.push(send);
    return (leavesMs) => this.#timetable.add(leavesMs, () => this.#sendUpTo(number));
  }

  /** Nothing more is sent. */
  close(): void {
    this.#pending.length = 0;
  }

  #sendUpTo(number: number): void {
    for (; this.#sent < number; this.#sent++) this.#pending.shift()?.();
  }
}
