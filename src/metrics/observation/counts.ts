/** Counting sessions: scheduled = completed + failed + dropped, always. */
import type {
  FailureClass,
  FailureExample,
  FailureOrigin,
  FailurePhase,
  Outcome,
} from "../../base/outcome.ts";
import type { Observation } from "./observation.ts";

export interface FailureCount {
  phase: FailurePhase;
  class: FailureClass;
  origin: FailureOrigin;
  count: number;
  /** Sessions that failed by content, the first `EXAMPLES_KEPT` by number: what the clip says and what the server answered. */
  examples?: (FailureExample & { seq: number; clip: string })[];
}

export const EXAMPLES_KEPT = 2;

export interface Counts {
  scheduled: number;
  /** A connection was attempted. */
  started: number;
  completed: number;
  failed: number;
  /** Never started: no room at its time. */
  dropped: number;
  failures: FailureCount[];
}

export function emptyCounts(): Counts {
  return { scheduled: 0, started: 0, completed: 0, failed: 0, dropped: 0, failures: [] };
}

/** Counts one session into `counts`. */
export function countSession(counts: Counts, { seq, clip, startedMs, outcome }: Observation): void {
  counts.scheduled++;
  if (startedMs !== undefined) counts.started++;
  if (outcome === undefined) counts.dropped++;
  else if (outcome.ok) counts.completed++;
  else {
    counts.failed++;
    const { phase, class: kind, origin, example } = outcome.failure;
    const examples = example === undefined ? {} : { examples: [{ seq, clip: clip.id, ...example }] };
    countFailure(counts, { phase, class: kind, origin, count: 1, ...examples });
  }
}

/** Adds `other` to `counts`. */
export function addCounts(counts: Counts, other: Counts): void {
  counts.scheduled += other.scheduled;
  counts.started += other.started;
  counts.completed += other.completed;
  counts.failed += other.failed;
  counts.dropped += other.dropped;
  for (const failure of other.failures) countFailure(counts, failure);
}

function countFailure(counts: Counts, failure: FailureCount): void {
  const { phase, class: kind, origin, count, examples } = failure;
  const known = counts.failures.find((f) => f.phase === phase && f.class === kind && f.origin === origin);
  if (known === undefined) {
    counts.failures.push({ ...failure, ...(examples === undefined ? {} : { examples: [...examples] }) });
    return;
  }
  known.count += count;
  if (examples === undefined) return;
  // By number, so that the result does not depend on how many workers there were.
  known.examples = [...(known.examples ?? []), ...examples]
    .sort((a, b) => a.seq - b.seq)
    .slice(0, EXAMPLES_KEPT);
}

/** Failed sessions that are nobody's failure but the generator's, or the caller's own wish: none of them is the target's. */
export function notOfTarget(counts: Counts): number {
  return failedBy(counts, "generator") + failedBy(counts, "caller");
}

/** Whether a session that ended so says nothing of the target: the generator spoiled it, or its caller left on purpose. */
export function isSpoiled(outcome: Outcome): boolean {
  return !outcome.ok && (outcome.failure.origin === "generator" || outcome.failure.origin === "caller");
}

/** Failed sessions of one origin. */
export function failedBy(counts: Counts, origin: FailureOrigin): number {
  return counts.failures.reduce((sum, failure) => sum + (failure.origin === origin ? failure.count : 0), 0);
}
