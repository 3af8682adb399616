/** Files that a command was asked to write. */
import { resolve } from "node:path";
import { BenchError, messageOf } from "../base/errors.ts";
import { writeNamed } from "../base/files/private-files.ts";
import type { World } from "../base/process/world.ts";

/**
 * Writes a file whose path came from a flag, or lies in a folder that did.
 *
 * @param file relative paths count from the working folder
 * @param write `writePrivate` for what holds transcripts
 * @throws BenchError (exit 2): another path is the user's to give
 */
export function writeOutput(
  { cwd }: Pick<World, "cwd">,
  file: string,
  text: string,
  write: (path: string, text: string) => void = writeNamed,
): void {
  const path = resolve(cwd, file);
  try {
    write(path, text);
  } catch (error) {
    throw BenchError.usage(`${path} can't be written: ${messageOf(error)}`, "Give another path.");
  }
}
