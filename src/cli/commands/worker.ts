/**
 * `bench worker`: a process that makes load. With `--nats` it takes part in a run on another machine; without, it is the one
 * that a run has started, and talks over its channel.
 */
import { constants, setPriority } from "node:os";
import { realClock } from "../../base/clock.ts";
import { BenchError } from "../../base/errors.ts";
import { openTransport } from "../../client/transports.ts";
import type { Addressed, FromWorker, ToWorker } from "../../loadgen/workers/protocol.ts";
import { runWorker } from "../../loadgen/workers/worker.ts";
import { tellParent } from "../../run/child.ts";
import { command } from "../command.ts";
import { workerOptions } from "./worker-options.ts";

/** A worker that has lost its coordinator is gone within this long. */
const ORPHAN_LIMIT_MS = 1000;

export const workerCommand = command(workerOptions, async (world, args) => {
  const { nats } = args;
  if (nats !== undefined) await (await import("./remote-worker.ts")).serveRemotely(world, { ...args, nats });
  else if (process.send !== undefined) serveOverIpc();
  else {
    throw BenchError.usage(
      "`bench worker` takes part in a run on another machine: which?",
      "Give --nats URL and --run ID. Workers of this machine are started by `bench run` itself.",
    );
  }
});

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
