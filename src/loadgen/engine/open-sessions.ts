/** The sessions that are open, whatever started them: begins them, tells of them as they end, ends them when told to. */
import type { Clock } from "../../base/clock.ts";
import type { Failure } from "../../base/outcome.ts";
import { requestIdOf, traceContext, traceparentOf } from "../../base/trace-context.ts";
import type { AsrTransport, StreamSpec } from "../../client/transport.ts";
import type { Observation } from "../../metrics/observation/observation.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SessionContext, SessionStart } from "./session.ts";
import { Session } from "./session.ts";

export interface SessionsOptions {
  transport: AsrTransport;
  scheduler: Scheduler;
  /** The run's clock: 0 is T0. */
  clock: Clock;
  /** See `SessionContext`. */
  anchor?: SessionContext["anchor"];
  spec: SessionContext["spec"] & Pick<StreamSpec, "recognition">;
  /** Request ids read `<runId>/<phase>/<seq>`, so that a server's log can be joined with the records. */
  runId: string;
  /** See `WorkerJob`. */
  traceRatio?: number | undefined;
  /** Each session as it starts. */
  onStart?(start: SessionStart): void;
  /** Each session, once, as it ends; the answers to others may be waiting to be stamped. */
  onSession(observation: Observation): void;
}

export interface Sessions {
  /** Opens a stream now. `onEnd` is called after the session was told to `onSession`, `onSent` when its audio has been sent. */
  begin(
    start: SessionStart,
    onEnd: (observation: Observation) => void,
    onSent?: (atMs: number) => void,
  ): void;
  open(): number;
  /** Half-closes the unrecorded ones, in good order. */
  cutUnrecorded(): void;
  cancelAll(reason: string): void;
  /** From now on a session of the window that is still open has missed its deadline: it is cancelled as such. */
  endDrain(): void;
}

interface Running {
  onEnd(observation: Observation): void;
  onSent: ((atMs: number) => void) | undefined;
  /** Undefined only while it is being opened. */
  session: Session | undefined;
}

export function createSessions(options: SessionsOptions): Sessions {
  const running = new Map<SessionStart, Running>();
  let overtime = false;

  const context: SessionContext = {
    clock: options.clock,
    scheduler: options.scheduler,
    transport: options.transport,
    spec: options.spec,
    anchor: options.anchor,
    names(start) {
      const requestId = requestIdOf(options.runId, start.phase, start.seq);
      if (options.traceRatio === undefined) return { requestId };
      return { requestId, traceparent: traceparentOf(traceContext(requestId, options.traceRatio)) };
    },
    onSent: (session, atMs) => running.get(session.start)?.onSent?.(atMs),
    onEnd(session) {
      const entry = running.get(session.start);
      running.delete(session.start);
      const observation = outcomeOf(session);
      options.onSession(observation);
      entry?.onEnd(observation);
    },
  };

  /** A stream that failed has its first cause, but for one that was cancelled at the end of the drain. */
  function outcomeOf(session: Session): Observation {
    const observation = session.observation(options.spec.recognition.interim);
    if (!overtime || session.start.phase !== "steady" || observation.outcome?.ok !== false)
      return observation;
    if (observation.outcome.failure.origin === "caller") return observation;
    const message = "still open at the end of the drain";
    const failure: Failure = { ...observation.outcome.failure, class: "deadline", origin: "server", message };
    return { ...observation, outcome: { ok: false, failure } };
  }

  /** Ending a session may begin the next: only those that are open now are meant. */
  function cancelAll(reason: string): void {
    for (const { session } of [...running.values()]) session?.cancel(reason);
  }

  return {
    begin(start, onEnd, onSent) {
      const entry: Running = { onEnd, onSent, session: undefined };
      running.set(start, entry);
      options.onStart?.(start);
      entry.session = new Session(context, start);
    },
    open: () => running.size,
    cutUnrecorded() {
      for (const [start, { session }] of [...running]) if (start.phase !== "steady") session?.cutShort();
    },
    cancelAll,
    endDrain() {
      overtime = true;
      cancelAll("the drain is over");
    },
  };
}
