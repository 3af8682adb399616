/** The thread that fuzzes. It may stand still or run out of memory: `main.ts` watches it from outside. */
import { parentPort, workerData } from "node:worker_threads";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Fuzzer, textOf } from "./engine.ts";
import type { FromFuzzer, FuzzerSetup, ToFuzzer } from "./messages.ts";
import { CURRENT } from "./messages.ts";
import { FUZZ_TARGETS } from "./targets/index.ts";

const { seed, current } = workerData as FuzzerSetup;
const header = new Int32Array(current, 0, 2);
const bytes = new Uint8Array(current, CURRENT.headerBytes);
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const post = (message: FromFuzzer): void => parentPort?.postMessage(message);
const fuzzers = new Map<string, Fuzzer>();
let active: Fuzzer | undefined;
for (const event of ["uncaughtException", "unhandledRejection"])
  process.on(event, (error: unknown) => active?.threwLater(error));
// A reader that prints would print millions of lines.
console.error = console.warn = () => undefined;

function fuzzerOf(name: string): Fuzzer {
  const known = fuzzers.get(name);
  if (known !== undefined) return known;
  const target = FUZZ_TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(`no target ${name}`);
  const fuzzer = new Fuzzer(target, seed, {
    beginning(_, input) {
      const length = Math.min(input.length, CURRENT.longestBytes);
      bytes.set(length === input.length ? input : input.subarray(0, length));
      header[CURRENT.length] = length;
      Atomics.add(header, CURRENT.count, 1);
    },
    find: (find) => post({ type: "find", find }),
  });
  fuzzers.set(name, fuzzer);
  return fuzzer;
}

async function heldBytes(): Promise<number> {
  // Finalisers and closed handles need a turn of the event loop.
  for (let turn = 0; turn < 3; turn++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

async function slice(target: string, forMs: number): Promise<void> {
  const fuzzer = (active = fuzzerOf(target));
  const before = await heldBytes();
  await fuzzer.run(performance.now() + forMs);
  const leftBytes = (await heldBytes()) - before;
  const { executions, busyMs, slowestMs, kinds } = fuzzer;
  post({ type: "slice", target, figures: { executions, busyMs, slowestMs, kinds, leftBytes } });
}

parentPort?.on("message", (message: ToFuzzer) => {
  const fuzzer = fuzzerOf(message.target);
  const done =
    message.do === "run"
      ? slice(message.target, message.forMs)
      : fuzzer.timeOf(Buffer.from(message.input)).then((tookMs) => post({ type: "tried", tookMs }));
  done.catch((error: unknown) => post({ type: "broken", message: textOf(error) }));
});
