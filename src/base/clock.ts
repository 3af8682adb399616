/**
 * Time. The only file that reads the real clock; everything else is handed a `Clock`.
 */

/** A source of time. Durations come from `nowMs` only, whatever happens to the wall clock in the meantime. */
export interface Clock {
  /** Monotonic milliseconds with fractions, from an arbitrary origin. */
  nowMs(): number;
  /** Monotonic milliseconds with fractions, the same in every process of this machine: for what two of them agree on. */
  machineMs(): number;
  /**
   * For labels: whole milliseconds since 1970, as the wall clock was when this process began, plus the monotonic time since. It
   * goes on evenly when the wall clock is set, so that labels keep their order and their distances.
   */
  epochMs(): number;
  /** The wall clock as it is, milliseconds since 1970: for what others judge by theirs, such as the expiry of a token. */
  wallMs(): number;
  /** Calls `wake` once, not before `atMs` on this clock; returns a function that takes it back. */
  wakeAt(atMs: number, wake: () => void): () => void;
  /**
   * As `wakeAt`, but within a tenth of a millisecond where timers are late by up to one and a half. The process stands
   * still for the last fraction of a millisecond before, so this is for few wakes a second.
   */
  wakeExactlyAt(atMs: number, wake: () => void): () => void;
}

/** Resolves after so long on this clock, milliseconds. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.wakeAt(clock.nowMs() + ms, resolve));
}

/** What is left of a wait when the thread lets go of it: the kernel rounds up by about this much. */
const KERNEL_SLACK_MS = 0.06;
const neverNotified = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps without the event loop. */
function standStillUntil(atMs: number): void {
  Atomics.wait(neverNotified, 0, 0, Math.max(0, atMs - performance.now() - KERNEL_SLACK_MS));
  while (performance.now() < atMs);
}

/** The machine's clock. */
export const realClock: Clock = {
  nowMs: () => performance.now(),
  machineMs: () => Number(process.hrtime.bigint()) / 1e6,
  epochMs: () => Math.floor(performance.timeOrigin + performance.now()),
  wallMs: () => Date.now(),
  wakeAt(atMs, wake) {
    // Node truncates fractions and may then fire up to 1 ms early, so round up.
    const timer = setTimeout(wake, Math.max(0, Math.ceil(atMs - performance.now())));
    return () => {
      clearTimeout(timer);
    };
  },
  wakeExactlyAt(atMs, wake) {
    const run = (): void => {
      standStillUntil(atMs);
      wake();
    };
    const leftMs = Math.floor(atMs - performance.now());
    if (leftMs < 1) {
      const turn = setImmediate(run);
      return () => clearImmediate(turn);
    }
    const timer = setTimeout(run, leftMs);
    return () => clearTimeout(timer);
  },
};

/** A clock whose zero can be set: the start of a run. */
export interface RunClock extends Clock {
  /** From now on, `originMs` on the underlying clock is 0. Set it before anything is scheduled. */
  setOrigin(originMs: number): void;
}

/** A clock that counts from the start of the run, on top of another. */
export function createRunClock(base: Clock): RunClock {
  let originMs = 0;
  return {
    nowMs: () => base.nowMs() - originMs,
    machineMs: () => base.machineMs(),
    epochMs: () => base.epochMs(),
    wallMs: () => base.wallMs(),
    wakeAt: (atMs, wake) => base.wakeAt(atMs + originMs, wake),
    wakeExactlyAt: (atMs, wake) => base.wakeExactlyAt(atMs + originMs, wake),
    setOrigin(atMs) {
      originMs = atMs;
    },
  };
}
