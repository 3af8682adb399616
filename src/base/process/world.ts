/**
 * Everything a command may touch outside its own process memory. Commands are handed a `World`, so that tests run the
 * whole command line in-process against a fake one.
 */
import { closeSync } from "node:fs";
import { isatty } from "node:tty";
import type { Clock } from "../clock.ts";
import { realClock } from "../clock.ts";
import type { ExitCode } from "../errors.ts";
import { BenchError, EXIT, messageOf } from "../errors.ts";
import { PACKAGE_ROOT } from "./package-root.ts";
import { printableStyled } from "../text/printable.ts";
import { systemError } from "../system-error.ts";
import { signalHeard } from "./npx-parent.ts";

/** Where text goes. A reader that is gone (`| head -1`, a closed terminal) is no error: what is written then is lost. */
export interface TextSink {
  /** On a terminal, what would act on it is shown instead, but for colors: no text of others gets through. */
  write(text: string): void;
  /** Text of this program that moves the cursor; parts of others must have been made printable. */
  control?(text: string): void;
  /** Nobody reads any more. */
  readonly isClosed?: boolean;
  readonly isTTY: boolean;
  readonly columns: number;
  /** Lines of a terminal, where known. */
  readonly rows?: number;
}

/** The terminal was closed; nobody reads standard output any more. The second may come again and again for one cause. */
export type Hangup = "SIGHUP" | "closed output";

/** Why a command is to end. */
export type Interrupt = "SIGINT" | "SIGTERM" | Hangup;

export interface World {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The package's root: where protos/, scenarios/, targets/ and datasets/ are. */
  readonly root: string;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly clock: Clock;
  /** Calls back on SIGINT, SIGTERM and those of `also` (default: all) until the returned function is called. */
  onInterrupt(handler: (why: Interrupt) => void, also?: readonly Hangup[]): () => void;
  setExitCode(code: ExitCode): void;
}

/** Whether text to `sink` may be coloured: it is a terminal, and NO_COLOR (https://no-color.org) is unset or empty. */
export function mayColor(sink: TextSink, env: World["env"]): boolean {
  return sink.isTTY && (env["NO_COLOR"] ?? "") === "";
}

/** The real world. */
export function processWorld(): World {
  const closings = new Set<() => void>();
  const stdout = sink(process.stdout, () => {
    for (const tell of [...closings]) tell();
  });
  return {
    args: process.argv.slice(2),
    env: process.env,
    cwd: workingFolder(),
    root: PACKAGE_ROOT,
    stdout,
    stderr: sink(process.stderr, () => undefined),
    clock: realClock,
    onInterrupt(handler, also = ["SIGHUP", "closed output"]) {
      const signals = (["SIGINT", "SIGTERM", "SIGHUP"] as const).filter(
        (signal) => signal !== "SIGHUP" || also.includes(signal),
      );
      const handle = (signal: NodeJS.Signals): void => {
        signalHeard();
        if (signal === "SIGHUP") outliveTerminal();
        handler(signal as (typeof signals)[number]);
      };
      for (const signal of signals) process.on(signal, handle);
      let listening = true;
      const closed = (): void => {
        if (listening) handler("closed output");
      };
      if (also.includes("closed output")) {
        closings.add(closed);
        // It may have been closed while nobody listened.
        if (stdout.isClosed === true) queueMicrotask(closed);
      }
      return () => {
        listening = false;
        closings.delete(closed);
        for (const signal of signals) process.off(signal, handle);
      };
    },
    setExitCode(code) {
      if (!outputLost) process.exitCode = code;
    },
  };
}

/** Known from the beginning: one that is gone does not look like a terminal any more. */
const TERMINALS = [0, 1, 2].filter((fd) => isatty(fd));

let terminalGone = false;

/**
 * The terminal was closed: several processes tell so, one after the other, and the second SIGHUP must not end this one before it has
 * written what the first made it write. Node aborts at its exit when it can't reset a terminal, but for one that is closed.
 */
function outliveTerminal(): void {
  if (terminalGone) return;
  terminalGone = true;
  process.on("SIGHUP", () => undefined);
  process.once("exit", () => {
    for (const fd of TERMINALS) closeSync(fd);
  });
}

/** Standard output could not be written (a full disk): no exit code may say that all is well. */
let outputLost = false;

/** @throws BenchError (exit 2) when the folder is gone */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    throw BenchError.usage("the working folder is gone", "Change to a folder that exists.");
  }
}

/** What a stream says when its reader is gone: a pipe, a terminal (EIO), a socket. */
const READER_GONE: ReadonlySet<string> = new Set([
  "EPIPE",
  "EIO",
  "ENXIO",
  "ECONNRESET",
  "ERR_STREAM_DESTROYED",
]);

/** @param onClose called once, when the reader is gone */
function sink(stream: NodeJS.WriteStream, onClose: () => void): TextSink {
  let isClosed = false;
  function failed(error: unknown): void {
    if (isClosed) return;
    isClosed = true;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "EIO") outliveTerminal();
    if (!READER_GONE.has(code) && stream === process.stdout) {
      outputLost = true;
      process.exitCode = EXIT.ourError;
      const known = systemError(error, "standard output");
      process.stderr.write(`bench: ${known?.message ?? `standard output: ${messageOf(error)}`}\n`);
    }
    onClose();
  }
  // Without a listener an error of the stream would end the process, and what a run has measured with it.
  stream.on("error", failed);
  function control(text: string): void {
    if (isClosed) return;
    try {
      stream.write(text);
    } catch (error) {
      failed(error);
    }
  }
  return {
    write: (text) => control(stream.isTTY ? printableStyled(text) : text),
    control,
    get isClosed() {
      return isClosed;
    },
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
