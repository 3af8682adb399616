/** Finds stored runs: a run folder, its result file, or a folder of run folders such as an archive of baselines. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { BenchError } from "../base/errors.ts";
import type { StoredRun } from "./stored-run.ts";
import { openStoredRun } from "./stored-run.ts";

/** Folders are looked through so deep: `archive/<branch>/<run>`. */
const DEPTH = 3;

/**
 * Opens every run at or below `paths`, oldest first, each once.
 * @throws BenchError (exit 2) for a path that holds none
 */
export async function findRuns(paths: readonly string[], cwd: string): Promise<StoredRun[]> {
  const found = new Map<string, StoredRun>();
  for (const path of paths) {
    const places = placesBelow(resolve(cwd, path), DEPTH);
    if (places.length === 0) {
      throw BenchError.usage(
        `${resolve(cwd, path)} holds no run`,
        "Name a run folder, its result.json, or a folder of run folders.",
      );
    }
    for (const place of places) {
      const run = await openStoredRun(place, cwd);
      found.set(run.folder, run);
    }
  }
  return [...found.values()].sort((a, b) => a.result.run.startedAt.localeCompare(b.result.run.startedAt));
}

function placesBelow(path: string, depth: number): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (stats.isFile() || isRun(path)) return [path];
  if (depth === 0 || !stats.isDirectory()) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name))
    .sort()
    .flatMap((folder) => placesBelow(folder, depth - 1));
}

/** One that ended, or was killed after it had begun: what never began has nothing to say. */
function isRun(folder: string): boolean {
  return ["result.json", "run.json"].some((name) => existsSync(join(folder, name)));
}
