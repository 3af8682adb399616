/**
 * When to try again, and how long to wait before. Only for what is not measured (`bench transcribe`, a session that the
 * gateway opens): in a run a failed session is data, and a retry would hide it.
 */
import type { Clock } from "../base/clock.ts";
import { pause } from "../base/clock.ts";
import type { Failure, FailureClass } from "../base/outcome.ts";
import type { Random } from "../base/random.ts";

export interface RetryPolicy {
  /** The first one included. */
  attempts: number;
  /** Before the second attempt; doubles from there to `longestDelayMs`. */
  firstDelayMs: number;
  longestDelayMs: number;
}

/**
 * What UNAVAILABLE, INTERNAL, DEADLINE_EXCEEDED and Riva's START-flag error are called here, and their like over HTTP and
 * WebSockets: what NVIDIA's own voice agents try again. RESOURCE_EXHAUSTED is not among them: for Riva it means a message
 * that is too large.
 */
const PASSING: ReadonlySet<FailureClass> = new Set([
  ...(["start-flag", "internal", "reset", "timeout", "deadline"] as const),
  ...(["unavailable", "refused", "connection-lost"] as const),
]);

/** Statuses of those classes that NVIDIA's clients leave alone. */
const LASTING: ReadonlySet<string> = new Set(["UNKNOWN", "CANCELLED", "ABORTED", "DATA_LOSS"]);

/** Whether the same request may well succeed soon. */
export function mayPass({ class: kind, origin, code }: Failure): boolean {
  const theirs = origin === "server" || origin === "network" || origin === "unknown";
  return theirs && PASSING.has(kind) && !LASTING.has(code);
}

/**
 * The wait before attempt `attempt` (2 = the first that is a retry): it doubles each time, and half of it is by chance, so
 * that callers who failed together don't come back together.
 */
export function retryDelayMs(attempt: number, policy: RetryPolicy, random: Random): number {
  const mostMs = Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (attempt - 2));
  return mostMs * (0.5 + 0.5 * random());
}

export interface RetryContext {
  policy: RetryPolicy;
  clock: Clock;
  random: Random;
  /** Told before each wait; `attempt` is the one that will follow it. */
  onRetry(failure: Failure, attempt: number, delayMs: number): void;
}

/**
 * The result of the first attempt that is good, that can't pass by trying again, or that is the last.
 * @param failureOf undefined: the result is good, or something of it was delivered and can't be taken back
 */
export async function withRetry<T>(
  attempt: () => Promise<T>,
  failureOf: (result: T) => Failure | undefined,
  { policy, clock, random, onRetry }: RetryContext,
): Promise<T> {
  for (let next = 2; ; next++) {
    const result = await attempt();
    const failure = failureOf(result);
    if (failure === undefined || !mayPass(failure) || next > policy.attempts) return result;
    const delayMs = retryDelayMs(next, policy, random);
    onRetry(failure, next, delayMs);
    await pause(clock, delayMs);
  }
}
