/**
 * Keeps an exception where it was thrown: every callback that enters a session, a request or a probe is wrapped, so that a
 * caller's bytes or a recogniser's answer can end its own session and nothing else.
 */
import type { Clock } from "../base/clock.ts";
import type { StreamListener } from "../client/transport.ts";

/** Where an exception was caught. `process`: nowhere, which ends the worker. */
export type ExceptionPlace = "session" | "http" | "connection" | "upstream" | "metric" | "process";

const EXCEPTION_PLACES: readonly ExceptionPlace[] = [
  "session",
  "http",
  "connection",
  "upstream",
  "metric",
  "process",
];

/** Counts and logs exceptions. Shared by all parts of one gateway; its metrics read the counts. */
export interface Exceptions {
  /** @param fields identify the session, where there is one */
  caught(place: ExceptionPlace, error: unknown, fields?: object): void;
  readonly counts: ReadonlyMap<ExceptionPlace, number>;
}

/** @param log receives the error's name, code and stack; never its message, which may quote a caller's text */
export function createExceptions(log: { error(fields: object, message: string): void }): Exceptions {
  const counts = new Map(EXCEPTION_PLACES.map((place) => [place, 0]));
  return {
    counts,
    caught(place, error, fields = {}) {
      counts.set(place, (counts.get(place) ?? 0) + 1);
      log.error({ ...fields, place, ...describe(error) }, "exception caught");
    },
  };
}

function describe(error: unknown): object {
  if (!(error instanceof Error)) return { error: typeof error };
  const { name, code, stack = "" } = error as Error & { code?: unknown };
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return {
    error: name,
    ...(typeof code === "string" ? { code } : {}),
    stack: frames.slice(0, 8).map((line) => line.trim()),
  };
}

/** Wraps a callback: what it throws is handled and does not leave it. */
export type Contain = <Args extends unknown[]>(act: (...args: Args) => void) => (...args: Args) => void;

/** @param onThrown handles the exception; must not throw */
export function createContain(onThrown: (error: unknown) => void): Contain {
  return (act) =>
    (...args) => {
      try {
        act(...args);
      } catch (error) {
        onThrown(error);
      }
    };
}

/** The same clock; timers that throw are contained. */
export function containClock(clock: Clock, contain: Contain): Clock {
  return {
    nowMs: () => clock.nowMs(),
    machineMs: () => clock.machineMs(),
    epochMs: () => clock.epochMs(),
    wallMs: () => clock.wallMs(),
    wakeAt: (atMs, wake) => clock.wakeAt(atMs, contain(wake)),
    wakeExactlyAt: (atMs, wake) => clock.wakeExactlyAt(atMs, contain(wake)),
  };
}

/** The same listener; what it throws does not reach the transport. */
export function containListener(listener: StreamListener, contain: Contain): StreamListener {
  return {
    onOpen: contain((atMs, configuredMs) => listener.onOpen(atMs, configuredMs)),
    onAccepted: contain((index, atMs) => listener.onAccepted(index, atMs)),
    onResponse: contain((response) => listener.onResponse(response)),
    onEnd: contain((atMs, outcome) => listener.onEnd(atMs, outcome)),
  };
}
