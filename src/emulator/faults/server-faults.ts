/** Faults that strike the server as a whole, at their times. */
import type { Clock } from "../../base/clock.ts";
import type { Fault, FaultSpec } from "./fault-spec.ts";

export interface ServerActions {
  goAway(): void;
  crash(): void;
  restart(): void;
  setReady(ready: boolean): void;
}

/** Strikes with the faults of `spec`, counted from now; returns the function that calls off what has not happened yet. */
export function scheduleServerFaults(spec: FaultSpec, clock: Clock, actions: ServerActions): () => void {
  const nowMs = clock.nowMs();
  const timers = spec.faults.flatMap((fault) =>
    eventsOf(fault, actions).map(({ afterMs, run }) => clock.wakeAt(nowMs + afterMs, run)),
  );
  return () => {
    for (const cancel of timers) cancel();
  };
}

function eventsOf(
  { kind, fromMs, untilMs, restartMs }: Fault,
  actions: ServerActions,
): { afterMs: number; run: () => void }[] {
  switch (kind) {
    case "goaway":
      return [{ afterMs: fromMs, run: () => actions.goAway() }];
    case "crash":
      return [
        { afterMs: fromMs, run: () => actions.crash() },
        ...(restartMs === undefined ? [] : [{ afterMs: fromMs + restartMs, run: () => actions.restart() }]),
      ];
    case "unready":
      return [
        { afterMs: fromMs, run: () => actions.setReady(false) },
        ...(untilMs === Infinity ? [] : [{ afterMs: untilMs, run: () => actions.setReady(true) }]),
      ];
    default:
      return [];
  }
}
