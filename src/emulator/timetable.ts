/**
 * Runs things when they are due, from one timer.
 *
 * Timers round up to whole milliseconds. Where delays must be exact, the timer is set early and the rest of the time is
 * spent turning the event loop (which goes on serving sockets), so what is due runs within a fraction of a millisecond.
 */
import type { Clock } from "../base/clock.ts";

/** Head start of an exact timer: it then fires before the due time, unless the process is busy. */
const HEAD_START_MS = 1.25;

interface Entry {
  dueMs: number;
  run: () => void;
}

export class Timetable {
  readonly #clock: Clock;
  readonly #headStartMs: number;
  /** In order of due time; those due together in the order they came. */
  readonly #entries: Entry[] = [];
  #armedForMs = Infinity;
  #disarm: () => void = () => undefined;

  constructor(clock: Clock, options: { exact: boolean }) {
    this.#clock = clock;
    this.#headStartMs = options.exact ? HEAD_START_MS : 0;
  }

  /** Runs `run` at `dueMs`, or as soon as possible after it. */
  add(dueMs: number, run: () => void): void {
    const place = this.#entries.findLastIndex((entry) => entry.dueMs <= dueMs) + 1;
    this.#entries.splice(place, 0, { dueMs, run });
    if (dueMs < this.#armedForMs) this.#arm(dueMs);
  }

  /** Forgets everything. */
  clear(): void {
    this.#disarm();
    this.#entries.length = 0;
    this.#armedForMs = Infinity;
  }

  #arm(dueMs: number): void {
    this.#disarm();
    this.#armedForMs = dueMs;
    this.#disarm = this.#clock.wakeAt(dueMs - this.#headStartMs, () => this.#wake());
  }

  #wake(): void {
    let [head] = this.#entries;
    for (; head && head.dueMs <= this.#clock.nowMs(); [head] = this.#entries) {
      this.#entries.shift();
      head.run();
    }
    if (!head) {
      this.#armedForMs = Infinity;
    } else if (head.dueMs - this.#clock.nowMs() < this.#headStartMs) {
      const turn = setImmediate(() => this.#wake());
      this.#armedForMs = head.dueMs;
      this.#disarm = () => clearImmediate(turn);
    } else {
      this.#arm(head.dueMs);
    }
  }
}
