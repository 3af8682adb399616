/**
 * The project's one histogram shape, and the only importer of hdr-histogram-js.
 *
 * An HdrHistogram counts whole ticks from 0 to 3.6e9 with three significant digits: for latencies a tick is a
 * microsecond (up to one hour), for ratios and factors a millionth (up to 3600). Three things are added to the library:
 * values below zero are kept, in a second histogram of their magnitudes (a final can come before the end of its audio,
 * and clamping would hide it); what isn't a number is refused; an empty histogram has no percentiles rather than 0.
 *
 * All that can be read comes from the counts alone, so it is the same before and after encoding and merging.
 */
import {
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  Int32Histogram,
  JsHistogram,
} from "hdr-histogram-js";

/** The top of the range: one hour of microseconds. */
const MAX_TICKS = 3_600_000_000;
const SIGNIFICANT_DIGITS = 3;

export class Histogram {
  readonly #ticksPerUnit: number;
  readonly #positive: JsHistogram;
  /** Magnitudes of the values below zero. */
  #negative: JsHistogram | undefined;
  #overflows = 0;

  /**
   * @param ticksPerUnit 1000 for values in milliseconds, 1e6 for ratios and factors
   * @param positive for `decode`: an empty one costs 100 KB
   */
  constructor(ticksPerUnit: number, positive: JsHistogram = emptyCounts()) {
    this.#ticksPerUnit = ticksPerUnit;
    this.#positive = positive;
  }

  /** @throws Error for NaN and infinities: a metric that yields one is a bug, not a measurement. */
  record(value: number): void {
    if (!Number.isFinite(value)) throw new Error(`a histogram can't hold ${String(value)}`);
    let ticks = Math.round(value * this.#ticksPerUnit);
    if (Math.abs(ticks) > MAX_TICKS) {
      this.#overflows++;
      ticks = Math.sign(ticks) * MAX_TICKS;
    }
    if (ticks >= 0) count(this.#positive, ticks);
    else count((this.#negative ??= emptyCounts()), -ticks);
  }

  get count(): number {
    return this.#positive.totalCount + this.negatives;
  }

  /** Values below zero (by at least half a tick). */
  get negatives(): number {
    return this.#negative?.totalCount ?? 0;
  }

  /** Values beyond the range, counted at its end. */
  get overflows(): number {
    return this.#overflows;
  }

  get min(): number | undefined {
    return this.atRank(1);
  }

  get max(): number | undefined {
    return this.atRank(this.count);
  }

  get mean(): number | undefined {
    return this.count === 0 ? undefined : this.sum / this.count;
  }

  /** Of all values, each as the middle of its bucket; values below zero count as such. */
  get sum(): number {
    return (
      (sumOf(this.#positive) - (this.#negative === undefined ? 0 : sumOf(this.#negative))) /
      this.#ticksPerUnit
    );
  }

  /**
   * For each bound how many values are at or below it, in one pass. A value counts once its whole bucket is (three
   * digits), so a count is never too high.
   *
   * @param bounds rising, none below zero
   */
  countsAtMost(bounds: readonly number[]): number[] {
    const counts: number[] = [];
    const total = this.#positive.totalCount;
    let seen = 0;
    let index = 0;
    for (const bound of bounds) {
      const ticks = bound * this.#ticksPerUnit + 1e-6;
      for (; seen < total; index++) {
        const count = this.#positive.getCountAtIndex(index);
        if (count === 0) continue;
        if ((HIGHEST[index] ?? Infinity) > ticks) break;
        seen += count;
      }
      counts.push(seen + this.negatives);
    }
    return counts;
  }

  /** The least value that at least `percent` % of all values do not exceed (nearest rank); undefined when empty. */
  percentile(percent: number): number | undefined {
    // The subtraction keeps 99.9 / 100 * 1000 = 999.0000000000001 from becoming rank 1000.
    return this.atRank(Math.max(1, Math.ceil((percent / 100) * this.count - 1e-9)));
  }

  /** The `rank`-th smallest value, counted from 1; undefined when there is none. */
  atRank(rank: number): number | undefined {
    if (rank < 1 || rank > this.count) return undefined;
    const below = rank - this.negatives;
    const ticks =
      below > 0 || this.#negative === undefined
        ? ticksAt(this.#positive, below)
        : -ticksAt(this.#negative, 1 - below);
    return ticks / this.#ticksPerUnit;
  }

  /** Adds the values of `other`, losing nothing. */
  add(other: Histogram): void {
    addCounts(this.#positive, other.#positive);
    if (other.#negative !== undefined) addCounts((this.#negative ??= emptyCounts()), other.#negative);
    this.#overflows += other.#overflows;
  }

  reset(): void {
    this.#positive.reset();
    this.#negative = undefined;
    this.#overflows = 0;
  }

  /**
   * HdrHistogram's V2 compressed form in base64, which every HdrHistogram tool reads. Only when there are values below
   * zero do their magnitudes follow after a comma, in the same form; and after a second comma the overflow count.
   */
  encode(): string {
    const negative = this.#negative === undefined ? "" : encodeIntoCompressedBase64(this.#negative);
    const tail =
      this.#overflows > 0 ? `,${negative},${this.#overflows}` : negative === "" ? "" : `,${negative}`;
    return encodeIntoCompressedBase64(this.#positive) + tail;
  }

  /** The inverse of `encode`. @throws Error when `text` is not such a string. */
  static decode(text: string, ticksPerUnit: number): Histogram {
    const [positive = "", negative = "", overflows = "0"] = text.split(",");
    const histogram = new Histogram(ticksPerUnit, decodeCounts(positive));
    if (negative !== "") histogram.#negative = decodeCounts(negative);
    histogram.#overflows = Number(overflows);
    return histogram;
  }
}

function emptyCounts(): JsHistogram {
  return new Int32Histogram(1, MAX_TICKS, SIGNIFICANT_DIGITS);
}

function decodeCounts(text: string): JsHistogram {
  const decoded = decodeFromCompressedBase64(text, 32, false, MAX_TICKS);
  if (!(decoded instanceof JsHistogram)) throw new Error("not an HdrHistogram of the JavaScript kind");
  return decoded;
}

/**
 * The library's `recordValue`, which finds the bucket with logarithms and powers of floats, in integer arithmetic: a
 * session leaves some 200 values, so this is most of what recording costs. Three digits are 2048 buckets up to 2048 ticks,
 * then 1024 for each doubling; ticks fit 32 bits.
 */
function count(counts: JsHistogram, ticks: number): void {
  const doublings = Math.max(0, 21 - Math.clz32(ticks));
  counts.incrementCountAtIndex(doublings * 1024 + (ticks >>> doublings));
  counts.updateMinAndMax(ticks);
  counts.incrementTotalCount();
}

/** The library's `add` of histograms of one shape, up to the last value instead of the top of the range: a tenth of the time. */
function addCounts(into: JsHistogram, other: JsHistogram): void {
  const total = other.totalCount;
  if (total === 0) return;
  for (let index = 0, seen = 0; seen < total; index++) {
    const count = other.getCountAtIndex(index);
    if (count === 0) continue;
    seen += count;
    into.addToCountAtIndex(index, count);
  }
  into.setTotalCount(into.totalCount + total);
  into.updateMinAndMax(other.maxValue);
  // Of nothing but zeros it is the largest number there is.
  if (other.minNonZeroValue <= other.maxValue) into.updateMinAndMax(other.minNonZeroValue);
}

/** Least and largest tick of each bucket: the inverse of `count`, looked up because walks are long. */
const LOWEST: Float64Array = Float64Array.from({ length: 2048 + 22 * 1024 }, (_, index) => {
  const doublings = index < 2048 ? 0 : (index >>> 10) - 1;
  return (index - doublings * 1024) * 2 ** doublings;
});
const HIGHEST: Float64Array = LOWEST.map((_, index) => (LOWEST[index + 1] ?? Infinity) - 1);

/** Ticks of all values, each as the middle of its bucket; the library's mean iterates fifty times as long. */
function sumOf(counts: JsHistogram): number {
  let sum = 0;
  for (let index = 0, seen = 0; seen < counts.totalCount; index++) {
    const count = counts.getCountAtIndex(index);
    if (count === 0) continue;
    seen += count;
    sum += count * Math.ceil(((LOWEST[index] ?? 0) + (HIGHEST[index] ?? 0)) / 2);
  }
  return sum;
}

/** Upper edge of the bucket that holds the `rank`-th smallest value: the value HdrHistogram tools print. */
function ticksAt(counts: JsHistogram, rank: number): number {
  let seen = 0;
  for (let index = 0; index < counts.countsArrayLength; index++) {
    seen += counts.getCountAtIndex(index);
    if (seen >= rank) return counts.highestEquivalentValue(counts.valueFromIndex(index));
  }
  throw new Error(`rank ${rank} of ${seen} values`);
}
