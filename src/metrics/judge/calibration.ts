/**
 * The harness's own error: what it measures against a server that says by how much it held each reply back. Both ends of
 * every delay are known, so what is left is ours: late sends, the loopback, the event loops, the decoding.
 */
import { toThousandths } from "../../base/thousandths.ts";
import { dueMs, type Observation } from "../observation/observation.ts";

/** One level of load, as it was measured. Errors are measured minus imposed delay, milliseconds, one for each response. */
export interface CalibrationLevel {
  /** Open at once, each sending chunks at the pace of a microphone. */
  streams: number;
  /** What the cost of a load depends on: streams / chunk length. */
  chunksPerSecond: number;
  workers: number;
  transport: string;
  responses: number;
  /** Mean error. */
  biasMs: number;
  p50Ms: number;
  /** 99th percentile of the error's size. */
  p99Ms: number;
  maxMs: number;
  /** 99th percentile of the lateness of sends, which is part of the error. */
  latenessP99Ms: number;
  /** May be believed: the run was valid or degraded, and the error within its limit. */
  honest: boolean;
  /** Why it may not. */
  why?: string;
}

/** What one machine's harness is capable of. */
export interface Calibration {
  schema: "riva-bench/calibration@1";
  /** ISO 8601. */
  at: string;
  machine: { host: string; cpus: number; cpu: string; node: string; tool: string };
  /** In order of load. */
  levels: CalibrationLevel[];
}

/** The part of a calibration that speaks of one run; kept in its result. */
export interface CalibrationQuote {
  at: string;
  biasMs: number;
  p50Ms: number;
  p99Ms: number;
  /** Streams of this run's chunk length up to which these errors hold. */
  upToStreams: number;
  /** True when the run had more, so that nothing is known of its error. */
  beyond: boolean;
}

/** A level is honest while the size of its error stays below this at the 99th percentile: as late as sends may be in a valid run. */
export function errorLimitMs(chunkMs: number): number {
  return Math.max(5, chunkMs / 10);
}

/**
 * Errors of one session against a server that answers every chunk once, and the end of the audio once more.
 * @param heldMs by how long each reply was held back
 * @returns R_j - S_j - held_j; undefined when the replies are not those of the session (it failed, or lost some)
 */
export function responseErrors(observation: Observation, heldMs: readonly number[]): number[] | undefined {
  const { anchorMs, chunks, responses, outcome } = observation;
  if (outcome?.ok !== true || anchorMs === undefined) return undefined;
  if (responses.length !== chunks + 1 || heldMs.length !== chunks + 1) return undefined;
  return responses.map(({ atMs }, j) => {
    // The final answers the half-close, which follows the last chunk at once.
    return atMs - dueMs(observation, j) - (heldMs[j] ?? NaN);
  });
}

/** What is left of all errors of a level, of which there must be some. Nearest rank. */
export function summarizeErrors(
  errorsMs: readonly number[],
): Pick<CalibrationLevel, "responses" | "biasMs" | "p50Ms" | "p99Ms" | "maxMs"> {
  const signed = Float64Array.from(errorsMs).sort();
  const sizes = signed.map(Math.abs).sort();
  const at = (sorted: Float64Array, share: number): number =>
    toThousandths(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
  return {
    responses: errorsMs.length,
    biasMs: toThousandths(signed.reduce((sum, error) => sum + error, 0) / errorsMs.length),
    p50Ms: at(signed, 0.5),
    p99Ms: at(sizes, 0.99),
    maxMs: at(sizes, 1),
  };
}

/** The honest levels up to the first that is not. */
function honestLevels({ levels }: Calibration): CalibrationLevel[] {
  const end = levels.findIndex(({ honest }) => !honest);
  return end < 0 ? levels : levels.slice(0, end);
}

/** Largest load at which the harness was honest, and at every smaller one; undefined when it never was. */
export function honestLimit(calibration: Calibration): CalibrationLevel | undefined {
  return honestLevels(calibration).at(-1);
}

/**
 * What a calibration says of a run: the errors of the level next above its load. Undefined when no level was honest, or
 * none was measured over this transport.
 */
export function quoteCalibration(
  calibration: Calibration,
  run: { streams: number; chunkMs: number; pace: number; transport: string },
): CalibrationQuote | undefined {
  const perStream = (1000 / run.chunkMs) * run.pace;
  const load = run.streams * perStream;
  const levels = honestLevels({
    ...calibration,
    levels: calibration.levels.filter(({ transport }) => transport === run.transport),
  });
  const level = levels.find(({ chunksPerSecond }) => chunksPerSecond >= load) ?? levels.at(-1);
  if (level === undefined || !Number.isFinite(load)) return undefined;
  const { biasMs, p50Ms, p99Ms, chunksPerSecond } = level;
  const upToStreams = Math.floor(chunksPerSecond / perStream + 1e-9);
  return { at: calibration.at, biasMs, p50Ms, p99Ms, upToStreams, beyond: load > chunksPerSecond };
}
