/**
 * Scenarios: what load to make, read from YAML. A `Scenario` is complete and checked; every duration in it is in
 * milliseconds.
 */
import { defined } from "../base/defined.ts";
import { join } from "node:path";
import type { ZodType } from "zod";
import type { ClipInfo, Dataset } from "../base/dataset/dataset.ts";
import { selectClips } from "../base/dataset/dataset.ts";
import { formatDuration } from "../base/duration.ts";
import { BenchError } from "../base/errors.ts";
import { listNamedFiles, readNamedFile } from "../base/files/named-file.ts";
import { parseYaml, toYaml } from "../base/yaml.ts";
import type { RecognitionSettings } from "../client/transport.ts";
import { conditionAsFile } from "./condition-schema.ts";
import type { Condition } from "./conditions.ts";
import { longestExtraMs, stageUnder } from "./conditions.ts";
import type { LoadFile } from "./load/models.ts";
import { ownLengthMs } from "./load/load-schema.ts";
import type { Load } from "./load/load.ts";
import { isClosed, isUnpaced, iterationsOf } from "./load/load.ts";
import { loadShape } from "./load/load-shape.ts";
import { loadAsFile, resolveLoad } from "./load/resolve-load.ts";
import type { AudioSettings } from "./scenario-audio.ts";
import { audioAsFile, checkEncoding, checkLoss, longestAudioMs, resolveAudio } from "./scenario-audio.ts";
import type { ScenarioFile } from "./scenario-schema.ts";
import { scenarioFile } from "./scenario-schema.ts";
import {
  chunkDuration,
  sessionRate,
  steadyDuration,
  streamCount,
  warmupDuration,
} from "./load/schema-fields.ts";
import type { TransportChoice } from "../client/transports.ts";
import type { Scoring } from "./scoring-schema.ts";
import { resolveScoring, scoringAsFile } from "./scoring-schema.ts";

/** A scenario as read. Plain data: it is sent to workers and written into results. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly load: Load;
  readonly warmupMs: number;
  /** The judged window; with `iterations` the longest it may last. */
  readonly steadyMs: number;
  /** How long the sessions of the window may take to end after it; "auto" follows from the dataset. */
  readonly drainMs: number | "auto";
  readonly audio: AudioSettings;
  /** What happens on purpose to shares of the sessions; of the rest, nothing. */
  readonly conditions: readonly Condition[];
  readonly recognition: RecognitionSettings;
  /**
   * `riva-h2` speaks the same protocol over node:http2 and costs about half: for thousands of streams. "auto" only in a
   * file: a run has settled it.
   */
  readonly transport: TransportChoice;
  readonly connections: { readonly streamsPerConnection: number };
  readonly session: {
    /** From the end of the audio to the end of the stream. */
    readonly deadlineMs: number;
    readonly connectTimeoutMs: number;
  };
  /** Which answers fail a session. */
  readonly scoring: Scoring;
  /** Gates as written; `metrics/slo.ts` reads them. */
  readonly slo: readonly string[];
}

/** A scenario that fits its dataset (`checkAgainstDataset`), its drain settled. */
export type RunnableScenario = Scenario & { readonly drainMs: number };

/** Values of command line flags that replace a scenario's own. Durations as written: `20`, `500ms`, `2m`. */
export interface ScenarioOverrides {
  readonly streams?: number;
  /** Sessions a second. */
  readonly rate?: number;
  /** The steady window. */
  readonly duration?: string | number;
  readonly warmup?: string | number;
  readonly chunk?: string | number;
  readonly transport?: TransportChoice;
  /** Gates besides the scenario's. */
  readonly slo?: readonly string[];
}

/** Where scenarios are looked for: names in `<root>/scenarios`, paths from `cwd`. */
export interface ScenarioPlaces {
  readonly root: string;
  readonly cwd: string;
}

/**
 * Reads a scenario by its name or the path of its file.
 *
 * @throws BenchError (exit 2): no such scenario (with the nearest name), a problem in it with file, line and key, or an
 * override that is out of bounds.
 */
export async function loadScenario(
  nameOrPath: string,
  options: ScenarioPlaces & { readonly overrides?: ScenarioOverrides },
): Promise<Scenario> {
  const { path, text } = await readScenario(nameOrPath, options);
  return parseScenario(text, path, options.overrides);
}

/** Finds a scenario and reads its text. @throws BenchError (exit 2) when there is none. */
export async function readScenario(
  nameOrPath: string,
  { root, cwd }: ScenarioPlaces,
): Promise<{ path: string; text: string }> {
  return readNamedFile(nameOrPath, { what: "scenario", folder: join(root, "scenarios"), cwd });
}

/** Names of the scenarios that come with the package. */
export async function listScenarios(root: string): Promise<string[]> {
  return listNamedFiles(join(root, "scenarios"));
}

/**
 * Reads the text of a scenario. A relative dataset path counts from the folder of `path`.
 *
 * @throws BenchError (exit 2) naming file, line, column and key, or the flag of a bad override.
 */
export function parseScenario(text: string, path: string, overrides: ScenarioOverrides = {}): Scenario {
  const file = applyOverrides(parseYaml(text, path, scenarioFile), overrides);
  const { load, duration, audio, session } = file;
  const steadyMs = duration.steady ?? ownLengthMs(load) ?? NaN;
  if (isUnpaced(load) && file.conditions.length > 0) {
    throw BenchError.usage(
      `${path}: conditions: faults happen at the pace of a microphone, and the load model ${load.model} has none`,
      "Take another load model, or leave the conditions out.",
    );
  }
  checkLoss(audio.encoding, file.conditions, path);
  return {
    name: file.name,
    description: file.description,
    load: resolveLoad(load, { warmupMs: duration.warmup, steadyMs, path }),
    warmupMs: duration.warmup,
    steadyMs,
    drainMs: duration.drain,
    audio: resolveAudio(audio, path),
    conditions: file.conditions,
    recognition: file.recognition,
    transport: file.transport,
    connections: file.connections,
    session: { deadlineMs: session.deadline, connectTimeoutMs: session.connectTimeout },
    scoring: resolveScoring(file.scoring, path),
    slo: file.slo,
  };
}

/** The scenario as a file that reads back as itself, overrides and automatic values written out. */
export function formatScenario(scenario: Scenario): string {
  const { load, audio, session, drainMs } = scenario;
  return toYaml({
    name: scenario.name,
    description: scenario.description,
    load: loadAsFile(load),
    duration: {
      warmup: formatDuration(scenario.warmupMs),
      steady: formatDuration(scenario.steadyMs),
      drain: drainMs === "auto" ? drainMs : formatDuration(drainMs),
    },
    audio: audioAsFile(audio),
    conditions: scenario.conditions.map(conditionAsFile),
    recognition: scenario.recognition,
    transport: scenario.transport,
    connections: scenario.connections,
    session: {
      deadline: formatDuration(session.deadlineMs),
      connectTimeout: formatDuration(session.connectTimeoutMs),
    },
    scoring: scoringAsFile(scenario.scoring),
    slo: scenario.slo,
  } satisfies Record<keyof ScenarioFile, unknown>);
}

/**
 * Holds the windows against the audio, and settles an automatic drain: longest clip as sent / pace + session deadline.
 *
 * @throws BenchError (exit 2) when the drain or the steady window is too short for the audio, or no clip is selected.
 */
export function checkAgainstDataset(scenario: Scenario, dataset: Dataset<ClipInfo>): RunnableScenario {
  const { name, audio, load, session, warmupMs, steadyMs, drainMs } = scenario;
  const { clips } = selectClips(dataset, audio.clips);
  for (const clip of clips) checkEncoding(name, audio, clip);
  const longestMs = longestAudioMs(audio, Math.max(...clips.map((clip) => clip.audioMs))) / audio.pace;
  const sessionMs = longestMs + longestExtraMs(scenario.conditions);
  if (drainMs !== "auto" && drainMs < sessionMs) {
    throw BenchError.usage(
      `scenario ${name}: duration.drain is ${inSeconds(drainMs)}, the longest session takes ${inSeconds(sessionMs)}`,
      "Sessions that start late in the window would be cut short. Use `drain: auto`.",
    );
  }
  const iterations = iterationsOf(load);
  // Without the pace of a microphone nobody knows how long they take.
  const iterationsMs =
    iterations === undefined || !isClosed(load) || isUnpaced(load)
      ? 0
      : load.rampInMs + iterations * (longestMs + load.thinkMs);
  if (warmupMs + steadyMs < iterationsMs) {
    throw BenchError.usage(
      `scenario ${name}: ${iterations} iterations take ${inSeconds(iterationsMs)} or more, ` +
        `duration.steady is ${inSeconds(steadyMs)}`,
      "With `iterations`, duration.steady is the longest that the run may last.",
    );
  }
  return { ...scenario, drainMs: drainMs === "auto" ? Math.ceil(sessionMs) + session.deadlineMs : drainMs };
}

/**
 * Holds the stages that gates name (`metric@stage`) against those of the load.
 *
 * @throws BenchError (exit 2) for a stage that no session can belong to
 */
export function checkStages(slos: readonly { source: string; stage?: string }[], scenario: Scenario): void {
  const names = new Set(stagesOf(scenario));
  for (const { source, stage } of slos) {
    if (stage === undefined || names.has(stage)) continue;
    throw BenchError.usage(
      `SLO "${source}": the load has no stage "${stage}"`,
      `It has ${[...names].join(", ")}.`,
    );
  }
}

/** Stages of the load, and those that its conditions make of them. */
function stagesOf({ load, warmupMs, conditions }: Scenario): string[] {
  const { stages } = loadShape(load, warmupMs);
  return stages.flatMap(({ name }) => [
    name,
    ...conditions.map((condition) => stageUnder(condition, name, stages.length > 1)),
  ]);
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function applyOverrides(file: ScenarioFile, overrides: ScenarioOverrides): ScenarioFile {
  const { streams, rate, duration, warmup, chunk, transport, slo = [] } = overrides;
  const steady = override("duration", duration, steadyDuration);
  const withStreams = withLevel(file.load, "streams", override("streams", streams, streamCount));
  return {
    ...file,
    transport: transport ?? file.transport,
    load: withLevel(withStreams, "rate", override("rate", rate, sessionRate)),
    duration: {
      ...file.duration,
      ...defined({ steady }),
      warmup: override("warmup", warmup, warmupDuration) ?? file.duration.warmup,
    },
    audio: { ...file.audio, chunk: override("chunk", chunk, chunkDuration) ?? file.audio.chunk },
    slo: [...file.slo, ...slo],
  };
}

/** Another number of streams or sessions a second, for loads that have one such number. */
function withLevel(load: LoadFile, key: "streams" | "rate", level: number | undefined): LoadFile {
  if (level === undefined) return load;
  const present: unknown = (load as { streams?: unknown; rate?: unknown })[key];
  if (typeof present === "number") return { ...load, [key]: level };
  throw BenchError.usage(
    `--${key} ${level}: the scenario's load (${load.model}) has no single number of ${key === "rate" ? "sessions a second" : "streams"}`,
    "Copy the scenario (bench scenarios NAME > mine.yaml) and change its load there.",
  );
}

/** A flag's value in milliseconds or as a number, held to the bounds of the key it replaces. */
function override(
  flag: string,
  value: string | number | undefined,
  schema: ZodType<number>,
): number | undefined {
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw BenchError.usage(`--${flag} ${value}: ${parsed.error.issues[0]?.message ?? "invalid"}`);
}
