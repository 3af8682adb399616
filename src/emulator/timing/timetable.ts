/**
 * Runs things when they are due, from one timer.
 *
 * Timers round up to whole milliseconds. Ordinarily that is evened out: things run half a millisecond early or late. Where
 * delays must be exact, the timer is set early and the rest of the time is spent turning the event loop (which goes
 * on serving sockets), so nothing runs early and what is due runs within a fraction of a millisecond.
 */
import type { Clock } from "../../base/clock.ts";

/** Half of what a timer is late by rounding. */
const ROUNDING_MS = 0.5;
/** The event loop turns at least this often while things are due. */
const TURN_MS = 3;
/** Head start of an exact timer: it then fires before the due time, unless the process is busy. */
const HEAD_START_MS = 1.25;

interface Entry {
  dueMs: number;
  run: () => void;
}

export class Timetable {
  readonly #clock: Clock;
  readonly #exact: boolean;
  /** In order of due time; those due together in the order they came. */
  readonly #entries: Entry[] = [];
  #armedForMs = Infinity;
  #disarm: () => void = () => undefined;

  constructor(clock: Clock, options: { exact: boolean }) {
    this.#clock = clock;
    this.#exact = options.exact;
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
    this.#disarm = this.#clock.wakeAt(dueMs - (this.#exact ? HEAD_START_MS : ROUNDING_MS), () =>
      this.#wake(),
    );
  }

  #wake(): void {
    const earlyMs = this.#exact ? 0 : ROUNDING_MS;
    const turnEndsMs = this.#clock.nowMs() + TURN_MS;
    let [head] = this.#entries;
    for (; head && head.dueMs <= this.#clock.nowMs() + earlyMs; [head] = this.#entries) {
      this.#entries.shift();
      head.run();
      // What was sent leaves when the event loop turns: a long row of due things must not hold up its head.
      if (this.#clock.nowMs() >= turnEndsMs) break;
    }
    [head] = this.#entries;
    if (!head) {
      this.#armedForMs = Infinity;
    } else if (this.#exact && head.dueMs - this.#clock.nowMs() < HEAD_START_MS) {
      const turn = setImmediate(() => this.#wake());
      this.#armedForMs = head.dueMs;
      this.#disarm = () => clearImmediate(turn);
    } else {
      this.#arm(head.dueMs);
    }
  }
}
