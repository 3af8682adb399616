/**
 * Runs that belong to a series, each in a folder with a name of its own below that of the series, so that a series that was
 * interrupted goes on where it stopped: a run that is there and can be believed is not made again.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BenchError, EXIT, messageOf } from "../../base/errors.ts";
import { makeRunFolder, writePrivate } from "../../base/files/private-files.ts";
import { readRunResult } from "../../metrics/result/read-result.ts";
import type { Resolve } from "../../scenario/target/find-route.ts";
import { emulatorOf, openTarget } from "../open-target.ts";
import { progressListener } from "../../watch/live/progress.ts";
import type { RunInput } from "../run-input.ts";
import type { FinishedRun } from "../run-once.ts";
import { runOnce } from "../run-once.ts";
import type { World } from "../../base/process/world.ts";

/** A run of a series, made or found. */
export type SeriesResult = Pick<FinishedRun, "result" | "folder">;

/** A void run says that this machine was busy: it is tried again, so often in all. */
const TRIES = 3;

export interface SeriesRun {
  /** Folder of the series. */
  series: string;
  /** Of the run, unique in it. */
  name: string;
  input: RunInput;
  target: string | undefined;
  resolve?: Resolve | undefined;
  quiet: boolean;
  /** No second try for a void run. */
  once?: boolean;
  /** Where the workers are on other machines: how they find it. */
  fleet?: RemoteSeries | undefined;
}

/** The workers of a series when they are on other machines: they stay for all of its runs. */
export interface RemoteSeries {
  /** Names the next run, to the workers too. */
  next(): Promise<string>;
}

/**
 * The run of that name, made now unless it is there; the last try when each was void.
 * @throws BenchError (exit 130) when it was interrupted
 */
export async function seriesRun(world: World, run: SeriesRun): Promise<SeriesResult> {
  const tries = run.once === true ? 1 : TRIES;
  let voided: SeriesResult | undefined;
  for (let attempt = 1, made = 0; made < tries; attempt++) {
    const folder = join(run.series, attempt === 1 ? run.name : `${run.name}-try-${attempt}`);
    const file = join(folder, "result.json");
    if (existsSync(folder) && !existsSync(file)) continue; // Began and was killed.
    const found = existsSync(file) ? { result: readRunResult(file), folder } : await make(world, run, folder);
    if (found.result.run.interrupted) continue;
    made++;
    voided = found;
    if (found.result.verdict !== "void") return found;
  }
  if (voided === undefined) throw new BenchError(`${run.name}: no run`);
  return voided;
}

async function make(world: World, run: SeriesRun, folder: string): Promise<FinishedRun> {
  const open = await openTarget(world, run.target, emulatorOf(run.input));
  try {
    const { quiet, input: asked, fleet } = run;
    const { remote } = asked;
    const runId = await fleet?.next();
    const input = { ...asked, ...(remote && { remote: { ...remote, runId } }) };
    const warmupMs = input.scenario.warmupMs;
    const made = await runOnce(world, {
      input,
      open,
      out: folder,
      resolve: run.resolve,
      listeners: () => [progressListener({ sink: world.stderr, quiet, warmupMs })],
    });
    if (made.problem !== undefined) throw new BenchError(made.problem.message, { hint: made.problem.hint });
    if (made.result.run.interrupted) {
      throw new BenchError("interrupted", {
        exitCode: EXIT.interrupted,
        hint: `The same command with --out ${run.series} goes on where it stopped.`,
      });
    }
    return made;
  } finally {
    await open.close();
  }
}

/**
 * Makes the folder of a series, or finds it again.
 * @param asked what the series is about; going on with another question is refused
 * @throws BenchError (exit 2)
 */
export function openSeries(folder: string, asked: unknown): void {
  const file = join(folder, "series.json");
  const text = `${JSON.stringify(asked, null, 2)}\n`;
  if (existsSync(file)) {
    if (readFileSync(file, "utf8") === text) return;
    throw BenchError.usage(
      `${folder} holds a series of runs that was started with other settings`,
      `They are in ${file}. Give another folder with --out, or the same settings to go on.`,
    );
  }
  if (existsSync(join(folder, "result.json"))) {
    throw BenchError.usage(`${folder} holds a run`, "Give another folder with --out.");
  }
  try {
    makeRunFolder(folder);
    writePrivate(file, text);
  } catch (error) {
    throw BenchError.usage(
      `${folder} can't be written: ${messageOf(error)}`,
      "Give another folder with --out.",
    );
  }
}
