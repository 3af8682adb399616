/**
 * What can be attached to a run: the progress line, an exporter, a live view. A listener sees the run, and never touches
 * it: what goes wrong in one is told and the run goes on.
 */
import { messageOf } from "../base/errors.ts";
import type { RunManifest } from "../metrics/result/result.ts";
import type { RunResult } from "../metrics/result/result.ts";
import type { RunEvent } from "../metrics/result/run-event.ts";
import type { RemoteWorkerFacts } from "../metrics/result/remote-workers.ts";
import type { Snapshot } from "../metrics/record/snapshot.ts";
import type { Totals } from "../metrics/record/totals.ts";

/** How the run stands; about once a second for each worker. */
export interface Tick {
  /** Since T0; negative before it. */
  atMs: number;
  /** Sessions open, over all workers. */
  open: number;
  /** Where the window ends as things stand: later than planned when it was extended. */
  windowEndMs: number;
  /** All that was measured so far; `latest` and `counts` are cheap at any length of the run. */
  totals: LiveTotals;
}

/** Reading alone: what a listener may ask of the totals. */
export type LiveTotals = Omit<Totals, "add" | "cutWindow" | "extendWindow">;

/** How one of the processes that make load is doing, as it says once a second. */
export interface WorkerReport {
  /** Counted from 0. */
  worker: number;
  atMs: number;
  /** Sessions open at this moment. */
  open: number;
  /** CPU used since the last report, as a share of one core. */
  cpuShare: number;
  /** Longest delay of its event loop since the last report. */
  loopDelayMs: number;
  /** Facts known by now; present where it is on another machine. */
  remote?(): RemoteWorkerFacts | undefined;
}

/** Every part is optional. Calls come in the order below and never overlap, but those of `close`, which may come any time. */
export interface RunListener {
  /** For messages about the listener itself. */
  name: string;
  /** Once, all workers being ready, a moment before T0. */
  onStart?(manifest: RunManifest): void;
  /** Every snapshot of every worker, as it comes; a worker sends one a second. */
  onSnapshot?(snapshot: Snapshot): void;
  onTick?(tick: Tick): void;
  onWorker?(report: WorkerReport): void;
  onEvent?(event: RunEvent): void;
  /** The timed part is over, the result is not there yet; also when it ended with an error. */
  onLoadEnd?(): void;
  /** Once, when the result is written to `folder`. `totals` are those it was made of. Is waited for. */
  onEnd?(result: RunResult, folder: string, totals: LiveTotals): void | Promise<void>;
  /** Last, always, whatever became of the run: frees ports and the terminal. Is waited for. */
  close?(): void | Promise<void>;
}

type Hook = Exclude<keyof RunListener, "name">;

/**
 * One listener for all. One that throws is told to `onFailure`, once, and not called again but for `onLoadEnd` and
 * `close`; the others don't notice.
 */
export function fanOut(
  listeners: readonly RunListener[],
  onFailure: (name: string, message: string) => void,
): Required<Omit<RunListener, "name">> {
  const failed = new Set<RunListener>();

  function fail(listener: RunListener, error: unknown): void {
    const first = !failed.has(listener);
    failed.add(listener);
    if (first) onFailure(listener.name, messageOf(error));
  }

  function each(hook: Hook, call: (listener: RunListener) => unknown): Promise<unknown>[] {
    return listeners.flatMap((listener) => {
      if (failed.has(listener) && hook !== "onLoadEnd" && hook !== "close") return [];
      try {
        const returned = call(listener);
        return returned instanceof Promise ? [returned.catch((error: unknown) => fail(listener, error))] : [];
      } catch (error) {
        fail(listener, error);
        return [];
      }
    });
  }

  return {
    onStart: (manifest) => void each("onStart", (one) => one.onStart?.(manifest)),
    onSnapshot: (snapshot) => void each("onSnapshot", (one) => one.onSnapshot?.(snapshot)),
    onTick: (tick) => void each("onTick", (one) => one.onTick?.(tick)),
    onWorker: (report) => void each("onWorker", (one) => one.onWorker?.(report)),
    onEvent: (event) => void each("onEvent", (one) => one.onEvent?.(event)),
    onLoadEnd: () => void each("onLoadEnd", (one) => one.onLoadEnd?.()),
    async onEnd(result, folder, totals) {
      await Promise.all(each("onEnd", (one) => one.onEnd?.(result, folder, totals)));
    },
    async close() {
      await Promise.all(each("close", (one) => one.close?.()));
    },
  };
}
