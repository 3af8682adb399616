/** Reads a file that a user names. */
import { open } from "node:fs/promises";
import { BenchError } from "../errors.ts";

/** Longer than any text or recording that this program can use. */
const LONGEST_BYTES = 2 ** 31 - 1;

/**
 * All bytes of a file, or of a pipe (`<(command)`, /dev/stdin). A device such as /dev/zero never ends, so it is refused.
 *
 * @throws BenchError (exit 2) for a device and for a file that is too long; the file system's error
 */
export async function readNamedBytes(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const stats = await file.stat();
    if ((stats.isCharacterDevice() || stats.isBlockDevice()) && path !== "/dev/null" && path !== "/dev/stdin")
      throw BenchError.usage("a device, not a file");
    if (stats.size > LONGEST_BYTES) throw BenchError.usage(`${stats.size} bytes, more than ${LONGEST_BYTES}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
