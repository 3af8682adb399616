/** The audio of a scenario: from the file's keys to settings and back, and what does not go together. */
import { defined } from "../base/defined.ts";
import { dirname, resolve } from "node:path";
import type { ClipInfo } from "../base/dataset/dataset.ts";
import { formatDuration } from "../base/duration.ts";
import { BenchError } from "../base/errors.ts";
import type { LongForm } from "../base/dataset/long-form.ts";
import type { AudioEncoding } from "../client/transport.ts";
import type { Condition } from "./conditions.ts";
import { chunksStandAlone, encodingProblem } from "../loadgen/audio/encoded-audio.ts";
import type { ChunkPhase } from "./load/load.ts";
import type { ScenarioFile } from "./scenario-schema.ts";

/** What is played, and how it goes over the wire. */
export interface AudioSettings {
  /** "default", or an absolute path. */
  readonly dataset: string;
  readonly chunkMs: number;
  /** How the audio is coded on the wire. */
  readonly encoding: AudioEncoding;
  /** 1 = real time. */
  readonly pace: number;
  /** How the chunk clocks of the callers stand to each other. */
  readonly phase: ChunkPhase;
  /** When the microphone opens: once the stream is ready, when it is begun, or at the planned start. */
  readonly anchor: "after-ready" | "at-start" | "at-schedule";
  readonly paddingBeforeMs: number;
  readonly paddingAfterMs: number;
  readonly clips: { readonly maxMs?: number; readonly only?: readonly string[] };
  /** Present: long recordings are played, made of the clips with pauses between. */
  readonly longForm?: LongForm;
  /** By clip: how often it comes, relative to the others; then `clips.only` names just these. */
  readonly mix?: Readonly<Record<string, number>>;
}

/**
 * The settings of a file; a relative dataset path counts from its folder.
 * @throws BenchError (exit 2) for keys that contradict each other
 */
export function resolveAudio(audio: ScenarioFile["audio"], path: string): AudioSettings {
  const { max, ...clips } = audio.clips;
  if (audio.mix !== undefined && clips.only !== undefined) {
    throw BenchError.usage(`${path}: audio.mix names the clips to play: leave audio.clips.only out`);
  }
  if (audio.mix !== undefined && audio.longForm !== undefined) {
    throw BenchError.usage(
      `${path}: audio.longForm plays each clip as often as the others: leave audio.mix out`,
    );
  }
  return {
    dataset: audio.dataset === "default" ? "default" : resolve(dirname(path), audio.dataset),
    chunkMs: audio.chunk,
    encoding: audio.encoding,
    pace: audio.pace,
    phase: audio.phase,
    anchor: audio.anchor,
    paddingBeforeMs: audio.padding.before,
    paddingAfterMs: audio.padding.after,
    clips: {
      ...clips,
      ...(audio.mix === undefined ? {} : { only: Object.keys(audio.mix) }),
      ...defined({ maxMs: max }),
    },
    ...defined({ longForm: audio.longForm, mix: audio.mix }),
  };
}

/** The settings as they are written in a file. */
export function audioAsFile(audio: AudioSettings): Partial<Record<keyof ScenarioFile["audio"], unknown>> {
  const { maxMs, only } = audio.clips;
  return {
    dataset: audio.dataset,
    chunk: formatDuration(audio.chunkMs),
    encoding: audio.encoding,
    pace: audio.pace,
    phase: audio.phase,
    anchor: audio.anchor,
    padding: {
      before: formatDuration(audio.paddingBeforeMs),
      after: formatDuration(audio.paddingAfterMs),
    },
    clips: {
      ...(only === undefined || audio.mix !== undefined ? {} : { only }),
      ...(maxMs === undefined ? {} : { max: formatDuration(maxMs) }),
    },
    ...(audio.longForm === undefined ? {} : { longForm: longFormAsFile(audio.longForm) }),
    ...defined({ mix: audio.mix }),
  };
}

function longFormAsFile({ lengthMs, pauseMs, variants }: LongForm): unknown {
  const pause = { from: formatDuration(pauseMs.from), to: formatDuration(pauseMs.to) };
  return { length: formatDuration(lengthMs), pause, variants };
}

/** Audio time of the longest session, padding included. */
export function longestAudioMs(
  { longForm, paddingBeforeMs, paddingAfterMs }: AudioSettings,
  longestClipMs: number,
): number {
  // A recording is long enough at the latest after one more pause and clip.
  const beforeLastMs = longForm === undefined ? 0 : longForm.lengthMs + longForm.pauseMs.to;
  return beforeLastMs + longestClipMs + paddingBeforeMs + paddingAfterMs;
}

/** @throws BenchError (exit 2) when the clip can't be sent in such chunks */
export function checkEncoding(
  scenario: string,
  { encoding, chunkMs }: AudioSettings,
  { id, sampleRateHz }: ClipInfo,
): void {
  const problem = encodingProblem(encoding, sampleRateHz, chunkMs);
  if (problem !== undefined) throw BenchError.usage(`scenario ${scenario}: clip ${id}: ${problem}`);
}

/** @throws BenchError (exit 2) when chunks are to be lost whose encoding can't miss one */
export function checkLoss(encoding: AudioEncoding, conditions: readonly Condition[], path: string): void {
  if (chunksStandAlone(encoding) || conditions.every(({ loss }) => loss === undefined)) return;
  throw BenchError.usage(
    `${path}: conditions: loss can't be put into ${encoding}: each of its chunks follows from the one before`,
    "Take audio.encoding LINEAR_PCM, MULAW or ALAW, or leave the loss out.",
  );
}
