/** The emulator as a child of a command: started for the run, ended with it. */
import { BenchError } from "../base/errors.ts";
import { exitOf, forkSelf } from "./child.ts";

/** What the emulator counted; `byPhase` follows the phase in the request id. */
export interface EmulatorCounts {
  open: number;
  maxOpen: number;
  started: number;
  completed: number;
  failed: number;
  cancelled: number;
  byPhase: Record<string, { started: number; completed: number; failed: number; cancelled: number }>;
}

export interface EmulatorChild {
  /** host:port. */
  address: string;
  /** host:port of its HTTP side (metrics, health), when `--http-port` was among its flags. */
  httpAddress: string | undefined;
  /** What the emulator calls its model: it says that it is one. */
  model: string;
  /** Its own count so far; undefined when it has gone. */
  stats(): Promise<EmulatorCounts | undefined>;
  /** It did not run for a while: `gapMs` long, until `atMachineMs`. */
  onStall(handler: (gapMs: number, atMachineMs: number) => void): void;
  stop(): Promise<void>;
}

type FromEmulator =
  | { type: "ready"; port: number; httpPort?: number; model: string }
  | { type: "stats"; stats: EmulatorCounts }
  | { type: "stall"; gapMs: number; atMachineMs: number }
  | { type: "failed"; message: string; hint?: string };

const START_LIMIT_MS = 20_000;
const STATS_LIMIT_MS = 2000;

/**
 * Starts an emulator on a free loopback port.
 * @param args more flags of `bench emulator`
 * @throws BenchError when it does not come up
 */
export async function startEmulator(options: {
  profile: string;
  args?: readonly string[];
}): Promise<EmulatorChild> {
  const child = forkSelf(["emulator", "--port", "0", "--profile", options.profile, ...(options.args ?? [])]);
  const stallHandlers: ((gapMs: number, atMachineMs: number) => void)[] = [];
  const statsWaiters: ((stats: EmulatorCounts) => void)[] = [];

  const ready = await new Promise<{ port: number; httpPort?: number; model: string }>((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new BenchError("the emulator did not start in time")),
      START_LIMIT_MS,
    );
    child.once("exit", (code) =>
      reject(new BenchError(`the emulator ended while starting (exit code ${code ?? "none"})`)),
    );
    child.on("message", (raw) => {
      const message = raw as FromEmulator;
      if (message.type === "ready") {
        clearTimeout(limit);
        resolve(message);
      } else if (message.type === "stats") {
        for (const waiter of statsWaiters.splice(0)) waiter(message.stats);
      } else if (message.type === "stall") {
        for (const handler of stallHandlers) handler(message.gapMs, message.atMachineMs);
      } else {
        reject(new BenchError(message.message, { hint: message.hint }));
      }
    });
  });

  return {
    address: `127.0.0.1:${ready.port}`,
    httpAddress: ready.httpPort === undefined ? undefined : `127.0.0.1:${ready.httpPort}`,
    model: ready.model,
    onStall: (handler) => stallHandlers.push(handler),
    async stats() {
      if (!child.connected) return undefined;
      return new Promise((resolve) => {
        const limit = setTimeout(() => resolve(undefined), STATS_LIMIT_MS);
        statsWaiters.push((stats) => {
          clearTimeout(limit);
          resolve(stats);
        });
        // One that dies right now gives none: the limit above.
        child.send({ type: "stats" }, () => undefined);
      });
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exitOf(child, 2000);
    },
  };
}
