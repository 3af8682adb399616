/** A worker as a child of this process, seen as the coordinator wants it. */
import type { Addressed, FromWorker } from "../loadgen/workers/protocol.ts";
import type { WorkerHandle } from "../loadgen/workers/member.ts";
import { forkSelf } from "./child.ts";

/** A channel that outlives its process by this long is not waited for. */
const CHANNEL_LIMIT_MS = 500;

/**
 * Node flags of a generator process. They can only be set when a process starts, which is one reason why load is always
 * made in a child.
 *
 * With default flags V8 answers a steady stream of short-lived buffers with mark-compact steps of 15 to 19 ms, which show
 * as send lateness long before the CPU is used up. A young generation of fixed size takes them. grpc-js copies every message
 * it sends: below 32 MB copies survive until they have to be marked. Whoever sends shared buffers needs no more than 8 MB,
 * and a stream then costs a fifth of the memory (docs/performance.md has the figures).
 */
export function workerNodeFlags(transport: string): readonly string[] {
  const megabytes = transport === "riva-grpc" ? 32 : 8;
  return [`--min-semi-space-size=${megabytes}`, `--max-semi-space-size=${megabytes}`];
}

/** Starts a worker process, with the flags that suit its transport. */
export function launchWorker(transport: string): WorkerHandle {
  const child = forkSelf(["worker"], workerNodeFlags(transport));
  return {
    channel: {
      send: (message) => {
        // A worker that dies right now takes no message; that it died is told by the end of its channel.
        if (child.connected) child.send(message, () => undefined);
      },
      onMessage: (handler) => child.on("message", (message) => handler(message as Addressed<FromWorker>)),
      onClose: (handler) => {
        // The exit may be known before the last words were read; the end of the channel comes after them.
        child.on("disconnect", handler);
        child.on("exit", () => setTimeout(handler, CHANNEL_LIMIT_MS).unref());
      },
    },
    kill: () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    },
  };
}
