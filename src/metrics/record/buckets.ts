/**
 * Counts of whole ticks in HdrHistogram's buckets of three significant digits: 2048 of one tick each, then 1024 for each
 * doubling. It knows which of its buckets hold anything, so that writing down, adding up, reading and clearing take the
 * time of those and not of the 24,000 there are: a session leaves some 200 values, and a worker's second has to be cheap.
 */

/** Buckets and their counts in turn: `[bucket, count, bucket, count, ...]`, in no order, no bucket twice. */
export type BucketCounts = number[];

export class Buckets {
  /** As long as the highest bucket so far needs. */
  #counts = new Int32Array(2048);
  /** Buckets that hold something, in the order in which they began to. */
  #held: number[] = [];
  /** The same, rising; undefined when it has to be made again. */
  #rising: Int32Array | undefined;
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Counts one value. @param ticks whole, 0 to 2^32 - 1 */
  record(ticks: number): void {
    this.add(bucketOf(ticks), 1);
  }

  add(bucket: number, count: number): void {
    if (bucket >= this.#counts.length) this.#reach(bucket);
    const before = this.#counts[bucket] ?? 0;
    if (before === 0) {
      this.#held.push(bucket);
      this.#rising = undefined;
    }
    this.#counts[bucket] = before + count;
    this.#total += count;
  }

  addAll(counts: Readonly<BucketCounts>): void {
    for (let i = 0; i < counts.length; i += 2) this.add(counts[i] ?? 0, counts[i + 1] ?? 0);
  }

  toCounts(): BucketCounts {
    const counts: BucketCounts = [];
    for (const bucket of this.#held) counts.push(bucket, this.#counts[bucket] ?? 0);
    return counts;
  }

  clear(): void {
    for (const bucket of this.#held) this.#counts[bucket] = 0;
    this.#held = [];
    this.#rising = undefined;
    this.#total = 0;
  }

  /** Tells of each bucket that holds something, rising, until `visit` returns false. */
  walk(visit: (bucket: number, count: number) => boolean): void {
    this.#rising ??= new Int32Array(this.#held).sort();
    for (const bucket of this.#rising) if (!visit(bucket, this.#counts[bucket] ?? 0)) return;
  }

  /**
   * How many values lie in each of the ranges that `edges` make: from the edge before, or the first bucket, up to but without
   * the edge. In no order of buckets, because a scrape asks this of every histogram after all have changed.
   *
   * @param edges buckets, rising
   */
  countsBelow(edges: readonly number[]): number[] {
    const counts = edges.map(() => 0);
    for (const bucket of this.#held) {
      let from = 0;
      let to = edges.length;
      while (from < to) {
        const middle = (from + to) >> 1;
        if (bucket < (edges[middle] ?? 0)) to = middle;
        else from = middle + 1;
      }
      if (from < edges.length) counts[from] = (counts[from] ?? 0) + (this.#counts[bucket] ?? 0);
    }
    return counts;
  }

  /** Ticks of all values, each as the middle of its bucket. */
  sumOfMiddles(): number {
    let sum = 0;
    for (const bucket of this.#held)
      sum += (this.#counts[bucket] ?? 0) * Math.ceil((lowestOf(bucket) + highestOf(bucket)) / 2);
    return sum;
  }

  #reach(bucket: number): void {
    const longer = new Int32Array(2 ** Math.ceil(Math.log2(bucket + 1)));
    longer.set(this.#counts);
    this.#counts = longer;
  }
}

const MOST_TICKS = 2 ** 32 - 1;

/** The library finds it with logarithms and powers of floats; that would be most of what recording costs. */
function bucketOf(ticks: number): number {
  const doublings = Math.max(0, 21 - Math.clz32(ticks));
  return doublings * 1024 + (ticks >>> doublings);
}

/** The inverse of `bucketOf`, looked up because a scrape asks for every bucket that holds something. */
const LOWEST: Float64Array = Float64Array.from({ length: 2048 + 22 * 1024 + 1 }, (_, bucket) => {
  const doublings = bucket < 2048 ? 0 : (bucket >>> 10) - 1;
  return (bucket - doublings * 1024) * 2 ** doublings;
});

/** The first bucket that holds any tick above `ticks`. @param ticks not negative */
export function firstAbove(ticks: number): number {
  const bucket = bucketOf(Math.min(Math.floor(ticks), MOST_TICKS));
  return highestOf(bucket) > ticks ? bucket : bucket + 1;
}

/** The least tick that falls into a bucket. */
export function lowestOf(bucket: number): number {
  return LOWEST[bucket] ?? NaN;
}

/** The largest tick that falls into a bucket: the value HdrHistogram tools print. */
export function highestOf(bucket: number): number {
  return lowestOf(bucket + 1) - 1;
}
