/** A worker as a child of this process, seen as the coordinator wants it. */
import type { Addressed, FromWorker } from "../loadgen/workers/protocol.ts";
import type { WorkerHandle } from "../loadgen/workers/coordinator.ts";
import { workerNodeFlags } from "../loadgen/workers/worker-flags.ts";
import { forkSelf } from "./child.ts";

/** A channel that outlives its process by this long is not waited for. */
const CHANNEL_LIMIT_MS = 500;

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
