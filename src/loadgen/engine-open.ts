/**
 * Open loads: sessions start at their planned times, whatever the server does. What finds no place at its time is
 * dropped, counted and recorded; nothing ever waits.
 */
import type { Observation, RunPhase } from "../metrics/observation.ts";
import { conditioned, placeUnder } from "./conditions.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import type { Arrival, OpenPlan } from "./open-plan.ts";
import { phaseAt } from "./plan.ts";
import { timed } from "./scheduler.ts";
import { createSessions } from "./sessions.ts";

/** The slot of a session that got none. */
const NO_SLOT = -1;

export function createOpenEngine(options: EngineOptions<OpenPlan>): Engine {
  const { plan, clock, scheduler, clips, shard } = options;
  const { warmupMs, steadyMs, pace } = plan.input;
  const arrivals = plan.arrivals(shard);
  const sessions = createSessions({ ...options, anchor: plan.input.anchor });
  const underConditions = conditioned(plan.input, plan.seed);
  /** Free places, the last one given back on top; numbers are unique over all shards. */
  const places = Array.from(
    { length: plan.places(shard) },
    (_, index) => index * shard.of + shard.index,
  ).reverse();
  let next: Arrival | undefined;
  let windowEndMs = warmupMs + steadyMs;
  /** Sessions of the window that are open. */
  let outstanding = 0;
  let stopping = false;
  let windowOver = false;
  let released = options.onWindowOver === undefined;
  let lastRecordedEndMs = 0;
  let done = false;

  function scheduleNext(): void {
    const result = arrivals.next();
    next = result.done === true ? undefined : result.value;
    if (next !== undefined) scheduler.add(timed(next.scheduledMs, arrive));
  }

  function arrive(): void {
    if (stopping || next === undefined) return;
    const arrival = next;
    scheduleNext();
    if (arrival.scheduledMs >= windowEndMs && settle()) return;
    const slot = places.pop();
    if (slot === undefined) options.onSession(dropped(arrival));
    else begin(arrival, slot);
  }

  function begin(arrival: Arrival, slot: number): void {
    const { seq, stage, scheduledMs, phaseOffsetMs } = arrival;
    const phase = phaseOf(scheduledMs);
    if (phase === "steady") outstanding++;
    sessions.begin(
      underConditions({ seq, slot, phase, stage, scheduledMs, clip: clipOf(arrival), pace, phaseOffsetMs }),
      (observation) => {
        places.push(slot);
        ended(observation);
      },
    );
  }

  function phaseOf(scheduledMs: number): RunPhase {
    return phaseAt({ ...plan.input, steadyMs: windowEndMs - warmupMs }, scheduledMs);
  }

  function ended({ phase, endedMs }: Observation): void {
    if (phase === "steady") {
      outstanding--;
      lastRecordedEndMs = Math.max(lastRecordedEndMs, endedMs ?? clock.nowMs());
    }
    settle();
  }

  /** A session that was due and found no place. */
  function dropped(arrival: Arrival): Observation {
    const { facts, chunks, chunkMs } = clipOf(arrival);
    const { seq, scheduledMs } = arrival;
    const phase = phaseOf(scheduledMs);
    const place = placeUnder(plan.input, plan.seed, { seq, stage: arrival.stage, pace });
    return {
      ...{ seq, slot: NO_SLOT, phase, ...place, clip: facts, chunkMs, chunks: chunks.length, scheduledMs },
      ...{
        interim: options.spec.recognition.interim,
        sentMs: [],
        acceptedMs: [],
        responses: [],
        cutShort: false,
      },
    };
  }

  function clipOf({ clip }: Arrival): EngineOptions["clips"][number] {
    const ready = clips[clip];
    if (ready === undefined) throw new Error(`the plan names clip ${clip} of ${clips.length}`);
    return ready;
  }

  /**
   * The window is over, all it planned has come and ended: let the rest go, and finish with the last of them.
   * @returns true when no session starts any more
   */
  function settle(): boolean {
    const allCame = next === undefined || next.scheduledMs >= windowEndMs;
    const over = stopping || (clock.nowMs() >= windowEndMs && allCame && outstanding === 0);
    if (over && !windowOver) {
      windowOver = true;
      options.onWindowOver?.();
    }
    if (over && (stopping || released)) {
      stopping = true;
      sessions.cutUnrecorded();
    }
    if (stopping && sessions.open() === 0 && !done) {
      done = true;
      options.onDone({ windowEndMs, lastRecordedEndMs, pausedSlotMs: 0 });
    }
    return stopping;
  }

  function stop(): void {
    if (stopping) return;
    stopping = true;
    windowEndMs = Math.min(windowEndMs, Math.max(clock.nowMs(), warmupMs));
    settle();
  }

  /** Anew whenever the window grows: what fires for an end that was moved has nothing to do. */
  function scheduleEnd(): void {
    const endMs = windowEndMs;
    scheduler.add(timed(endMs, settle));
    scheduler.add(
      timed(endMs + options.drainMs, () => {
        if (windowEndMs > endMs) return;
        released = true;
        sessions.endDrain();
        settle();
      }),
    );
  }

  return {
    start() {
      scheduleEnd();
      scheduleNext();
    },
    release() {
      released = true;
      settle();
    },
    stop,
    extend(endMs) {
      if (stopping || endMs <= windowEndMs) return;
      windowEndMs = endMs;
      scheduleEnd();
    },
    abort() {
      stop();
      sessions.cancelAll("the run was aborted");
    },
    open: () => sessions.open(),
  };
}
