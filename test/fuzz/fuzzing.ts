/** The fuzzing thread seen from outside: it may stand still or run out of memory. */
import { Worker } from "node:worker_threads";
import type { Find } from "./engine.ts";
import { HANG_MS } from "./engine.ts";
import type { Figures, FromFuzzer, FuzzerSetup, ToFuzzer } from "./messages.ts";
import { CURRENT } from "./messages.ts";

/** No new execution for so long: the thread is ended, and what it was fed is a find. */
const STUCK_MS = 10 * HANG_MS;
/** To load everything, and to try one input again, on a busy machine. */
const START_LIMIT_MS = 60_000;
const THREAD_HEAP_MB = 1024;
/** tsx does not follow into threads by itself. */
const THREAD = JSON.stringify(new URL("./fuzz-thread.ts", import.meta.url).href);
const START = `import("tsx/esm/api").then(({ register }) => (register(), import(${THREAD})));`;

export interface Slice {
  /** Undefined: the thread is gone. */
  figures: Figures | undefined;
  found: Find[];
}

export class FuzzThread {
  readonly #current = new SharedArrayBuffer(CURRENT.headerBytes + CURRENT.longestBytes);
  readonly #header = new Int32Array(this.#current, 0, 2);
  readonly #worker: Worker;
  #slice:
    { target: string; found: Find[]; end(figures?: Figures): void; broken(error: Error): void } | undefined;

  #tried: ((tookMs: number) => void) | undefined;

  constructor(seed: number) {
    const workerData: FuzzerSetup = { seed, current: this.#current };
    this.#worker = new Worker(START, {
      eval: true,
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB },
    });
    this.#worker.on("message", (message: FromFuzzer) => {
      if (message.type === "find") this.#slice?.found.push(message.find);
      else if (message.type === "slice") this.#slice?.end(message.figures);
      else if (message.type === "tried") this.#tried?.(message.tookMs);
      else this.#slice?.broken(new Error(message.message));
    });
    this.#worker.on("error", (error) => {
      if (this.#count === 0) this.#slice?.broken(error);
      else this.#lost("crash", `the thread ended: ${error.message}`);
    });
  }

  /** Fuzzes one target. @throws Error when the fuzzer itself fails */
  async run(target: string, forMs: number): Promise<Slice> {
    let last = { count: this.#count, atMs: performance.now() };
    const watch = setInterval(() => {
      const count = this.#count;
      const limitMs = count === 0 ? START_LIMIT_MS : STUCK_MS;
      if (count !== last.count) last = { count, atMs: performance.now() };
      else if (performance.now() - last.atMs > limitMs) {
        void this.#worker.terminate();
        this.#lost("hang", `no end within ${limitMs / 1000} s`);
      }
    }, 200);
    try {
      return await new Promise<Slice>((resolve, reject) => {
        const found: Find[] = [];
        this.#slice = { target, found, end: (figures) => resolve({ figures, found }), broken: reject };
        this.#worker.postMessage({ do: "run", target, forMs } satisfies ToFuzzer);
      });
    } finally {
      clearInterval(watch);
      this.#slice = undefined;
    }
  }

  /**
   * Executes one input alone. A thread that a busy machine gave no time looks as one that hangs.
   * @returns milliseconds, Infinity when it does not end
   */
  async timeOf(target: string, input: Uint8Array): Promise<number> {
    this.#worker.postMessage({ do: "try", target, input } satisfies ToFuzzer);
    return new Promise((resolve) => {
      const limit = setTimeout(() => resolve(Infinity), START_LIMIT_MS);
      this.#tried = (tookMs) => {
        clearTimeout(limit);
        resolve(tookMs);
      };
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Executions that began. */
  get #count(): number {
    return Atomics.load(this.#header, CURRENT.count);
  }

  #lost(kind: Find["kind"], what: string): void {
    const slice = this.#slice;
    if (slice === undefined) return;
    const length = this.#header[CURRENT.length] ?? 0;
    const input = new Uint8Array(this.#current, CURRENT.headerBytes, length).slice();
    slice.found.push({ target: slice.target, kind, what, input });
    slice.end();
  }
}
