/**
 * Speech to send: a folder with a `manifest.jsonl` (one JSON object a line) and WAV files. This file is one of the few
 * that read the disk. Everything a metric relies on is checked here, once, before any load: what a manifest claims
 * about its audio must be true of the audio.
 */
import { defined } from "../defined.ts";
import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { decodeWav, pcmDurationMs, withPadding } from "../audio/audio.ts";
import { BenchError, nearestName } from "../errors.ts";
import type { ManifestEntry, ManifestLine } from "./manifest.ts";
import { fieldError, readManifest, readManifestFile } from "./manifest.ts";
import { PACKAGE_ROOT } from "../process/package-root.ts";
import { existingPath } from "../files/text-file.ts";
import { spokenWords } from "../text/text.ts";
import { findSpeech } from "../audio/vad.ts";

export interface Clip {
  id: string;
  /** Mono 16-bit little-endian PCM, without header. */
  pcm: Uint8Array;
  sampleRateHz: number;
  audioMs: number;
  /** First speech onset; 0 when the audio holds no speech. */
  onsetMs: number;
  /** The later of the annotated (else detected) speech end and the last word's end; all of it when there is no speech. */
  speechEndMs: number;
  /** Reference transcript; "" for audio without speech, undefined when there is no reference. */
  text?: string;
  /** The transcript as it is written: capitals, punctuation, digits; where the manifest has it. */
  written?: string;
  words: readonly { word: string; startMs: number; endMs: number }[];
  speaker?: string;
}

export interface Dataset {
  name: string;
  clips: readonly Clip[];
  audioSeconds: number;
  /** Hash over manifest and audio. */
  sha256: string;
}

/** Claims of the manifest about times may differ this much from the audio. */
const TOLERANCE_MS = 20;

/** Names of the manifest in a dataset's folder. */
const MANIFESTS: readonly string[] = ["manifest.jsonl", "manifest.json"];

/**
 * Reads a dataset and all its audio.
 *
 * @param pathOrName `default` (the speech that comes with the package), a folder with a `manifest.jsonl`, or a manifest.
 * @throws BenchError (exit 2) naming the file, the line and the field that is wrong.
 */
export async function loadDataset(pathOrName: string, options: { root?: string } = {}): Promise<Dataset> {
  const manifestPath = await findManifest(pathOrName, options.root ?? PACKAGE_ROOT);
  const { bytes: manifest, entries } = await readManifest(manifestPath);
  const hash = createHash("sha256").update(manifest);
  const clips: Clip[] = [];
  for (const entry of entries) {
    const bytes = await readManifestFile(entry, manifestPath);
    clips.push(makeClip(entry, bytes, resolve(dirname(manifestPath), entry.file)));
    hash.update(bytes);
  }
  if (clips.length === 0) {
    throw BenchError.usage(
      `${manifestPath}: the dataset is empty`,
      'Add a line such as {"file": "call.wav"}.',
    );
  }
  const name = basename(dirname(manifestPath));
  return { name, clips, audioSeconds: audioSecondsOf(clips), sha256: hash.digest("hex") };
}

/** The clip with silence around it: onset, words and speech end move with the audio. */
export function padClip(clip: Clip, padding: { beforeMs: number; afterMs: number }): Clip {
  const { beforeMs, afterMs } = padding;
  if (beforeMs === 0 && afterMs === 0) return clip;
  const pcm = withPadding(clip.pcm, beforeMs, afterMs, clip.sampleRateHz);
  return {
    ...clip,
    pcm,
    audioMs: pcmDurationMs(pcm, clip.sampleRateHz),
    onsetMs: clip.onsetMs + beforeMs,
    speechEndMs: clip.speechEndMs + beforeMs,
    words: clip.words.map(({ word, startMs, endMs }) => ({
      word,
      startMs: startMs + beforeMs,
      endMs: endMs + beforeMs,
    })),
  };
}

/**
 * The part of a dataset that a scenario asks for; its hash stays that of the whole.
 *
 * @throws BenchError (exit 2) for an id that is not there, or when nothing is left.
 */
export function selectClips(
  dataset: Dataset,
  selection: { maxMs?: number; only?: readonly string[] },
): Dataset {
  const { maxMs = Infinity, only } = selection;
  const ids = dataset.clips.map((clip) => clip.id);
  for (const id of only ?? []) {
    if (ids.includes(id)) continue;
    const near = nearestName(id, ids);
    throw BenchError.usage(
      `dataset ${dataset.name} has no clip "${id}"`,
      near === undefined ? undefined : `Did you mean "${near}"?`,
    );
  }
  const clips = dataset.clips.filter((clip) => clip.audioMs <= maxMs && (only?.includes(clip.id) ?? true));
  if (clips.length === 0) {
    const shortestMs = Math.min(...dataset.clips.map((clip) => clip.audioMs));
    throw BenchError.usage(
      `no clip of dataset ${dataset.name} is left by the scenario's audio.clips`,
      `The shortest clip lasts ${(shortestMs / 1000).toFixed(2)} s.`,
    );
  }
  return { ...dataset, clips, audioSeconds: audioSecondsOf(clips) };
}

export function audioSecondsOf(clips: readonly Clip[]): number {
  return clips.reduce((sum, clip) => sum + clip.audioMs, 0) / 1000;
}

async function findManifest(pathOrName: string, root: string): Promise<string> {
  const path =
    pathOrName === "default" ? join(root, "datasets", "core") : await existingPath(resolve(pathOrName));
  for (const candidate of [...MANIFESTS.map((name) => join(path, name)), path]) {
    const found = await stat(candidate).catch(() => undefined);
    if (found?.isFile() === true) return candidate;
  }
  const others = (await readdir(path).catch(() => [])).filter((name) => /\.jsonl?$/.test(name));
  throw BenchError.usage(
    `dataset ${pathOrName}: no manifest at ${path}`,
    others.length === 0
      ? "A dataset is `default`, a folder with a manifest.jsonl, or a manifest file."
      : `Name the manifest itself: ${others
          .slice(0, 3)
          .map((name) => join(pathOrName, name))
          .join(", ")}`,
  );
}

function makeClip({ fields: line, id, where }: ManifestEntry, bytes: Buffer, file: string): Clip {
  const { pcm, sampleRateHz, durationMs } = decodeWav(bytes, file);
  const claimedMs = toMs(line.duration_s ?? line.duration);
  if (claimedMs !== undefined && Math.abs(claimedMs - durationMs) > TOLERANCE_MS) {
    const field = line.duration_s === undefined ? "duration" : "duration_s";
    throw fieldError(where, field, `says ${inSeconds(claimedMs)}, ${file} lasts ${inSeconds(durationMs)}`);
  }

  const words = (line.words ?? []).map(({ w, s, e }) => ({ word: w, startMs: s * 1000, endMs: e * 1000 }));
  checkTimes(words, durationMs, where);
  const detected =
    line.speech_start_s === undefined || line.speech_end_s === undefined
      ? findSpeech(pcm, sampleRateHz)
      : undefined;
  const onsetMs = toMs(line.speech_start_s) ?? detected?.onsetMs ?? words[0]?.startMs ?? 0;
  const endMs = toMs(line.speech_end_s) ?? detected?.endMs ?? words.at(-1)?.endMs ?? durationMs;
  if (endMs > durationMs + TOLERANCE_MS) {
    throw fieldError(
      where,
      "speech_end_s",
      `${inSeconds(endMs)} is after the end of the audio, ${inSeconds(durationMs)}`,
    );
  }
  if (onsetMs > endMs) throw fieldError(where, "speech_start_s", "is after the end of speech");

  return {
    id,
    pcm,
    sampleRateHz,
    audioMs: durationMs,
    onsetMs,
    // An energy detector drops soft endings, an aligner rounds: the speaker has stopped when both say so.
    speechEndMs: Math.min(durationMs, Math.max(endMs, words.at(-1)?.endMs ?? 0)),
    ...referenceOf(line, pcm, sampleRateHz, where),
    words,
    ...defined({ written: line.text_verbatim, speaker: line.speaker }),
  };
}

/**
 * Tools write `"text": ""` for audio that nobody transcribed, so that alone is no claim that nothing is said: only silent audio, or
 * `"speech": false`, is without speech.
 */
function referenceOf(
  { text, speech, speech_end_s: annotated }: ManifestLine,
  pcm: Uint8Array,
  sampleRateHz: number,
  where: string,
): Pick<Clip, "text"> {
  const hasWords = text !== undefined && spokenWords(text).length > 0;
  if (speech === false) {
    if (hasWords) throw fieldError(where, "speech", "is false, but text has words");
    return { text: "" };
  }
  if (hasWords) return { text: text.trim() };
  if (text === undefined || annotated !== undefined) return {};
  return findSpeech(pcm, sampleRateHz) === undefined ? { text: "" } : {};
}

/** Clips that nobody transcribed. */
export function withoutReference({ clips }: Dataset): number {
  return clips.filter(({ text }) => text === undefined).length;
}

function checkTimes(words: Clip["words"], audioMs: number, where: string): void {
  let previous = { startMs: 0, endMs: 0 };
  for (const [index, word] of words.entries()) {
    const field = `words.${index} ("${word.word}")`;
    if (word.endMs < word.startMs) throw fieldError(where, field, "ends before it starts");
    if (word.startMs < previous.startMs || word.endMs < previous.endMs) {
      throw fieldError(where, field, "is earlier than the word before it");
    }
    if (word.endMs > audioMs + TOLERANCE_MS)
      throw fieldError(where, field, "ends after the end of the audio");
    previous = word;
  }
}

function toMs(s: number | undefined): number | undefined {
  return s === undefined ? undefined : s * 1000;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
