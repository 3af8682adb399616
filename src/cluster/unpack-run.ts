/** A run folder on its way out of a pod, as a packed stream. */
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { UnpackSync } from "tar";
import { makePrivateFolders, makeRunFolder } from "../base/files/private-files.ts";

/** Links and devices are no part of a run. */
const PLAIN = /^(?:File|OldFile|ContiguousFile|Directory)$/;

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
    let failure: unknown;
    const unpacking = new UnpackSync({
      cwd: part,
      strict: true,
      strip: 1,
      filter(_, entry) {
        if (!("type" in entry) || !PLAIN.test(entry.type)) return false;
        entry.mode = entry.type === "Directory" ? 0o700 : 0o600;
        return true;
      },
    });
    unpacking.on("error", (error: unknown) => (failure ??= error));
    const unzipped = source.pipe(createGunzip());
    source.on("error", (error) => unzipped.destroy(error));
    for await (const bytes of unzipped) unpacking.write(bytes as Buffer);
    unpacking.end();
    if (failure !== undefined) throw failure as Error;
    renameSync(part, folder);
    makeRunFolder(folder);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw error;
  }
}
