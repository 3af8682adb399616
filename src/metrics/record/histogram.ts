/**
 * The project's one histogram shape, and the only importer of hdr-histogram-js.
 *
 * An HdrHistogram counts whole ticks from 0 to 3.6e9 with three significant digits: for latencies a tick is a
 * microsecond (up to one hour), for ratios and factors a millionth (up to 3600). Three things are added to it:
 * values below zero are kept, in a second histogram of their magnitudes (a final can come before the end of its audio,
 * and clamping would hide it); what isn't a number is refused; an empty histogram has no percentiles rather than 0.
 *
 * All that can be read comes from the counts alone, so it is the same before and after encoding and merging. The library
 * reads and writes the format that other tools know; counting is ours (`buckets.ts`).
 */
import {
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  Int32Histogram,
  JsHistogram,
} from "hdr-histogram-js";
import { type BucketCounts, Buckets, firstAbove, highestOf, lowestOf } from "./buckets.ts";

/** The top of the range: one hour of microseconds. */
const MAX_TICKS = 3_600_000_000;
const SIGNIFICANT_DIGITS = 3;

/** What a histogram holds, as plain JSON: cheap to write and to add up, for what is sent every second. */
export interface HistogramCounts {
  counts: BucketCounts;
  /** Magnitudes of the values below zero, where there are any. */
  negative?: BucketCounts;
  /** Values beyond the range, where there are any; they are also counted at its end. */
  overflows?: number;
}

export class Histogram {
  readonly #ticksPerUnit: number;
  readonly #positive = new Buckets();
  /** Magnitudes of the values below zero. */
  #negative: Buckets | undefined;
  #overflows = 0;

  /** @param ticksPerUnit 1000 for values in milliseconds, 1e6 for ratios and factors */
  constructor(ticksPerUnit: number) {
    this.#ticksPerUnit = ticksPerUnit;
  }

  /** @throws Error for NaN and infinities: a metric that yields one is a bug, not a measurement. */
  record(value: number): void {
    if (!Number.isFinite(value)) throw new Error(`a histogram can't hold ${String(value)}`);
    let ticks = Math.round(value * this.#ticksPerUnit);
    if (Math.abs(ticks) > MAX_TICKS) {
      this.#overflows++;
      ticks = Math.sign(ticks) * MAX_TICKS;
    }
    if (ticks >= 0) this.#positive.record(ticks);
    else (this.#negative ??= new Buckets()).record(-ticks);
  }

  get count(): number {
    return this.#positive.total + this.negatives;
  }

  /** Values below zero (by at least half a tick). */
  get negatives(): number {
    return this.#negative?.total ?? 0;
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
    return (this.#positive.sumOfMiddles() - (this.#negative?.sumOfMiddles() ?? 0)) / this.#ticksPerUnit;
  }

  /**
   * For each bound how many values are at or below it, in one pass. A value counts once its whole bucket is (three
   * digits), so a count is never too high.
   *
   * @param bounds rising, none below zero
   */
  countsAtMost(bounds: readonly number[]): number[] {
    const edges = bounds.map((bound) => firstAbove(bound * this.#ticksPerUnit + 1e-6));
    const counts = this.#positive.countsBelow(edges);
    let seen = this.negatives;
    return counts.map((count) => (seen += count));
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
    this.addCounts(other.toCounts());
  }

  /** Adds what another histogram, of as many ticks per unit, held. */
  addCounts({ counts, negative, overflows = 0 }: HistogramCounts): void {
    this.#positive.addAll(counts);
    if (negative !== undefined) (this.#negative ??= new Buckets()).addAll(negative);
    this.#overflows += overflows;
  }

  toCounts(): HistogramCounts {
    return {
      counts: this.#positive.toCounts(),
      ...(this.negatives === 0 ? {} : { negative: this.#negative?.toCounts() ?? [] }),
      ...(this.#overflows === 0 ? {} : { overflows: this.#overflows }),
    };
  }

  reset(): void {
    this.#positive.clear();
    this.#negative?.clear();
    this.#overflows = 0;
  }

  /**
   * HdrHistogram's V2 compressed form in base64, which every HdrHistogram tool reads. Only when there are values below
   * zero do their magnitudes follow after a comma, in the same form; and after a second comma the overflow count.
   */
  encode(): string {
    const negative = this.#negative === undefined || this.negatives === 0 ? "" : encoded(this.#negative);
    const tail =
      this.#overflows > 0 ? `,${negative},${this.#overflows}` : negative === "" ? "" : `,${negative}`;
    return encoded(this.#positive) + tail;
  }

  /** The inverse of `encode`. @throws Error when `text` is not such a string. */
  static decode(text: string, ticksPerUnit: number): Histogram {
    const [positive = "", negative = "", overflows = "0"] = text.split(",");
    const histogram = new Histogram(ticksPerUnit);
    decodeInto(histogram.#positive, positive);
    if (negative !== "") decodeInto((histogram.#negative = new Buckets()), negative);
    histogram.#overflows = Number(overflows);
    return histogram;
  }
}

function encoded(buckets: Buckets): string {
  const histogram = new Int32Histogram(1, MAX_TICKS, SIGNIFICANT_DIGITS);
  buckets.walk((bucket, count) => {
    histogram.addToCountAtIndex(bucket, count);
    histogram.updateMinAndMax(lowestOf(bucket));
    return true;
  });
  return encodeIntoCompressedBase64(histogram);
}

function decodeInto(buckets: Buckets, text: string): void {
  const decoded = decodeFromCompressedBase64(text, 32, false, MAX_TICKS);
  if (!(decoded instanceof JsHistogram)) throw new Error("not an HdrHistogram of the JavaScript kind");
  for (let bucket = 0; buckets.total < decoded.totalCount && bucket < decoded.countsArrayLength; bucket++) {
    const count = decoded.getCountAtIndex(bucket);
    if (count > 0) buckets.add(bucket, count);
  }
}

/** Upper edge of the bucket that holds the `rank`-th smallest value. */
function ticksAt(buckets: Buckets, rank: number): number {
  let seen = 0;
  let found = NaN;
  buckets.walk((bucket, count) => {
    seen += count;
    found = bucket;
    return seen < rank;
  });
  if (seen < rank) throw new Error(`rank ${rank} of ${seen} values`);
  return highestOf(found);
}
