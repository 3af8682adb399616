/** The world of a run that a program starts: silent, ended by a signal of its own. */
import { realClock } from "../base/clock.ts";
import { PACKAGE_ROOT } from "../base/process/package-root.ts";
import { processFacts } from "../base/process/machine.ts";
import type { Interrupt, TextSink, World } from "../base/process/world.ts";

const SILENT: TextSink = { write: () => undefined, isTTY: false, columns: 100 };

/** A world that writes nothing, sets no exit code and hears no signals of the process. */
export function libraryWorld(options: { cwd?: string; env?: World["env"]; signal?: AbortSignal }): World {
  const { cwd, env } = processFacts();
  return {
    args: [],
    env: options.env ?? env,
    cwd: options.cwd ?? cwd,
    root: PACKAGE_ROOT,
    stdout: SILENT,
    stderr: SILENT,
    clock: realClock,
    onInterrupt(handler: (why: Interrupt) => void) {
      const { signal } = options;
      const heard = (): void => handler("SIGINT");
      if (signal?.aborted === true) queueMicrotask(heard);
      signal?.addEventListener("abort", heard, { once: true });
      return () => signal?.removeEventListener("abort", heard);
    },
    setExitCode: () => undefined,
  };
}
