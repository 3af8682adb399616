/** Baselines as CI systems keep them: folders of runs, or archives of such folders. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { extract } from "tar";
import { BenchError, messageOf } from "../base/errors.ts";
import { findRuns } from "./find-runs.ts";
import type { StoredRun } from "./stored-run.ts";

const ARCHIVE = /\.(tar|tar\.gz|tgz)$/i;
/** Links and devices have no place among runs, and an archive may come from anywhere. */
const PLAIN = /^(File|OldFile|ContiguousFile|Directory)$/;

/**
 * Like findRuns, and paths may be archives (`.tar`, `.tar.gz`, `.tgz`). These are unpacked for as long as their results are
 * read, so the folders of their runs are gone afterwards.
 * @throws BenchError (exit 2) for a path that holds no run, or an archive that can't be unpacked
 */
export async function findArchivedRuns(paths: readonly string[], cwd: string): Promise<StoredRun[]> {
  const folders = paths.filter((path) => !ARCHIVE.test(path));
  const runs = folders.length === 0 ? [] : await findRuns(folders, cwd);
  for (const path of paths.filter((name) => ARCHIVE.test(name))) {
    runs.push(...(await runsOfArchive(resolve(cwd, path))));
  }
  return runs;
}

async function runsOfArchive(file: string): Promise<StoredRun[]> {
  const folder = await mkdtemp(join(tmpdir(), "riva-bench-archive-"));
  try {
    await unpack(file, folder);
    return await findRuns([folder], folder);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    // Where it was unpacked means nothing to anybody.
    throw BenchError.usage(error.message.replaceAll(folder, file), error.hint);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpack(file: string, folder: string): Promise<void> {
  try {
    const filter = (_: string, entry: object): boolean => "type" in entry && PLAIN.test(String(entry.type));
    await extract({ file, cwd: folder, strict: true, filter });
  } catch (error) {
    throw BenchError.usage(
      `${file} can't be unpacked: ${messageOf(error)}`,
      "Make it with: tar czf baseline.tar.gz baselines/main",
    );
  }
}
