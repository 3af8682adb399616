/** A file that one process at a time has: whoever works in a folder that no other may work in. */
import { readFileSync, renameSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { BenchError, EXIT } from "../errors.ts";
import { isAlive, PROCESS_ID } from "../process/machine.ts";
import { createPrivate } from "./private-files.ts";

/** Another process has the lock. */
export class LockedError extends BenchError {}

/** Locks of this process. */
const held = new Set<string>();

/**
 * Takes the lock at `path`, a file with this process's number. That of a process of this machine that is gone is taken over.
 *
 * @param what the work that it is for, for messages: "an import into out"
 * @returns gives the lock back
 * @throws LockedError (exit 2) when another process has it; Error of the file system
 */
export function takeLock(path: string, what: string): () => void {
  const own = `${PROCESS_ID} ${hostname()}\n`;
  while (!createPrivate(path, own)) {
    const holder = holderOf(path);
    if (holder === undefined) continue;
    const [pid = "", host = ""] = holder.trim().split(" ");
    const isOver = host === hostname() && !held.has(path) && (holder === own || !isAlive(Number(pid)));
    if (!isOver)
      throw new LockedError(
        `${what} is already in progress${pid === "" ? "" : `: process ${pid} on ${host}`} (${path})`,
        { exitCode: EXIT.usage, hint: "Wait for it. If that process is gone, delete the file." },
      );
    takeAway(path, holder);
  }
  held.add(path);
  return () => {
    held.delete(path);
    rmSync(path, { force: true });
  };
}

/** Takes away the lock that `holder` left. Of several processes that do so one succeeds; a lock that is new by now is put back. */
function takeAway(path: string, holder: string): void {
  const aside = `${path}.${PROCESS_ID}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (holderOf(aside) === holder) rmSync(aside);
  else renameSync(aside, path);
}

/** Undefined when it is gone by now. */
function holderOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
