/**
 * Runs this command line once more in a worker thread, whose heap has a young generation of a given size (V8 sizes a heap when it
 * is made, so that of the main thread can't be changed any more), and replaces the worker when an exception reaches nobody.
 * Signals come to the main thread, which passes them on.
 */
import { randomBytes } from "node:crypto";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { realClock } from "../../base/clock.ts";
import { signalHeard } from "../../base/process/npx-parent.ts";
import type {
  SupervisedWorker,
  SupervisorMessage,
  WorkerEvents,
  WorkerMessage,
  WorkerStart,
} from "./supervisor.ts";
import { supervise } from "./supervisor.ts";

/**
 * Megabytes of each half of the young generation that the gateway runs with. grpc-js copies every message and base64 makes
 * garbage of its own: what outlives a smaller one has to be marked, which stops everybody, and a larger one holds everybody up for
 * longer each time (docs/performance.md has the figures).
 */
export const YOUNG_MEGABYTES = 16;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type Signal = (typeof SIGNALS)[number];

/** True in the thread that `runInWorkerThread` made. Sources run without one (`npm run dev`): tsx doesn't reach into threads. */
export const inWorkerThread: boolean = !isMainThread || import.meta.url.endsWith(".ts");

/** Of this thread's heap, committed now. */
export function youngMegabytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  return Math.round((space?.space_size ?? 0) / 2 ** 20);
}

/**
 * Resolves with the exit code when the last worker has ended.
 *
 * @throws the error of a first worker that did not start
 */
export async function runInWorkerThread(youngMegabytes: number): Promise<number> {
  // For heaps that are made from now on; nothing else in this process makes one.
  setFlagsFromString(`--min-semi-space-size=${youngMegabytes}`);
  setFlagsFromString(`--max-semi-space-size=${youngMegabytes}`);
  const secret = randomBytes(32);
  let giveBack: (signal: Signal) => void = () => undefined;
  const spawn = (start: WorkerStart, events: WorkerEvents): SupervisedWorker => {
    const thread = new Worker(new URL("../main.js", import.meta.url), {
      argv: process.argv.slice(2),
      workerData: { ...start, secret },
    });
    let failure: unknown;
    thread.on("message", (message: WorkerMessage | Signal) => {
      if (typeof message === "string") giveBack(message);
      else events.message(message);
    });
    thread.once("error", (error: unknown) => (failure = error ?? new Error("the worker failed")));
    thread.once("exit", (code) => events.ended(code, failure));
    return { post: (message) => thread.postMessage(message), terminate: () => void thread.terminate() };
  };
  const supervisor = supervise(spawn, realClock);
  const passOn = (signal: NodeJS.Signals): void => {
    signalHeard();
    supervisor.signal(signal);
  };
  const letGo = (): void => SIGNALS.forEach((signal) => process.off(signal, passOn));
  // A signal that the worker does not wait for yet does what it does to any process.
  giveBack = (signal) => {
    letGo();
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  try {
    return await supervisor.finished;
  } finally {
    letGo();
  }
}

/** A worker's side of its supervision. */
export interface Supervised {
  /** Times that the worker was replaced before this one. */
  readonly restarts: number;
  /** The port to listen on, when it takes over from another. */
  readonly port: number | undefined;
  /** Made anew for each process; its workers share it. */
  readonly secret: Buffer;
  /** Resolves when it may listen. */
  mayListen(): Promise<void>;
  listening(port: number): void;
  /** Calls `onFailure` for each exception that reaches nobody, and asks to be replaced; `onRelease` frees the port. */
  watch(onFailure: (error: unknown) => void, onRelease: () => Promise<{ drainMs: number }>): void;
}

/** In the thread: signals arrive as if they were its own; one that nobody waits for does what it does to any process. */
export function supervised(): Supervised {
  const start = (workerData ?? { restarts: 0, secret: randomBytes(32) }) as WorkerStart & {
    secret: Uint8Array;
  };
  const say = (message: WorkerMessage | Signal): void => parentPort?.postMessage(message);
  let listen = (): void => undefined;
  let release = (): void => undefined;
  const told = new Promise<void>((resolve) => (listen = resolve));
  parentPort?.on("message", (message: SupervisorMessage | Signal) => {
    if (typeof message !== "string") (message.type === "listen" ? listen : release)();
    else if (!process.emit(message, message)) say(message);
  });
  if (start.port === undefined) parentPort?.unref();
  return {
    restarts: start.restarts,
    secret: Buffer.from(start.secret),
    port: start.port,
    async mayListen() {
      if (start.port === undefined) return;
      say({ type: "loaded" });
      await told;
      parentPort?.unref();
    },
    listening: (port) => say({ type: "listening", port }),
    watch(onFailure, onRelease) {
      // From sources there is no supervisor, and Node's own handling stays: the process ends.
      if (isMainThread) return;
      release = () => void onRelease().then(({ drainMs }) => say({ type: "released", drainMs }));
      process.on("uncaughtException", (error: unknown) => {
        onFailure(error);
        say({ type: "failing" });
      });
    },
  };
}
