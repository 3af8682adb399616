/** `bench recognizer`: a process of recognisers. Started by `bench emulator --engine`, talks over its channel; of no use by hand. */
import { realClock } from "../../base/clock.ts";
import { BenchError } from "../../base/errors.ts";
import { hostedEntry } from "../../emulator/engines/engines.ts";
import { serveRecognizer } from "../../emulator/host/recognizer-server.ts";
import type { ToRecognizer } from "../../emulator/host/protocol.ts";
import { tellParent } from "../../run/child.ts";
import { command } from "../command.ts";

/** One that has lost its parent is gone within this long. */
const ORPHAN_LIMIT_MS = 1000;

export const recognizerCommand = command(
  (yargs) => yargs,
  () => {
    if (process.send === undefined) {
      throw BenchError.usage(
        "`bench recognizer` is started by the emulator, not by hand",
        "Use `bench emulator --engine NAME`.",
      );
    }
    // Ctrl-C reaches the whole process group; the parent decides what it means.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
    process.on("disconnect", () => {
      setTimeout(() => process.kill(process.pid, "SIGKILL"), ORPHAN_LIMIT_MS).unref();
    });
    serveRecognizer(
      {
        send: tellParent,
        onMessage: (handler) => process.on("message", (message) => handler(message as ToRecognizer)),
      },
      async (engine) => {
        const entry = hostedEntry(engine);
        if (entry === undefined) throw new BenchError(`there is no engine ${engine}`);
        return entry.backend();
      },
      realClock,
    );
  },
);
