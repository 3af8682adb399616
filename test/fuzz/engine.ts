/**
 * Feeds one target: corpus and grammar, changed or not. There is no coverage to go by; instead, an input whose outcome is of a
 * kind not seen before is kept and changed further.
 */
import fc from "fast-check";
import type { Random } from "../../src/base/random.ts";
import { randomBelow, randomStream } from "../../src/base/random.ts";
import { corpusOf } from "./corpus.ts";
import { mutated } from "./mutate.ts";
import { shape } from "./target.ts";
import type { FuzzTarget } from "./target.ts";

export interface Find {
  target: string;
  kind: "crash" | "hang" | "memory";
  /** The error's text and first frames, or what was measured. */
  what: string;
  input: Uint8Array;
}

export interface Observer {
  /** Called before each execution, so that somebody else can save the input of one that never ends. */
  beginning(target: string, input: Buffer): void;
  find(find: Find): void;
}

/** One execution longer than this is a find. */
export const HANG_MS = 1000;
const LONGEST_BYTES = 16_384;
const GRAMMAR_BATCH = 128;
/** Kinds of outcome that are told apart, and kept an input of. */
const MOST_KINDS = 500;
const MINIMISE_MS = 2000;
/** Of one target, at most. */
const MOST_FINDS = 10;

export class Fuzzer {
  readonly target: FuzzTarget;
  executions = 0;
  slowestMs = 0;
  busyMs = 0;
  readonly #random: Random;
  readonly #observer: Observer;
  readonly #pool: Buffer[];
  readonly #kinds = new Set<string>();
  /** Crashes by error and place: each is told once. */
  readonly #told = new Set<string>();
  readonly #words: Buffer[];
  #samples: (string | Uint8Array)[] = [];
  #batch = 0;
  readonly #seed: number;
  /** An error that was thrown in a later tick of the current execution. */
  readonly #late: unknown[] = [];

  constructor(target: FuzzTarget, seed: number, observer: Observer) {
    this.target = target;
    this.#seed = seed;
    this.#observer = observer;
    this.#random = randomStream(seed, target.name);
    this.#pool = corpusOf(target.name).map(({ bytes }) => bytes);
    this.#words = target.dictionary.map((word) => Buffer.from(word, "latin1"));
  }

  get kinds(): number {
    return this.#kinds.size;
  }

  get finds(): number {
    return this.#told.size;
  }

  /** An exception that nobody caught came while this target ran. */
  threwLater(error: unknown): void {
    this.#late.push(error);
  }

  /** Executes until `untilMs` on the process's monotonic clock. */
  async run(untilMs: number): Promise<void> {
    const startedMs = performance.now();
    while (performance.now() < untilMs) {
      for (let left = 20; left > 0; left--) await this.#once(this.#next());
      // Errors of later ticks come to light, and messages get through.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.busyMs += performance.now() - startedMs;
  }

  #next(): Buffer {
    const random = this.#random;
    if (this.#pool.length === 0 || random() < 0.15) {
      const fresh = this.#fromGrammar();
      return random() < 0.5 ? fresh : this.#mutated(fresh);
    }
    return this.#mutated(this.#pool[randomBelow(random, this.#pool.length)]!);
  }

  #mutated(input: Buffer): Buffer {
    return mutated(input, this.#random, {
      words: this.#words,
      other: () => this.#pool[randomBelow(this.#random, this.#pool.length)] ?? Buffer.alloc(0),
      longestBytes: this.target.longestBytes ?? LONGEST_BYTES,
    });
  }

  #fromGrammar(): Buffer {
    if (this.#samples.length === 0)
      this.#samples = fc.sample(this.target.grammar, {
        seed: (this.#seed + this.#batch++) | 0,
        numRuns: GRAMMAR_BATCH,
      });
    const sample = this.#samples.pop() ?? "";
    return typeof sample === "string" ? Buffer.from(sample) : Buffer.from(sample);
  }

  async #once(input: Buffer): Promise<void> {
    this.#observer.beginning(this.target.name, input);
    const startedMs = performance.now();
    const outcome = await this.#outcome(input);
    const tookMs = performance.now() - startedMs;
    this.executions++;
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    // Once more alone: a stopped machine is no hang.
    if (tookMs > HANG_MS && (await this.timeOf(input)) > HANG_MS)
      this.#tell("hang", input, `one execution took ${Math.round(tookMs)} ms`, "hang");
    if ("error" in outcome) {
      const key = placeOf(outcome.error);
      if (!this.#told.has(key) && this.#told.size < MOST_FINDS)
        this.#tell("crash", await this.#minimised(input, key), textOf(outcome.error), key);
    } else if (this.#kinds.size < MOST_KINDS && !this.#kinds.has(outcome.kind)) {
      this.#kinds.add(outcome.kind);
      this.#pool.push(Buffer.from(input));
    }
  }

  async #outcome(input: Buffer): Promise<{ kind: string } | { error: unknown }> {
    this.#late.length = 0;
    try {
      const result = this.target.run(input);
      const kind = typeof result === "string" ? result : await result;
      return this.#late.length > 0 ? { error: this.#late[0] } : { kind };
    } catch (error) {
      return { error };
    }
  }

  /** Milliseconds that one execution takes, whatever comes of it. */
  async timeOf(input: Buffer): Promise<number> {
    const startedMs = performance.now();
    await this.#outcome(input);
    return performance.now() - startedMs;
  }

  #tell(kind: Find["kind"], input: Buffer, what: string, key: string): void {
    if (this.#told.has(key) || this.#told.size >= MOST_FINDS) return;
    this.#told.add(key);
    this.#observer.find({ target: this.target.name, kind, what, input });
  }

  /** Leaves out pieces for as long as the same error stays. */
  async #minimised(input: Buffer, key: string): Promise<Buffer> {
    const untilMs = performance.now() + MINIMISE_MS;
    let smallest = input;
    for (let size = Math.ceil(input.length / 2); size >= 1 && performance.now() < untilMs; size = size >> 1) {
      for (let at = 0; at < smallest.length && performance.now() < untilMs;) {
        const shorter = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]);
        const outcome = await this.#outcome(shorter);
        if ("error" in outcome && placeOf(outcome.error) === key) smallest = shorter;
        else at += size;
      }
    }
    return smallest;
  }
}

/** The error and the first line of ours that threw it: what makes two crashes one. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A promise of the target is one, whatever the figures are.
  if (error.message.startsWith("fuzz: ")) return error.message.split(/[:{]/, 2).join(":").slice(0, 30);
  const frame = /(?:src|test\/fuzz|node_modules)\/[^\s)]+/.exec(error.stack ?? "")?.[0] ?? "";
  return `${error.name} ${shape(error.message)} ${frame}`;
}

/** The error as the person who mends it wants it. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error.stack ?? error.message).split("\n").slice(0, 6).join("\n");
}
