/**
 * Runs this command line once more in a thread of this process, whose heap has a young generation of a given size. V8 sizes a
 * heap when it is made, so that of the main thread can't be changed any more; a process of its own would cost its memory
 * twice, and its signals would have to find it. Signals come to the main thread, which passes them on.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { signalHeard } from "./npx-parent.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** True in the thread that `runInRoomyThread` made. Sources run without one (`npm run dev`): tsx doesn't reach into threads. */
export const inRoomyThread: boolean = !isMainThread || import.meta.url.endsWith(".ts");

/** Of this thread's heap, committed now. */
export function youngMegabytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  return Math.round((space?.space_size ?? 0) / 2 ** 20);
}

/**
 * Resolves with the exit code when the thread has ended.
 *
 * @throws whatever nobody caught there
 */
export async function runInRoomyThread(youngMegabytes: number): Promise<number> {
  // For heaps that are made from now on; nothing else in this process makes one.
  setFlagsFromString(`--min-semi-space-size=${youngMegabytes}`);
  setFlagsFromString(`--max-semi-space-size=${youngMegabytes}`);
  const thread = new Worker(new URL("./main.js", import.meta.url), { argv: process.argv.slice(2) });
  const passOn = (signal: NodeJS.Signals): void => {
    signalHeard();
    thread.postMessage(signal);
  };
  const letGo = (): void => SIGNALS.forEach((signal) => process.off(signal, passOn));
  for (const signal of SIGNALS) process.on(signal, passOn);
  thread.once("message", (unheard: NodeJS.Signals) => {
    letGo();
    process.kill(process.pid, unheard);
  });
  try {
    return await new Promise((resolve, reject) => {
      thread.once("error", reject);
      thread.once("exit", resolve);
    });
  } finally {
    letGo();
  }
}

/** In the thread: signals arrive as if they were its own; one that nobody waits for does what it does to any process. */
export function hearSignals(): void {
  parentPort?.on("message", (signal: (typeof SIGNALS)[number]) => {
    if (!process.emit(signal, signal)) parentPort?.postMessage(signal);
  });
  parentPort?.unref();
}
