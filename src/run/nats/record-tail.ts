/** Reads what a worker process appends to its files of records, as far as it has got. */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";

/** Half of what a NATS server takes in one message by default. */
const MOST_BYTES = 512 * 1024 - 1;

export interface RecordTail {
  /** The bytes that follow those of the last call; empty when there are none yet. */
  next(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** @param path of a file that may not be there yet */
export function createRecordTail(path: string): RecordTail {
  let file: FileHandle | undefined;
  let offset = 0;
  const buffer = Buffer.alloc(MOST_BYTES);
  return {
    async next() {
      file ??= await opened(path);
      if (file === undefined) return new Uint8Array();
      const { bytesRead } = await file.read(buffer, 0, MOST_BYTES, offset);
      offset += bytesRead;
      return Uint8Array.from(buffer.subarray(0, bytesRead));
    },
    async close() {
      await file?.close();
    },
  };
}

async function opened(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
