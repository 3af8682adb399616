/** The steps that every change of a version is made of. Each is told when it is over, and throws when it did not do. */
import { BenchError, EXIT, messageOf } from "../base/errors.ts";
import type { RolloutPlan, RolloutPorts, Step, StepNote } from "./ports.ts";
import type { Release } from "./release.ts";
import { shortImage } from "./release.ts";
import { sleepUntil } from "./sleep.ts";

/** How often a version that starts is looked at, and one that drains. */
const LOOK_EVERY_MS = 1000;
/** One look at a busy server may fail. */
const LOOKS = 3;

export interface Steps {
  stop(release: Release, signal: AbortSignal): Promise<void>;
  /** A server that answers in a stopped slot would be judged, and get the callers, in place of the version. @throws BenchError (exit 7) */
  mustBeEmpty(release: Release, signal: AbortSignal): Promise<void>;
  start(release: Release, signal: AbortSignal): Promise<void>;
  /** Whether one of a few looks finds it ready. */
  isReady(release: Release, signal: AbortSignal): Promise<boolean>;
  /** Waits until it can be used. @throws BenchError (exit 7) when it has ended, or at the limit */
  ready(release: Release, signal: AbortSignal): Promise<void>;
  /** @throws BenchError with the exit code of the gate */
  smoke(release: Release, signal: AbortSignal): Promise<void>;
  traffic(order: readonly [Release, ...Release[]], signal: AbortSignal): Promise<void>;
  /** Waits for the last session, or the limit. */
  drain(release: Release, signal: AbortSignal): Promise<void>;
}

/** @param done called with each step that is over */
export function createSteps(ports: RolloutPorts, plan: RolloutPlan, done: (step: Step) => void): Steps {
  const { clock } = ports;

  async function step(
    name: Step["name"],
    { slot }: Release,
    signal: AbortSignal,
    act: () => Promise<StepNote>,
  ): Promise<void> {
    const fromMs = clock.nowMs();
    const over = (ok: boolean, note: StepNote): void =>
      done({ name, slot, ok, tookMs: Math.round(clock.nowMs() - fromMs), ...note });
    try {
      throwIfEnded(signal);
      over(true, await act());
    } catch (error) {
      over(false, error instanceof GateError ? error.note : { detail: messageOf(error) });
      throw error;
    }
  }

  const pause = (signal: AbortSignal): Promise<void> =>
    sleepUntil(clock.nowMs() + LOOK_EVERY_MS, clock, signal);

  async function waitUntilReady(release: Release, signal: AbortSignal): Promise<StepNote> {
    const endMs = clock.nowMs() + plan.readyLimitMs;
    let last = "";
    for (;;) {
      const found = await ports.probe(release, signal);
      throwIfEnded(signal);
      if (!(await ports.isRunning(release, signal)))
        throw BenchError.target(
          found.ok
            ? "it has ended while it started, and something else answers in its slot"
            : `it has ended while it started: ${found.detail}`,
        );
      if (found.ok) return found;
      if (clock.nowMs() >= endMs) throw BenchError.target(`not ready within its limit: ${found.detail}`);
      if (found.detail !== last) ports.note(`not ready yet: ${found.detail}`);
      last = found.detail;
      await pause(signal);
      throwIfEnded(signal);
    }
  }

  async function waitForSessions(release: Release, signal: AbortSignal): Promise<StepNote> {
    const endMs = clock.nowMs() + plan.drainLimitMs;
    let last: number | undefined;
    for (;;) {
      const open = await ports.sessions(release, signal);
      throwIfEnded(signal);
      if (open === 0) return { detail: "its last session has ended" };
      if (clock.nowMs() >= endMs) return { detail: `at its limit: ${sessionsInWords(open)}` };
      if (open !== last) ports.note(`waiting: ${sessionsInWords(open)}`);
      last = open;
      await pause(signal);
      throwIfEnded(signal);
    }
  }

  return {
    stop: (release, signal) =>
      step("stop", release, signal, async () => {
        await ports.stop(release, signal);
        return { detail: "the slot is empty" };
      }),
    mustBeEmpty: (release, signal) =>
      step("stop", release, signal, async () => {
        // A server that is ending may answer for a moment.
        for (let look = 1; (await ports.probe(release, signal)).ok; look++) {
          throwIfEnded(signal);
          if (look === LOOKS)
            throw BenchError.target("something that the stop hook does not end answers in this slot");
          await pause(signal);
        }
        return { detail: "no server answers there" };
      }),
    start: (release, signal) =>
      step("start", release, signal, async () => {
        await ports.start(release, signal);
        return { detail: shortImage(release.image) };
      }),
    async isReady(release, signal) {
      for (let look = 1; ; look++) {
        // Without the hook that tells, whatever answers is taken for the version.
        if ((await ports.probe(release, signal)).ok) return ports.isRunning(release, signal);
        if (look === LOOKS || signal.aborted) return false;
        await pause(signal);
      }
    },
    ready: (release, signal) => step("ready", release, signal, () => waitUntilReady(release, signal)),
    smoke: (release, signal) =>
      step("smoke", release, signal, async () => {
        const { exitCode, ...note } = await ports.smoke(release, signal);
        throwIfEnded(signal);
        if (exitCode !== EXIT.passed) throw new GateError(note, exitCode);
        return note;
      }),
    traffic: (order, signal) =>
      step("traffic", order[0], signal, async () => {
        await ports.point(order, signal);
        return { detail: `new sessions go to ${order[0].slot}` };
      }),
    drain: (release, signal) => step("drain", release, signal, () => waitForSessions(release, signal)),
  };
}

/** A version that the load has shown to be no good. */
class GateError extends BenchError {
  readonly note: StepNote;

  constructor(note: StepNote, exitCode: BenchError["exitCode"]) {
    super(note.detail, { exitCode });
    this.note = note;
  }
}

/** @throws BenchError (exit 130) when the work is to end */
export function throwIfEnded(signal: AbortSignal): void {
  if (signal.aborted) throw new BenchError("interrupted", { exitCode: EXIT.interrupted });
}

function sessionsInWords(open: number | undefined): string {
  if (open === undefined) return "nobody can tell how many sessions are open on it";
  return `${open} session${open === 1 ? "" : "s"} open on it`;
}
