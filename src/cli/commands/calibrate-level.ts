/** One level of a calibration: a run against an emulator that says by how much it held each reply back. */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { BenchError } from "../../base/errors.ts";
import { chooseTransport } from "../../loadgen/workers/transport-choice.ts";
import type { CalibrationLevel } from "../../metrics/judge/calibration.ts";
import { errorLimitMs, responseErrors, summarizeErrors } from "../../metrics/judge/calibration.ts";
import type { RunListener } from "../../watch/listener.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { recordedSessions, type SessionFiles } from "../../metrics/result/stored-sessions.ts";
import type { ServedStream } from "./emulator-files.ts";
import { openTarget } from "../../run/open-target.ts";
import { recordFiles } from "../../store/run-folder.ts";
import type { RunInput } from "../../run/run-input.ts";
import { runOnce } from "../../run/run-once.ts";
import type { World } from "../../base/process/world.ts";

/** What the emulator is told; what it does in truth it says itself. */
const DELAYS = "partial=80,final=120";

/**
 * Runs the level and compares.
 * @param folder a folder of its own, for the records
 * @throws BenchError when the run can't be made or was interrupted (exit 130)
 */
export async function measureLevel(
  world: World,
  input: RunInput,
  streams: number,
  folder: string,
  listeners: readonly RunListener[],
): Promise<CalibrationLevel> {
  const delaysFile = join(folder, "delays.ndjson");
  const out = join(folder, "run");
  const flags = ["--delays", DELAYS, "--delays-file", delaysFile];
  const open = await openTarget(world, "emulator-nim", flags);
  let result: RunResult;
  try {
    const finished = await runOnce(world, { input, open, out, listeners: () => listeners });
    if (finished.problem !== undefined) {
      throw new BenchError(finished.problem.message, { hint: finished.problem.hint });
    }
    ({ result } = finished);
  } finally {
    await open.close();
  }
  if (result.run.interrupted) throw new BenchError("interrupted: nothing was kept", { exitCode: 130 });
  const errorsMs = await errorsOf(result.run.id, recordFiles(out), delaysFile);
  const { chunkMs, pace } = input.planned;
  const level = {
    streams,
    chunksPerSecond: (streams * 1000 * pace) / chunkMs,
    workers: input.workers,
    transport: chooseTransport(input.scenario, input.planned, input.workers),
    ...summarizeErrors(errorsMs),
    latenessP99Ms: result.metrics["send_lateness"]?.p99 ?? 0,
  };
  const why = doubt(result, level, chunkMs);
  return { ...level, honest: why === undefined, ...(why === undefined ? {} : { why }) };
}

/** Why a level may not be believed. */
function doubt(
  { validity: { status, checks }, sessions }: RunResult,
  { responses, p99Ms }: Pick<CalibrationLevel, "responses" | "p99Ms">,
  chunkMs: number,
): string | undefined {
  if (status === "void") {
    const failed = checks.filter(({ verdict }) => verdict === "fail").map(({ name }) => name);
    return `the run was void: ${failed.join(", ")}`;
  }
  if (sessions.failed > 0) return `${sessions.failed} of ${sessions.scheduled} sessions failed`;
  if (responses === 0) return "no response could be compared";
  const limitMs = errorLimitMs(chunkMs);
  return p99Ms > limitMs ? `the error is above ${limitMs} ms at the 99th percentile` : undefined;
}

/** The errors of all steady sessions that both ends know. */
async function errorsOf(runId: string, files: SessionFiles, delaysFile: string): Promise<number[]> {
  const held = new Map<string, number[]>();
  for await (const line of createInterface({ input: createReadStream(delaysFile, "utf8") })) {
    const { id, heldMs } = JSON.parse(line) as ServedStream;
    held.set(id, heldMs);
  }
  const errorsMs: number[] = [];
  for await (const session of recordedSessions(files)) {
    if (session.phase !== "steady") continue;
    const heldMs = held.get(`${runId}/${session.phase}/${session.seq}`);
    const errors = heldMs && responseErrors(session, heldMs);
    for (const error of errors ?? []) errorsMs.push(error);
  }
  return errorsMs;
}
