/**
 * The statistics behind a printed percentile and a judged gate. The session is the unit: responses within one session
 * are correlated, so they never count as independent samples.
 */
import type { Random } from "../../base/random.ts";
import { PERCENTILES } from "./percentiles.ts";

/** Confidence of every claim: a gate passes or fails, a percentile is certified, at 99 %. */
const ERROR_CHANCE = 0.01;

export type GateVerdict = "pass" | "fail" | "inconclusive";

/** P(X <= k) for X ~ Binomial(n, chance). Sums whichever tail is the smaller, so that neither loses its digits. */
export function binomialAtMost(n: number, chance: number, k: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return k <= n * chance ? tail(n, chance, k) : 1 - tail(n, 1 - chance, n - k - 1);
}

/** P(X >= k) for X ~ Binomial(n, chance). */
export function binomialAtLeast(n: number, chance: number, k: number): number {
  return binomialAtMost(n, 1 - chance, n - k);
}

/** P(X <= k) for k at or below the mean: terms fall off from k downwards, each from the one above it. */
function tail(n: number, chance: number, k: number): number {
  if (chance <= 0) return 1;
  if (chance >= 1) return 0;
  const logTerm =
    logFactorial(n) -
    logFactorial(k) -
    logFactorial(n - k) +
    k * Math.log(chance) +
    (n - k) * Math.log1p(-chance);
  let term = Math.exp(logTerm);
  let sum = 0;
  for (let i = k; i >= 0 && term > sum * 1e-17; i--) {
    sum += term;
    term *= (i / (n - i + 1)) * ((1 - chance) / chance);
  }
  return Math.min(1, sum);
}

/** ln n!: exact sums for small n, Stirling's series above (error below 1e-13). */
function logFactorial(n: number): number {
  if (n < 20) {
    let product = 1;
    for (let i = 2; i <= n; i++) product *= i;
    return Math.log(product);
  }
  const x = n + 1;
  return (
    (x - 0.5) * Math.log(x) -
    x +
    0.5 * Math.log(2 * Math.PI) +
    1 / (12 * x) -
    1 / (360 * x ** 3) +
    1 / (1260 * x ** 5)
  );
}

/**
 * The least number of sessions at which `violations` of them still certify "percentile p <= T": the least n with
 * P(Binomial(n, 1 - p) <= violations) <= 1 - confidence (MLPerf's early-stopping rule).
 */
export function sessionsNeeded(p: number, violations: number, confidence: number = 1 - ERROR_CHANCE): number {
  const chance = 1 - confidence;
  let below = violations;
  let enough = violations + 1;
  while (binomialAtMost(enough, 1 - p, violations) > chance) [below, enough] = [enough, enough * 2];
  while (enough - below > 1) {
    const middle = Math.floor((below + enough) / 2);
    if (binomialAtMost(middle, 1 - p, violations) > chance) below = middle;
    else enough = middle;
  }
  return enough;
}

/** The most violations among `n` sessions that still certify "percentile p <= T"; -1 when not even none would. */
export function violationsAllowed(n: number, p: number): number {
  let allowed = -1;
  let over = n;
  while (over - allowed > 1) {
    const middle = Math.floor((allowed + over) / 2);
    if (binomialAtMost(n, 1 - p, middle) <= ERROR_CHANCE) allowed = middle;
    else over = middle;
  }
  return allowed;
}

/** Sessions that each percentile needs before it counts as certified: enough that one sample may lie above it. */
export const CERTIFIED_FROM: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(PERCENTILES).map(([name, p]) => [name, sessionsNeeded(p, 1)]),
);

/** The percentiles that a sample of `sessions` certifies. */
export function certifiedPercentiles(sessions: number): string[] {
  return Object.keys(PERCENTILES).filter((name) => sessions >= (CERTIFIED_FROM[name] ?? Infinity));
}

/**
 * Judges "at most `share` of all sessions violate the limit" from `k` violations among `n` sessions: passes or fails
 * when the opposite would produce such a sample with a chance of at most 1 %.
 */
export function judgeShare(n: number, k: number, share: number): GateVerdict {
  if (n === 0) return "inconclusive";
  if (binomialAtMost(n, share, k) <= ERROR_CHANCE) return "pass";
  if (binomialAtLeast(n, share, k) <= ERROR_CHANCE) return "fail";
  return "inconclusive";
}

/** So many sessions (`sessions`) had `values` values each, `over` of them in violation. */
export interface SessionGroup {
  values: number;
  over: number;
  sessions: number;
}

const RESAMPLES = 2000;

/**
 * Judges "at most `share` of all values violate the limit" when sessions hold many values each, by resampling whole
 * sessions. Sessions alike are drawn together: a Poisson bootstrap, whose cost doesn't grow with the run. Fewer
 * sessions than would certify a percentile without any violation can't decide.
 */
export function judgeGroups(groups: readonly SessionGroup[], share: number, random: Random): GateVerdict {
  const sessions = groups.reduce((sum, group) => sum + group.sessions, 0);
  if (sessions < sessionsNeeded(1 - share, 0)) return "inconclusive";
  let above = 0;
  for (let resample = 0; resample < RESAMPLES; resample++) {
    let values = 0;
    let over = 0;
    for (const group of groups) {
      const weight = poisson(group.sessions, random);
      values += weight * group.values;
      over += weight * group.over;
    }
    if (over > share * values) above++;
  }
  if (above <= ERROR_CHANCE * RESAMPLES) return "pass";
  if (RESAMPLES - above <= ERROR_CHANCE * RESAMPLES) return "fail";
  return "inconclusive";
}

/** A Poisson draw: product of uniforms for a small mean, the normal approximation (Box-Muller) for a large one. */
function poisson(mean: number, random: Random): number {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const floor = Math.exp(-mean);
  let draws = 0;
  for (let product = random(); product > floor; product *= random()) draws++;
  return draws;
}
