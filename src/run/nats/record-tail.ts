/** Reads what a worker process appends to its files of records, as far as it has got. */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";

export interface RecordTail {
  /** The bytes that follow those of the last call; empty when there are none yet. */
  next(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * @param path of a file that may not be there yet
 * @param mostBytes of one piece
 */
export function createRecordTail(path: string, mostBytes: number): RecordTail {
  let file: FileHandle | undefined;
  let offset = 0;
  const buffer = Buffer.alloc(mostBytes);
  return {
    async next() {
      file ??= await opened(path);
      if (file === undefined) return new Uint8Array();
      const { bytesRead } = await file.read(buffer, 0, mostBytes, offset);
      offset += bytesRead;
      return new Uint8Array(buffer.subarray(0, bytesRead));
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
