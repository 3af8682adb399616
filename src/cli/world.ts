/**
 * Everything a command may touch outside its own process memory. Commands are handed a `World`, so that tests run the
 * whole command line in-process against a fake one.
 */
import type { Clock } from "../base/clock.ts";
import { realClock } from "../base/clock.ts";
import type { ExitCode } from "../base/errors.ts";
import { PACKAGE_ROOT } from "../base/package-root.ts";
import { signalHeard } from "./npx-parent.ts";

/** Where text goes. */
export interface TextSink {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
  /** Lines of a terminal, where known. */
  readonly rows?: number;
}

export interface World {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The package's root: where protos/, scenarios/, targets/ and datasets/ are. */
  readonly root: string;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly clock: Clock;
  /** Calls back on SIGINT and SIGTERM until the returned function is called. */
  onInterrupt(handler: (signal: "SIGINT" | "SIGTERM") => void): () => void;
  setExitCode(code: ExitCode): void;
}

/** The real world. */
export function processWorld(): World {
  return {
    args: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    root: PACKAGE_ROOT,
    stdout: sink(process.stdout),
    stderr: sink(process.stderr),
    clock: realClock,
    onInterrupt(handler) {
      const handle = (signal: NodeJS.Signals): void => {
        signalHeard();
        if (signal === "SIGINT" || signal === "SIGTERM") handler(signal);
      };
      process.on("SIGINT", handle);
      process.on("SIGTERM", handle);
      return () => {
        process.off("SIGINT", handle);
        process.off("SIGTERM", handle);
      };
    },
    setExitCode(code) {
      process.exitCode = code;
    },
  };
}

function sink(stream: NodeJS.WriteStream): TextSink {
  return {
    write: (text) => stream.write(text),
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns > 0 ? stream.columns : 100;
    },
    get rows() {
      return stream.rows > 0 ? stream.rows : 24;
    },
  };
}
