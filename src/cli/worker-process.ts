/** A worker as a child of this process, seen as the coordinator wants it. */
import type { FromWorker } from "../loadgen/protocol.ts";
import type { WorkerHandle } from "../loadgen/coordinator.ts";
import { WORKER_NODE_FLAGS } from "../loadgen/worker-flags.ts";
import { forkSelf } from "./child.ts";

/** Starts a worker process. */
export function launchWorker(): WorkerHandle {
  const child = forkSelf(["worker"], WORKER_NODE_FLAGS);
  return {
    channel: {
      send: (message) => {
        // A worker that dies right now takes no message; that it died is told by the end of its channel.
        if (child.connected) child.send(message, () => undefined);
      },
      onMessage: (handler) => child.on("message", (message) => handler(message as FromWorker)),
      onClose: (handler) => child.on("exit", handler),
    },
    kill: () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    },
  };
}
