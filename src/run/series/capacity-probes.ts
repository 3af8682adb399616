/** Makes the probes of a capacity search: runs of one scenario at the level asked for, each in the folder of the search. */
import { basename } from "node:path";
import { formatDuration } from "../../base/duration.ts";
import { BenchError } from "../../base/errors.ts";
import { printable } from "../../base/text/printable.ts";
import type { Probe } from "../../metrics/judge/capacity.ts";
import { type Pace, probeOf } from "../../metrics/judge/capacity-probe.ts";
import { sessionValue } from "../../metrics/catalogue/values-by-name.ts";
import { parseSlo, shareAllowed } from "../../metrics/judge/slo.ts";
import { startEmulator } from "../emulator-child.ts";
import type { Resolve } from "../../scenario/target/find-route.ts";
import { readInput, type RemoteFlags, type RunInput } from "../run-input.ts";
import { type RemoteSeries, seriesRun } from "./series-runs.ts";
import { completedSessions } from "../../store/session-details.ts";
import type { World } from "../../base/process/world.ts";

export interface ProbeSettings {
  scenario: string;
  target: string | undefined;
  seed: number;
  slo: string[] | undefined;
  chunk: string | undefined;
  resolve?: Resolve | undefined;
  /** Steady window of a short probe; a long one has twice as much. */
  probeSeconds: number;
  /** Folder of the search. */
  series: string;
  quiet: boolean;
  /** Where the workers are. */
  remote?: RemoteFlags | undefined;
  /** How workers on other machines find the next run. */
  fleet?: RemoteSeries | undefined;
}

/** A long probe's window in short ones. */
const LONG = 2;

/** @throws BenchError (exit 2) for a scenario without a single number of callers, or one that judges nothing */
export async function probeInput(
  world: World,
  settings: ProbeSettings,
  streams: number,
  kind: Probe["kind"],
  phase?: RunInput["scenario"]["audio"]["phase"],
): Promise<RunInput> {
  const { scenario, seed, slo, chunk, probeSeconds, remote } = settings;
  const seconds = kind === "long" ? LONG * probeSeconds : probeSeconds;
  const duration = formatDuration(seconds * 1000);
  const input = await readInput(world, {
    ...remote,
    ...{ scenario, seed, streams, slo, chunk, duration, workers: "auto" },
  });
  if (input.slos.length === 0) {
    throw BenchError.usage(
      `scenario ${input.scenario.name} has no SLO: there is no limit to search for`,
      "Add one with --slo 'final_from_speech_end p95 < 1200ms'.",
    );
  }
  // What is certain to fail need not be measured to its end.
  const slos = input.slos.map((one) => abortable(one.source));
  const read = { ...input.scenario, slo: slos.map(({ source }) => source) };
  const runnable = phase === undefined ? read : { ...read, audio: { ...read.audio, phase } };
  const planned = phase === undefined ? input.planned : { ...input.planned, phase };
  return { ...input, slos, scenario: runnable, planned };
}

function abortable(source: string): ReturnType<typeof parseSlo> {
  try {
    return parseSlo(source.endsWith("abort") ? source : `${source} abort`);
  } catch {
    return parseSlo(source);
  }
}

/** The share of sessions that may miss an SLO: 1 - p of the strictest percentile among the SLOs, 5 % at most. */
export function allowedShare(slos: readonly { source: string }[]): number {
  const shares = slos.flatMap(({ source }) => shareAllowed(parseSlo(source)) ?? []);
  return Math.min(0.05, ...shares);
}

/** One probe; `number` counts them and names the run. */
export async function makeProbe(
  world: World,
  settings: ProbeSettings,
  {
    number,
    streams,
    kind,
    allowed,
  }: { number: number; streams: number; kind: Probe["kind"]; allowed: number },
): Promise<Probe> {
  const { series, target, resolve, quiet, fleet } = settings;
  const name = `probe-${`${number}`.padStart(2, "0")}-${streams}-${kind}`;
  if (!quiet) world.stderr.write(`probe ${number}: ${streams} streams, ${kind}\n`);
  const input = await probeInput(world, settings, streams, kind);
  const { result, folder } = await seriesRun(world, {
    ...{ series, name, input, target, resolve, fleet },
    ...{ quiet: true, once: true },
  });
  const found = probeOf(result, basename(folder), { streams, kind, allowed, pace: await paceOf(folder) });
  if (!quiet) world.stderr.write(`  ${printable(probeText(found))}\n`);
  return found;
}

/** How callers and server kept pace with the audio, from the records of the sessions. */
async function paceOf(folder: string): Promise<Pace> {
  const backlogSlopes: number[] = [];
  let audioMs = 0;
  let wholeMs = 0;
  for await (const session of completedSessions(folder)) {
    const { endedMs, scheduledMs, clip, pace } = session;
    const slope = sessionValue("backlog_slope", session);
    if (slope !== undefined) backlogSlopes.push(slope);
    if (endedMs === undefined || pace === Infinity) continue;
    audioMs += clip.audioMs / pace;
    wholeMs += endedMs - scheduledMs;
  }
  return { backlogSlopes, ...(wholeMs > 0 ? { sendingShare: Math.min(1, audioMs / wholeMs) } : {}) };
}

/** A probe in one line. */
function probeText({ verdict, good, sessions, broke, open, figures, seconds }: Probe): string {
  const p95 = figures["final_from_speech_end p95"];
  return [
    `${verdict}: ${good} of ${sessions} sessions good`,
    ...(p95 === undefined ? [] : [`final p95 ${p95.toFixed(0)} ms`]),
    ...(broke === undefined ? [] : [`broke ${broke}`]),
    ...(open === undefined ? [] : [`${open.slo} is undecided`]),
    `${seconds.toFixed(0)} s`,
  ].join(", ");
}

/**
 * The levels that the generator itself can make, measured against an emulator with fixed delays in a process beside it:
 * the greatest of max, max/2, max/4 ... that is not void there. A capacity above it would be the generator's.
 */
export async function generatorLimit(world: World, settings: ProbeSettings, max: number): Promise<number> {
  for (let streams = max; streams >= 1; streams = Math.floor(streams / 2)) {
    const emulator = await startEmulator({ profile: "nim", args: ["--delays", "partial=20,final=30"] });
    try {
      const flags = { scenario: "smoke", seed: settings.seed, workers: "auto", warmup: "2s", duration: "4s" };
      const input = await readInput(world, { ...flags, streams, chunk: settings.chunk });
      const name = `preflight-${streams}`;
      if (!settings.quiet) world.stderr.write(`preflight: can this machine make ${streams} streams?\n`);
      const target = `grpc://${emulator.address}`;
      const run = { series: settings.series, name, input, target, quiet: true };
      const { result } = await seriesRun(world, run);
      if (result.verdict !== "void") return streams;
    } finally {
      await emulator.stop();
    }
  }
  throw new BenchError("this machine can't make a single stream on time", {
    exitCode: 5,
    hint: "Run on an idle machine.",
  });
}
