/**
 * Does a series rise or fall over time? Rank statistics: no shape is assumed, and one outlier decides nothing.
 *
 * The Mann-Kendall statistic counts later values above earlier ones against those below: S = sum over i < j of
 * sign(x_j - x_i). Without a trend its variance is (n(n-1)(2n+5) - sum over ties t(t-1)(2t+5)) / 18 and
 * z = (S - sign S) / sqrt(var) is nearly normal from 8 values on (Mann 1945, Kendall 1975). Neighbours that resemble each
 * other imitate a trend, so the variance grows with their correlation (Hamed and Rao 1998):
 *
 *     var* = var (1 + 2 / (n(n-1)(n-2)) sum over lags i of (n-i)(n-i-1)(n-i-2) r_i)
 *
 * with r_i the autocorrelation of the ranks of the series without its slope, where it is significant (|r_i| > 1.96 / sqrt n).
 */

/** Fewer values say nothing at the levels used here, and z is not normal yet. */
export const TREND_FROM = 8;

export interface Trend {
  /** Of later values over earlier ones. */
  s: number;
  /** With Hamed and Rao's correction. */
  variance: number;
  /** Positive when the series rises. */
  z: number;
  /** Chance of so large a |z| without a trend. */
  p: number;
  /** Theil-Sen: the median of (x_j - x_i) / (j - i) over all pairs; in units of the series per step. */
  slope: number;
}

/**
 * The correction looks this far, as its authors propose: beyond it lies noise, which would shrink the variance as often
 * as it grows it and make five false alarms of one.
 */
const LAGS = 3;
const SIGNIFICANT = 1.959963984540054;

/** The trend of values taken at equal steps. O(n^2): meant for hundreds of values. */
export function trendOf(values: readonly number[]): Trend {
  const s = kendallScore(values);
  const slope = senSlope(values);
  const variance = kendallVariance(values) * hamedRao(values.map((value, i) => value - slope * i));
  const z = variance > 0 ? (s - Math.sign(s)) / Math.sqrt(variance) : 0;
  return { s, variance, z, p: Math.min(1, 2 * normalTail(Math.abs(z))), slope };
}

function kendallScore(values: readonly number[]): number {
  let s = 0;
  for (let j = 1; j < values.length; j++) {
    for (let i = 0; i < j; i++) s += Math.sign((values[j] ?? NaN) - (values[i] ?? NaN));
  }
  return s;
}

function kendallVariance(values: readonly number[]): number {
  const ties = new Map<number, number>();
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1);
  const term = (t: number): number => t * (t - 1) * (2 * t + 5);
  let sum = term(values.length);
  for (const t of ties.values()) sum -= term(t);
  return sum / 18;
}

/** Theil-Sen slope per step; 0 for fewer than two values. */
export function senSlope(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return 0;
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let at = 0;
  for (let j = 1; j < n; j++) {
    for (let i = 0; i < j; i++) slopes[at++] = ((values[j] ?? NaN) - (values[i] ?? NaN)) / (j - i);
  }
  return medianOf(slopes);
}

/** The middle value, or the mean of the two; NaN of none. Sorts `values`. */
export function medianOf(values: Float64Array): number {
  values.sort();
  const middle = (values.length - 1) / 2;
  return ((values[Math.floor(middle)] ?? NaN) + (values[Math.ceil(middle)] ?? NaN)) / 2;
}

/** Factor of the variance; never below 1: falling short of what chance would do is no evidence of anything. */
function hamedRao(detrended: readonly number[]): number {
  const n = detrended.length;
  if (n <= LAGS) return 1;
  const ranks = ranksOf(detrended);
  const mean = (n + 1) / 2;
  const covariance = (lag: number): number => {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += ((ranks[i] ?? NaN) - mean) * ((ranks[i - lag] ?? NaN) - mean);
    return sum;
  };
  const own = covariance(0);
  if (own === 0) return 1;
  let sum = 0;
  for (let lag = 1; lag <= LAGS; lag++) {
    const r = covariance(lag) / own;
    if (Math.abs(r) > SIGNIFICANT / Math.sqrt(n)) sum += (n - lag) * (n - lag - 1) * (n - lag - 2) * r;
  }
  return Math.max(1, 1 + (2 / (n * (n - 1) * (n - 2))) * sum);
}

/** Ranks from 1; ties share the mean of theirs. */
function ranksOf(values: readonly number[]): Float64Array {
  const order = [...values.keys()].sort((a, b) => (values[a] ?? NaN) - (values[b] ?? NaN));
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? -1] === values[order[from] ?? -1]) to++;
    for (let i = from; i < to; i++) ranks[order[i] ?? -1] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/** P(Z > z) of the standard normal for z >= 0: Chebyshev fit of erfc, relative error below 1.2e-7 (Numerical Recipes). */
export function normalTail(z: number): number {
  const t = 1 / (1 + (0.5 * z) / Math.SQRT2);
  const coefficients = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
    1.00002368, -1.26551223,
  ];
  const exponent = coefficients.reduce((sum, coefficient) => sum * t + coefficient, 0);
  return 0.5 * t * Math.exp((-z * z) / 2 + exponent);
}
