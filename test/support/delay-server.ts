/**
 * A Riva server that is not the emulator: it imposes exactly known delays and fails exactly the sessions it is told to,
 * and counts by the phase in the request id. What the harness reports must agree with it. It runs in a process of its own,
 * so that nothing of the test's makes it late.
 */
import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface DelayServerOptions {
  /** From the arrival of an audio message to the response to it. */
  partialMs: number;
  /** From half-close to the final. */
  finalMs: number;
  /** Every stream of this number (from 1) ends INTERNAL after its third audio message; default none. */
  failEvery?: number;
  /** Text of every response. */
  text?: string;
}

export interface PhaseCounts {
  started: number;
  completed: number;
  failed: number;
}

/** What the server saw. */
export interface Served {
  open: number;
  maxOpen: number;
  byPhase: Record<string, PhaseCounts>;
  /** When each stream began or ended well, milliseconds since 1970. */
  changesEpochMs: number[];
  /** Per stream that got audio, when each audio message came, milliseconds on the server's clock. */
  arrivals: number[][];
  /** Delays of what was answered in the steady phase, as they came out: a busy machine makes this server late too. */
  imposed: { firstPartial: number[]; partial: number[]; final: number[] };
}

export interface DelayServer {
  address: string;
  served(): Promise<Served>;
  close(): void;
}

/** Starts the server on a free loopback port. */
export async function startDelayServer(options: DelayServerOptions): Promise<DelayServer> {
  const child = fork(fileURLToPath(new URL("delay-server-process.ts", import.meta.url)), {
    execArgv: ["--import", "tsx"],
  });
  const port = (await answer(child, options)) as number;
  return {
    address: `127.0.0.1:${port}`,
    served: async () => (await answer(child, "count")) as Served,
    close: () => child.kill(),
  };
}

function answer(child: ChildProcess, question: DelayServerOptions | "count"): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error("the delay server ended"));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message);
    });
    child.send(question);
  });
}
