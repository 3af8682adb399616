/**
 * Keeps one worker serving. A worker that fails (an exception that nothing caught) refuses new sessions and is replaced: the
 * next one is loaded first, then takes over the port; the old one follows its sessions to their end. Replacements wait longer
 * each time, so that a fault that comes at once costs no more than a start every half minute.
 */
import type { Clock } from "../../base/clock.ts";

/** What a worker is started with. */
export interface WorkerStart {
  /** Workers that were replaced before it. */
  restarts: number;
  /** The port of the one before; absent for the first. It listens when it is told to. */
  port?: number;
}

/** From a worker. `failing`: it must be replaced. `loaded`: it could listen. `released`: its port is free. */
export type WorkerMessage =
  | { type: "loaded" }
  | { type: "listening"; port: number }
  | { type: "failing" }
  | { type: "released"; drainMs: number };

/** To a worker. */
export type SupervisorMessage = { type: "listen" } | { type: "release" };

export interface WorkerEvents {
  message(message: WorkerMessage): void;
  /** It has ended. `error`: of what. */
  ended(code: number, error?: unknown): void;
}

export interface SupervisedWorker {
  post(message: SupervisorMessage | NodeJS.Signals): void;
  terminate(): void;
}

export interface Supervisor {
  /** Passes a signal on to all workers; SIGINT and SIGTERM end the supervision when they have ended. */
  signal(name: NodeJS.Signals): void;
  /** The exit code of the worker that served last. Rejects with the error of a first worker that did not start. */
  readonly finished: Promise<number>;
}

/** Without a failure for so long, the next replacement is made at once again. */
const STABLE_MS = 60_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const RELEASE_LIMIT_MS = 1000;
/** Beyond its own limit, an old worker that does not end is ended. */
const GRACE_MS = 5000;
/** Old workers that still follow their sessions. */
const MOST_OLD = 2;

interface Slot {
  worker: SupervisedWorker;
  loaded: boolean;
  listened: boolean;
  failed: boolean;
  /** Of its drain. */
  stopLimit: () => void;
}

export function supervise(
  spawn: (start: WorkerStart, events: WorkerEvents) => SupervisedWorker,
  clock: Clock,
): Supervisor {
  let current: Slot | undefined;
  let next: Slot | undefined;
  const old: Slot[] = [];
  let port: number | undefined;
  let restarts = 0;
  let waits = 0;
  let lastFailureMs = -Infinity;
  let stopping = false;
  let exitCode = 0;
  let replacing = false;
  let onReleased: (() => void) | undefined;
  let stopWait = (): void => undefined;
  let resolve: (code: number) => void;
  let reject: (error: unknown) => void;
  const finished = new Promise<number>((done, failed) => {
    resolve = done;
    reject = failed;
  });

  function begin(start: WorkerStart): Slot {
    const slot: Slot = {
      loaded: false,
      listened: false,
      failed: false,
      stopLimit: () => undefined,
      // Its events come later: `spawn` has returned by then.
      worker: spawn(start, {
        message: (message) => hear(slot, message),
        ended: (code, error) => gone(slot, code, error),
      }),
    };
    return slot;
  }

  function hear(slot: Slot, message: WorkerMessage): void {
    switch (message.type) {
      case "listening":
        slot.listened = true;
        ({ port } = message);
        break;
      case "failing":
        slot.failed = true;
        if (slot === current) replace();
        break;
      case "loaded":
        if (slot === next && !slot.loaded) {
          slot.loaded = true;
          takeOver();
        }
        break;
      case "released":
        slot.stopLimit = clock.wakeAt(clock.nowMs() + message.drainMs + GRACE_MS, () => {
          if (old.includes(slot)) slot.worker.terminate();
        });
        if (slot === current) onReleased?.();
        break;
    }
  }

  /** Begins a replacement, at once or after a wait; one at a time. */
  function replace(): void {
    if (stopping || replacing) return;
    replacing = true;
    const nowMs = clock.nowMs();
    if (nowMs - lastFailureMs >= STABLE_MS) waits = 0;
    lastFailureMs = nowMs;
    const waitMs = waits === 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (waits - 1));
    waits++;
    stopWait = clock.wakeAt(nowMs + waitMs, () => {
      next = begin({ restarts: ++restarts, ...(port === undefined ? {} : { port }) });
    });
  }

  /** The next one is loaded: the present one gives up the port, then it listens. */
  function takeOver(): void {
    const before = current;
    let done = false;
    const listen = (): void => {
      if (done) return;
      done = true;
      onReleased = undefined;
      stopLimit();
      if (before !== undefined && before === current) retire(before);
      current = next;
      next = undefined;
      replacing = false;
      current?.worker.post({ type: "listen" });
      if (current?.failed === true) replace();
    };
    const stopLimit = clock.wakeAt(clock.nowMs() + RELEASE_LIMIT_MS, listen);
    if (before === undefined) listen();
    else {
      onReleased = listen;
      before.worker.post({ type: "release" });
    }
  }

  function retire(slot: Slot): void {
    old.push(slot);
    if (old.length > MOST_OLD) old.shift()?.worker.terminate();
  }

  function gone(slot: Slot, code: number, error: unknown): void {
    slot.stopLimit();
    const place = old.indexOf(slot);
    if (place >= 0) old.splice(place, 1);
    if (slot === next) {
      next = undefined;
      replacing = false;
      if (!stopping) replace();
    } else if (slot === current) {
      current = undefined;
      const crashed = error !== undefined || slot.failed || code !== 0;
      if (!slot.listened && restarts === 0) {
        if (error === undefined) resolve(code);
        else reject(error);
        return;
      }
      if (!stopping && crashed) {
        onReleased?.();
        replace();
        return;
      }
      exitCode = code;
      // It ended by itself: nobody is to take its place.
      stopping = true;
      stopWait();
    }
    if (stopping && current === undefined && next === undefined && old.length === 0) resolve(exitCode);
  }

  current = begin({ restarts: 0 });
  return {
    finished,
    signal(name) {
      if (name !== "SIGHUP") {
        stopping = true;
        stopWait();
      }
      const slots = name === "SIGHUP" ? [current, next] : [current, next, ...old];
      for (const slot of slots) slot?.worker.post(name);
      if (stopping && current === undefined && next === undefined && old.length === 0) resolve(exitCode);
    },
  };
}
