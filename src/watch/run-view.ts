/** What exporters are told of a run while it lasts, and of its result when it has one. */
import type { RunPhase } from "../metrics/observation/observation.ts";
import type { RunResult, Validity } from "../metrics/result/result.ts";
import type { Window } from "../metrics/catalogue/run-sums.ts";
import type { Slo } from "../metrics/judge/slo.ts";
import type { RemoteWorkerFacts } from "../metrics/result/remote-workers.ts";
import type { Exemplar } from "../metrics/record/snapshot.ts";
import type { LiveTotals } from "./listener.ts";

/** What does not change during a run. */
export interface RunFacts {
  runId: string;
  /** Name of the scenario. */
  scenario: string;
  target: Pick<RunResult["target"], "name" | "kind" | "emulated" | "standIn" | "model">;
  tool: string;
  git?: string;
  node: string;
  host: string;
  planHash: string;
  startedAtEpochMs: number;
  /** As planned. */
  window: Window;
  chunkMs: number;
  slos: readonly Slo[];
  /** What should be going on at a moment of the run: sessions open (closed loads) or sessions a second (open loads). */
  planned?: { unit: "sessions" | "sessions_per_second"; levelAt(atMs: number): number };
}

/** One process that makes load, as it last spoke. */
export interface WorkerView {
  open: number;
  /** CPU in the last second, as a share of one core. */
  cpuShare: number;
  /** Longest delay of its event loop in the last seconds. */
  loopDelayMs: number;
  /** Facts known by now; present where it is on another machine. */
  remote?(): RemoteWorkerFacts | undefined;
}

export interface RunView {
  facts: RunFacts;
  /** Now, milliseconds since the start of the run; negative before it. */
  atMs: number;
  totals: LiveTotals;
  /** The metrics with one value a run, of the steady window up to now. */
  runValues: Readonly<Record<string, number>>;
  workers: readonly WorkerView[];
  workersLost: number;
  /** Times that a process of the run stood still, and the longest of them. */
  stalls: Readonly<Record<string, { count: number; longestMs: number }>>;
  /** So far; undefined until the window has a session. */
  validity: Validity["status"] | undefined;
  /** Sessions to look at, by phase and metric and then by bucket; see `exemplarKey`. */
  exemplars: ReadonlyMap<string, ReadonlyMap<number, Exemplar>>;
  /** Present when the run is over. */
  result?: RunResult;
}

/** Key of `RunView.exemplars`. */
export function exemplarKey(phase: string, metric: string): string {
  return `${phase}|${metric}`;
}

/** The part of the run that a moment belongs to: by plan, until there is a result. */
export function phaseOf({ facts: { window }, atMs, result }: RunView): RunPhase | "done" {
  if (result !== undefined) return "done";
  if (atMs < window.startMs) return "warmup";
  return atMs < window.endMs ? "steady" : "drain";
}
