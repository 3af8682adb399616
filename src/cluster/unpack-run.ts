/** A run folder on its way out of a pod, as a packed stream. */
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { makePrivateFolders, makeRunFolder } from "../base/files/private-files.ts";
import { unpackInto } from "../base/files/unpack.ts";

/**
 * Unpacks `.tar.gz` with one folder in it, and puts that in its place when it is whole.
 *
 * @param folder is not there, or empty
 * @throws Error for a stream that is cut short or no archive, and of the file system; then nothing is left
 */
export async function unpackRun(source: Readable, folder: string): Promise<void> {
  makePrivateFolders(dirname(folder));
  const part = mkdtempSync(join(dirname(folder), `.${basename(folder)}.`));
  try {
    const unzipped = source.pipe(createGunzip());
    source.on("error", (error) => unzipped.destroy(error));
    await unpackInto(unzipped, part, { strip: 1 });
    renameSync(part, folder);
    makeRunFolder(folder);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw error;
  }
}
