/** Unpacks archives that may come from anywhere: their plain files and folders, and nothing outside the folder they go to. */
import { UnpackSync } from "tar";

/** Links and devices have no place in an archive of data. */
const PLAIN = /^(?:File|OldFile|ContiguousFile|Directory)$/;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** Whether an entry of an archive is a file or a folder. */
export function isPlainEntry(entry: { type?: string } | object): boolean {
  return "type" in entry && typeof entry.type === "string" && PLAIN.test(entry.type);
}

export interface UnpackOptions {
  /** Leading folders of each path to leave out. */
  strip?: number;
  /** Whether to write an entry; what it throws ends the unpacking. */
  accept?(path: string, isFolder: boolean): boolean;
}

/**
 * Unpacks a tar stream; as private as run data, whatever it says of modes. Files are written synchronously: when this ends, with an
 * error or without, nothing is being written any more, and the folder can be removed.
 * @throws Error for absolute paths, for `..`, for what is no archive, of `accept`, and of the file system
 */
export async function unpackInto(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  { strip = 0, accept = () => true }: UnpackOptions = {},
): Promise<void> {
  let failure: Error | undefined;
  const fail = (thrown: unknown): void => {
    failure ??= thrown instanceof Error ? thrown : new Error(String(thrown));
  };
  const unpacking = new UnpackSync({
    cwd: folder,
    // Absolute paths and `..` are errors then.
    strict: true,
    strip,
    filter(path, entry) {
      if (failure !== undefined || !("type" in entry) || !isPlainEntry(entry)) return false;
      const isFolder = entry.type === "Directory";
      entry.mode = isFolder ? PRIVATE_FOLDER : PRIVATE_FILE;
      try {
        return accept(path, isFolder);
      } catch (error) {
        fail(error);
        return false;
      }
    },
  });
  unpacking.on("error", fail);
  for await (const chunk of source) {
    unpacking.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (failure !== undefined) throw failure;
  }
  unpacking.end();
  if (failure !== undefined) throw failure;
}
