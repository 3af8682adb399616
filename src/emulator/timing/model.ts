/**
 * When each answer leaves: one server (a GPU) that serves the audio of all streams in batches. Pure: no clock, no I/O.
 *
 * A job is one server chunk of one stream. Whenever the server is free it takes the jobs that wait, at most `maxBatch` in
 * order of arrival, and needs `batchMs + perJobMs x sum of their weights` for them (the weight is the share of a full
 * chunk, so work is proportional to audio). A result leaves `pathMs` later: network, decoding, text. A final takes the longer
 * path through endpointing and post-processing: `finalFactor` times the delay of its batch, without more work for the server.
 *
 * Full batches of `maxBatch` take `chunkMs x maxBatch / capacity`, so `capacity` streams at real time are exactly what the
 * server can carry; beyond it the queue grows without bound. Under load the delay of N streams in phase rises linearly with N.
 */
/** A server to imitate. Delays in milliseconds. */
export interface Profile {
  name: string;
  /** Says that it is no real model. */
  model: string;
  /** Audio the server takes at a time. */
  chunkMs: number;
  /** Streams at real time that it can just carry. */
  capacity: number;
  maxBatch: number;
  batchMs: number;
  pathMs: number;
  finalFactor: number;
  /** Streams that can have a place in the sequence batcher at once; undefined = any number. */
  slots?: number;
  /** Where the figures come from, and what they are good for. */
  source: string;
}

/** Time of one full chunk in a batch, without the batch's own share. */
export function perJobMs(profile: Profile): number {
  return profile.chunkMs / profile.capacity - profile.batchMs / profile.maxBatch;
}

/** Work for the server. `T` is whatever the caller needs back. */
export interface Job<T> {
  arrivedMs: number;
  /** Audio in it, in server chunks. */
  weight: number;
  /** Takes the longer path. */
  final: boolean;
  payload: T;
}

/** A job that the server has taken, and when its result leaves. */
export interface Served<T> {
  payload: T;
  leavesMs: number;
}

/** Told of each batch as it begins: what the server works on from `beginsMs` to `doneMs`. */
export type BatchObserver<T> = (beginsMs: number, doneMs: number, served: readonly Served<T>[]) => void;

/** The queue before the server. Time is what the caller says, so a caller that comes late changes nothing but its own delay. */
export class ServiceQueue<T> {
  readonly #profile: Profile;
  readonly #perJobMs: number;
  readonly #observe: BatchObserver<T>;
  #waiting: Job<T>[] = [];
  #freeAtMs = -Infinity;

  constructor(profile: Profile, observe: BatchObserver<T> = () => undefined) {
    this.#profile = profile;
    this.#perJobMs = perJobMs(profile);
    this.#observe = observe;
  }

  /** Jobs that no batch has taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How long a job that arrives at `nowMs` waits until all before it are done. */
  behindMs(nowMs: number): number {
    const work = this.#waiting.reduce((sum, { weight }) => sum + weight, 0);
    const batches = Math.ceil(this.#waiting.length / this.#profile.maxBatch);
    return Math.max(0, this.#freeAtMs - nowMs) + batches * this.#profile.batchMs + this.#perJobMs * work;
  }

  /** When the next batch begins; undefined when nothing waits. */
  get nextBatchMs(): number | undefined {
    const [head] = this.#waiting;
    return head && Math.max(this.#freeAtMs, head.arrivedMs);
  }

  /** Adds a job. Arrivals must come in order of time, and all those up to a moment before `serve` is told of it. */
  add(job: Job<T>): void {
    this.#waiting.push(job);
  }

  /** Forgets the waiting jobs that `isGone` says are not wanted any more; returns how many. */
  drop(isGone: (payload: T) => boolean): number {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((job) => !isGone(job.payload));
    return before - this.#waiting.length;
  }

  /** Begins all batches that are due by `nowMs`; returns what they serve, in order. */
  serve(nowMs: number): Served<T>[] {
    const served: Served<T>[] = [];
    for (;;) {
      const beginsMs = this.nextBatchMs;
      if (beginsMs === undefined || beginsMs > nowMs) return served;
      const late = this.#waiting.findIndex((job) => job.arrivedMs > beginsMs);
      const present = late === -1 ? this.#waiting.length : late;
      const batch = this.#waiting.splice(0, Math.min(present, this.#profile.maxBatch));
      const work = batch.reduce((sum, job) => sum + job.weight, 0);
      this.#freeAtMs = beginsMs + this.#profile.batchMs + this.#perJobMs * work;
      const ofBatch = batch.map(({ arrivedMs, final, payload }) => {
        const delayMs = this.#freeAtMs + this.#profile.pathMs - arrivedMs;
        return { payload, leavesMs: arrivedMs + delayMs * (final ? this.#profile.finalFactor : 1) };
      });
      this.#observe(beginsMs, this.#freeAtMs, ofBatch);
      served.push(...ofBatch);
    }
  }
}
