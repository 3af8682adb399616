/**
 * Errors of the harness itself, and the process exit codes.
 *
 * A target that fails is data (see `outcome.ts`); what is thrown is bad input, a broken machine or a bug.
 */

/** Process exit codes. Published: never renumber. */
export const EXIT = {
  /** The run is valid and every SLO passed. */
  passed: 0,
  /** The harness failed: a bug, a full disk, a lost child process. */
  ourError: 1,
  /** Bad flags, scenario, dataset or other input. */
  usage: 2,
  /** An SLO failed. */
  sloFailed: 3,
  /** Worse than the baseline. */
  worse: 4,
  /** Only `bench worker` exits with it: its place in the run is taken. */
  claimRefused: 4,
  /** The generator was at fault, so the run says nothing about the target. */
  runVoid: 5,
  /** Too few samples to judge. */
  inconclusive: 6,
  /** The target can't be used (unreachable, TLS, auth, no such model); found before any load. */
  targetUnusable: 7,
  /** SIGINT or SIGTERM; a partial result was written. */
  interrupted: 130,
  /** Only `bench worker` exits with it: SIGTERM came before its share was done, so that the orchestrator counts it as failed. */
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error meant for the user: one sentence that says what is wrong, a hint that says what to do, an exit code. */
export class BenchError extends Error {
  override readonly name = "BenchError";
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: { exitCode?: ExitCode; hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? EXIT.ourError;
    this.hint = options.hint;
  }

  /** Bad input: exit code 2. */
  static usage(message: string, hint?: string): BenchError {
    return new BenchError(message, { exitCode: EXIT.usage, hint });
  }

  /** The target can't be used: exit code 7. */
  static target(message: string, hint?: string): BenchError {
    return new BenchError(message, { exitCode: EXIT.targetUnusable, hint });
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The candidate nearest to `wanted` by edit distance, or undefined when none is near enough to be a plausible slip
 * (more than a third of its letters differ).
 */
export function nearestName(wanted: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(wanted.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best !== undefined && bestDistance <= Math.max(2, Math.ceil(best.length / 3)) ? best : undefined;
}

/** Levenshtein distance in UTF-16 units. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
