/** Starts this program again as a child, with a message channel. */
import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Forks the command line with `args` and extra Node flags. Works from dist/ and, with the tsx flags this process was
 * started with, from src/. The child's standard output is dropped (it talks over the channel), its errors pass through.
 */
export function forkSelf(args: readonly string[], nodeFlags: readonly string[] = []): ChildProcess {
  const main = fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "../cli/main.ts" : "../cli/main.js", import.meta.url),
  );
  return fork(main, args, {
    execArgv: [...process.execArgv, ...nodeFlags],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
  });
}

/** Says something to the process that started this one; nothing when there is none, or no more. */
export function tellParent(message: object): void {
  // A parent that dies right now takes no message: without a listener that would be an error that ends this process loudly.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** Resolves when the child has exited; kills it if it has not after `graceMs`. */
export async function exitOf(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
