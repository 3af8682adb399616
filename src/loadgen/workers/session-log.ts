/**
 * Appends one line per session within about a second of its end, so that a crash loses none but those of the last second
 * (`later-turns.ts`), which count as lost like those under way. Workers share the file: every write
 * is one `write` call on a descriptor in append mode, which the kernel keeps whole.
 */
import type { FileHandle } from "node:fs/promises";
import { messageOf } from "../../base/errors.ts";
import { openPrivate } from "../../base/files/private-files.ts";

export interface LineLog {
  /** Takes a line (without its newline); it is on its way to the kernel when the current turn ends. */
  append(line: string): void;
  /** Resolves when all lines are written; the file is closed. */
  close(): Promise<void>;
}

/**
 * Opens the log for appending.
 * @param onError called once, on the first failed write (a full disk); later lines are dropped
 * @throws the file system's error when the file can't be opened
 */
export async function openLineLog(path: string, onError: (error: Error) => void): Promise<LineLog> {
  const file = await openPrivate(path);
  let waiting: string[] = [];
  let writing: Promise<void> | undefined;
  let failed = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0 && !failed) {
      const text = waiting.join("\n") + "\n";
      waiting = [];
      try {
        await writeAll(file, text);
      } catch (error) {
        failed = true;
        onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
    writing = undefined;
  }

  return {
    append(line) {
      if (failed) return;
      waiting.push(line);
      writing ??= drain();
    },
    async close() {
      while (writing !== undefined) await writing;
      await file.close();
    },
  };
}

async function writeAll(file: FileHandle, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  let offset = 0;
  while (offset < bytes.length) {
    const { bytesWritten } = await file.write(bytes, offset);
    offset += bytesWritten;
  }
}

/** Tells that a log can't be written any more, and what its user can do. @param what the log is of */
export function cantWrite(what: string, error: unknown): { message: string; hint: string } {
  return {
    message: `${what} can't be written: ${messageOf(error)}`,
    hint: "free some disk space or give another folder with --out; the records up to here are kept",
  };
}
