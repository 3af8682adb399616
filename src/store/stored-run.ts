/** Opens what a run left behind: its result, or, when it was killed before it could write one, what its records say. */
import { defined } from "../base/defined.ts";
import { existsSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { BenchError, messageOf } from "../base/errors.ts";
import { isAlive, PROCESS_ID } from "../base/process/machine.ts";
import { readTextSync } from "../base/files/text-file.ts";
import { conclude } from "./make-result.ts";
import type { Rebuilt } from "./rebuild.ts";
import { rebuildTotals } from "./rebuild.ts";
import type { RunnableScenario } from "../scenario/scenario.ts";
import { parseScenario } from "../scenario/scenario.ts";
import type { RunManifest } from "../metrics/result/result.ts";
import { parseRunManifest } from "../metrics/result/run-manifest.ts";
import type { RunResult } from "../metrics/result/result.ts";
import { readRunResult } from "../metrics/result/read-result.ts";
import type { LostWorker, RunEvent } from "../metrics/result/run-event.ts";
import { runEventIn } from "../metrics/result/stored-lines.ts";
import { parseSlo } from "../metrics/judge/slo.ts";
import type { Stall } from "../metrics/judge/validity.ts";
import { recordFiles } from "./run-folder.ts";

export interface StoredRun {
  folder: string;
  result: RunResult;
  /** What is missing, in sentences, when the result was put together from the records. */
  missing: readonly string[];
  /** Its process is still there: it has no result yet. */
  isRunning: boolean;
}

/**
 * Reads a run by its folder or its `result.json`.
 * @throws BenchError (exit 2) when there is no run, or it never began
 */
export async function openStoredRun(path: string, cwd: string): Promise<StoredRun> {
  const found = resolve(cwd, path);
  const folder = runFolderOf(path, cwd);
  const resultFile = folder !== found && basename(found) !== "run.json" ? found : join(folder, "result.json");
  if (existsSync(resultFile))
    return { folder, result: readRunResult(resultFile), missing: [], isRunning: false };
  return fromRecords(folder);
}

/** The folder of a run, named by its path or that of a file in it. */
export function runFolderOf(path: string, cwd: string): string {
  const found = resolve(cwd, path);
  return statSync(found, { throwIfNoEntry: false })?.isFile() === true ? dirname(found) : found;
}

async function fromRecords(folder: string): Promise<StoredRun> {
  const file = (name: string): string => join(folder, name);
  if (!existsSync(file("scenario.yaml"))) {
    throw BenchError.usage(`${folder} holds no run`, "Name a run folder, such as results/<run id>.");
  }
  if (!existsSync(file("run.json"))) {
    throw BenchError.usage(`the run in ${folder} never began: nothing was measured`);
  }
  const manifest = parseRunManifest(readTextSync(file("run.json")), file("run.json"));
  const scenario = readRunScenario(folder);
  const slos = scenario.slo.map((text) => parseSlo(text));
  const { stalls, lost, windowEndMs } = readEvents(folder);
  const rebuilt = await rebuildTotals({
    ...recordFiles(folder),
    window: { startMs: scenario.warmupMs, endMs: windowEndMs ?? scenario.warmupMs + scenario.steadyMs },
    slos,
    lost,
  });
  const startedAtEpochMs = Date.parse(manifest.run.startedAt);
  const result = conclude({
    scenario,
    slos,
    outcome: {
      startedAtEpochMs,
      endedAtEpochMs: startedAtEpochMs + rebuilt.lastSeenMs,
      planHash: manifest.run.planHash,
      ...defined({ extendedToMs: windowEndMs }),
      connections: 0,
      warmUpMs: 0,
      stalls,
      lost,
      summaries: Array.from({ length: manifest.run.workers }, () => undefined),
      sessionsByAddress: {},
      problems: [],
      interrupted: true,
    },
    totals: rebuilt.totals,
    rebuilt,
    killed: true,
    reachableAtEnd: undefined,
    run: manifest.run,
    target: manifest.target,
    dataset: manifest.dataset,
  });
  return { folder, result, missing: inWords(folder, manifest, rebuilt), isRunning: stillRuns(manifest) };
}

/** The scenario of a run folder, as resolved. @throws BenchError (exit 2) when the file was changed into one that was not */
export function readRunScenario(folder: string): RunnableScenario {
  const path = join(folder, "scenario.yaml");
  const scenario = parseScenario(readTextSync(path), path);
  const { drainMs } = scenario;
  if (drainMs === "auto")
    throw BenchError.usage(`${path} is not the scenario of a run: its drain is not settled`);
  return { ...scenario, drainMs };
}

/** Events of the run as a whole, in the order in which it did. @throws BenchError (exit 2) when it can't be read */
export function readRunEvents(folder: string): RunEvent[] {
  const path = join(folder, "events.ndjson");
  return (existsSync(path) ? readRecords(path).split("\n") : []).flatMap((line) => runEventIn(line) ?? []);
}

/**
 * Stalls and lost workers stand in the events, sessions of lost workers in the starts: without them a void run would look valid.
 * @throws BenchError (exit 2) when the folder of a run that came to its end lacks its starts, or its events are not there to the end
 */
export function mustHaveItsEnd(folder: string): void {
  const hint = "Copy the folder again from the machine that made it.";
  const { startsFile } = recordFiles(folder);
  if (!existsSync(startsFile)) throw BenchError.usage(`${startsFile} is missing`, hint);
  const path = join(folder, "events.ndjson");
  if (!existsSync(path)) throw BenchError.usage(`${path} is missing`, hint);
  const lines = readRecords(path).split("\n");
  const events = lines.flatMap((line) => runEventIn(line) ?? []);
  const torn = lines.filter((line) => line !== "").length - events.length;
  if (torn > 0) throw BenchError.usage(`${path} has ${torn} line(s) that can't be read`, hint);
  if (!events.some(({ type }) => type === "end"))
    throw BenchError.usage(`${path} was cut short: it does not tell of the end of the run`, hint);
}

function readEvents(folder: string): { stalls: Stall[]; lost: LostWorker[]; windowEndMs?: number } {
  const stalls: Stall[] = [];
  const lost: LostWorker[] = [];
  let windowEndMs: number | undefined;
  for (const event of readRunEvents(folder)) {
    if (event.stall !== undefined) stalls.push(event.stall);
    if (event.lost !== undefined) lost.push(event.lost);
    windowEndMs = event.windowEndMs ?? windowEndMs;
  }
  return { stalls, lost, ...(windowEndMs === undefined ? {} : { windowEndMs }) };
}

/** At most so many sessions are named. */
const NAMED = 10;

function inWords(folder: string, manifest: RunManifest, rebuilt: Rebuilt): string[] {
  const { inFlight, ended, unreadable, lastSeenMs } = rebuilt;
  const when = `${(lastSeenMs / 1000).toFixed(1)} s`;
  const how = stillRuns(manifest)
    ? `has no result yet: process ${manifest.pid} is still at it`
    : `has no result: it was killed at about ${when}`;
  const named = inFlight.slice(0, NAMED).map(({ seq, slot, phase }) => `${seq} (caller ${slot}, ${phase})`);
  const more = inFlight.length > NAMED ? ` and ${inFlight.length - NAMED} more` : "";
  return [
    `the run in ${folder} ${how}; this is what its records say`,
    `${ended} sessions ended and were recorded, ${inFlight.length} were under way and count as lost`,
    ...(inFlight.length === 0 ? [] : [`under way: ${named.join(", ")}${more}`]),
    ...(unreadable === 0
      ? []
      : [`${unreadable} line(s) were cut short in the middle of their write and left out`]),
    "missing: event-loop delays, the server's own counts, and whatever would have come afterwards",
  ];
}

/** On another machine nobody can tell. In a container each process may have the same number: this one is not the run that it reads. */
function stillRuns({ run, pid }: RunManifest): boolean {
  if (run.host !== hostname() || pid === PROCESS_ID) return false;
  return isAlive(pid);
}

/** Records that a killed run wrote: the last line may end anywhere, in the middle of a character too. */
function readRecords(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw BenchError.usage(`${path} can't be read: ${messageOf(error)}`);
  }
}
