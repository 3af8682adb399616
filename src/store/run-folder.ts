/** The folder a run leaves behind. Made before any load, so that an unwritable place costs nobody a run. */
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { BenchError, messageOf } from "../base/errors.ts";
import { appendPrivate, createPrivate, makeRunFolder, replacePrivate } from "../base/files/private-files.ts";
import type { RunEvent } from "../metrics/result/run-event.ts";
import type { WorkerJob } from "../loadgen/workers/protocol.ts";

export interface RunFolder {
  path: string;
  file(name: string): string;
  /** Appends to a file. A full disk is not this function's to report: the run ends by its session log. */
  append(name: string, text: string): void;
  /** A line of `events.ndjson`. */
  event(event: RunEvent): void;
  /** Writes a file whole: it is all there or not at all, whatever happens. @throws BenchError (exit 1) */
  write(name: string, text: string): void;
  /** Takes back what was written for a run that never began (it has no `run.json`): the same `--out` may be tried again. */
  discardUnlessBegun(): void;
}

/** Files that a run may have written when it ends before it began. Whatever else came meanwhile is not its own: a shard may wait for hours. */
const MADE_BEFORE_BEGIN = [
  "scenario.yaml",
  "events.ndjson",
  "sessions.ndjson",
  "starts.ndjson",
  "clips.ndjson",
  "histograms.hlog",
  "metrics.openmetrics",
  "run.json",
];

/**
 * Creates the folder and proves that it can be written to.
 * @param out the folder itself, or undefined for `results/<run id>` under `cwd`
 * @throws BenchError (exit 2) when it can't be used or already holds a run
 */
export function createRunFolder(out: string | undefined, runId: string, cwd: string): RunFolder {
  const path = out === undefined ? join(cwd, "results", runId) : resolve(cwd, out);
  const file = (name: string): string => join(path, name);
  if (existsSync(file("result.json")) || existsSync(file("sessions.ndjson"))) {
    throw BenchError.usage(
      `${path} already holds a run`,
      "Give another folder with --out; nothing is overwritten.",
    );
  }
  const before = existsSync(path) ? readdirSync(path) : undefined;
  let isOurs: boolean;
  try {
    makeRunFolder(path);
    isOurs = createPrivate(file("events.ndjson"), "");
  } catch (error) {
    throw BenchError.usage(
      `the run folder can't be written: ${messageOf(error)}`,
      "Give another folder with --out.",
    );
  }
  // A shard may wait for hours before it writes anything else.
  if (!isOurs) {
    throw BenchError.usage(
      `${path} is the folder of another run, which waits to begin or was killed before it did`,
      "Give another folder with --out; nothing is overwritten.",
    );
  }
  const append = (name: string, text: string): void => {
    try {
      appendPrivate(file(name), text);
    } catch {
      // See the interface.
    }
  };
  return {
    path,
    file,
    append,
    event: (event) =>
      append("events.ndjson", JSON.stringify({ ...event, atMs: Math.round(event.atMs) }) + "\n"),
    write(name, text) {
      try {
        replacePrivate(file(name), text);
      } catch (error) {
        throw new BenchError(`${file(name)} can't be written: ${messageOf(error)}`, {
          hint: "Free some space, or give another folder with --out. A result that is there is printed.",
          cause: error,
        });
      }
    },
    discardUnlessBegun() {
      if (existsSync(file("run.json"))) return;
      for (const name of MADE_BEFORE_BEGIN.flatMap((name) => [name, `${name}.part`])) {
        if (before?.includes(name) !== true) rmSync(file(name), { force: true });
      }
      if (before === undefined && readdirSync(path).length === 0) rmdirSync(path);
    },
  };
}

/** Where the workers of a run write, and where its records are read again. */
export function recordFiles(folder: string): Pick<WorkerJob, "sessionsFile" | "startsFile" | "clipsFile"> {
  return {
    sessionsFile: join(folder, "sessions.ndjson"),
    startsFile: join(folder, "starts.ndjson"),
    clipsFile: join(folder, "clips.ndjson"),
  };
}

/** The same. @throws BenchError (exit 2) when the run left no records, or they were not kept */
export function keptRecordFiles(folder: string): ReturnType<typeof recordFiles> {
  const files = recordFiles(folder);
  if (!existsSync(files.sessionsFile) || !existsSync(files.clipsFile)) {
    throw BenchError.usage(
      `${folder} holds no session records`,
      "Name a run folder that has sessions.ndjson and clips.ndjson, such as results/<run id>.",
    );
  }
  return files;
}
