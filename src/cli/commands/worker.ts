/** `bench worker`: the process that makes the load. Started by a run, talks over its channel; of no use by hand. */
import { constants, setPriority } from "node:os";
import { realClock } from "../../base/clock.ts";
import { BenchError } from "../../base/errors.ts";
import { openTransport } from "../../client/transports.ts";
import type { Addressed, FromWorker, ToWorker } from "../../loadgen/workers/protocol.ts";
import { runWorker } from "../../loadgen/workers/worker.ts";
import { tellParent } from "../../run/child.ts";
import { command } from "../command.ts";

/** A worker that has lost its coordinator is gone within this long. */
const ORPHAN_LIMIT_MS = 1000;

export const workerCommand = command(
  (yargs) => yargs,
  () => {
    if (process.send === undefined) {
      throw BenchError.usage("`bench worker` is started by a run, not by hand", "Use `bench run`.");
    }
    serveOverIpc();
  },
);

function serveOverIpc(): void {
  raisePriority();
  // Ctrl-C reaches the whole process group; the coordinator decides what it means.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
  process.on("disconnect", () => {
    setTimeout(() => process.kill(process.pid, "SIGKILL"), ORPHAN_LIMIT_MS).unref();
  });
  runWorker(
    {
      send: (message: Addressed<FromWorker>) => {
        tellParent(message);
        // The channel keeps the process alive; the last word ends it.
        if (message.type === "done" || message.type === "failed") {
          setImmediate(() => {
            if (process.connected) process.disconnect();
          });
        }
      },
      onMessage: (handler: (message: Addressed<ToWorker>) => void) => process.on("message", handler),
      onClose: (handler) => process.on("disconnect", handler),
    },
    {
      clock: realClock,
      openTransport,
      cpuMs: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1000;
      },
    },
  );
}

/**
 * The pace of the audio comes before the progress line, the merging of histograms and whatever else this machine does.
 * Only a privileged user may ask for it; without it, lateness shows what it costs.
 */
function raisePriority(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGH);
  } catch {
    // Not permitted.
  }
}
