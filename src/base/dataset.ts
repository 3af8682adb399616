/**
 * Speech to send: a folder with a `manifest.jsonl` (one JSON object a line) and WAV files. This file is one of the few
 * that read the disk. Everything a metric relies on is checked here, once, before any load: what a manifest claims
 * about its audio must be true of the audio.
 */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { z } from "zod";
import { decodeWav, pcmDurationMs, withPadding } from "./audio.ts";
import { BenchError, messageOf, nearestName } from "./errors.ts";
import { PACKAGE_ROOT } from "./package-root.ts";
import { spokenWords } from "./text.ts";
import { findSpeech } from "./vad.ts";

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

const seconds = z.number().nonnegative();
const manifestLine = z
  .looseObject({
    id: z.string().min(1).optional(),
    file: z.string().min(1).optional(),
    audio_filepath: z.string().min(1).optional(),
    duration_s: seconds.optional(),
    duration: seconds.optional(),
    text: z.string().optional(),
    speech_start_s: seconds.optional(),
    speech_end_s: seconds.optional(),
    words: z.array(z.object({ w: z.string().min(1), s: seconds, e: seconds })).optional(),
    speaker: z.string().optional(),
    // NeMo manifests may point into a long file; sending all of it would measure something else.
    offset: z.literal(0, { error: "parts of files are not supported; cut the audio first" }).optional(),
  })
  .refine((line) => (line.file ?? line.audio_filepath) !== undefined, {
    path: ["file"],
    error: "missing (or `audio_filepath`): the path of a WAV file",
  });

type ManifestLine = z.infer<typeof manifestLine>;

/**
 * Reads a dataset and all its audio.
 *
 * @param pathOrName `default` (the speech that comes with the package), a folder with a `manifest.jsonl`, or a manifest.
 * @throws BenchError (exit 2) naming the file, the line and the field that is wrong.
 */
export async function loadDataset(pathOrName: string, options: { root?: string } = {}): Promise<Dataset> {
  const manifestPath = await findManifest(pathOrName, options.root ?? PACKAGE_ROOT);
  const manifest = await readFile(manifestPath);
  const hash = createHash("sha256").update(manifest);
  const clips: Clip[] = [];
  const lineOfId = new Map<string, number>();

  for (const [index, text] of manifest.toString("utf8").split("\n").entries()) {
    if (text.trim() === "") continue;
    const where = `${manifestPath}:${index + 1}`;
    const line = parseLine(text, where);
    const file = resolve(dirname(manifestPath), line.file ?? line.audio_filepath ?? "");
    const bytes = await readAudio(file, where);
    const clip = makeClip(line, bytes, file, where);
    const earlier = lineOfId.get(clip.id);
    if (earlier !== undefined) throw fieldError(where, "id", `"${clip.id}" is already on line ${earlier}`);
    lineOfId.set(clip.id, index + 1);
    hash.update(bytes);
    clips.push(clip);
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
  const path = pathOrName === "default" ? join(root, "datasets", "core") : resolve(pathOrName);
  for (const candidate of [join(path, "manifest.jsonl"), path]) {
    const found = await stat(candidate).catch(() => undefined);
    if (found?.isFile() === true) return candidate;
  }
  throw BenchError.usage(
    `dataset ${pathOrName}: no manifest at ${path}`,
    "A dataset is `default`, a folder with a manifest.jsonl, or a manifest file.",
  );
}

function parseLine(text: string, where: string): ManifestLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw BenchError.usage(
      `${where}: not JSON (${messageOf(error)})`,
      "A manifest has one JSON object a line.",
    );
  }
  const parsed = manifestLine.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw fieldError(where, issue?.path.join(".") ?? "", issue?.message ?? "invalid");
}

async function readAudio(file: string, where: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw fieldError(where, "file", `can't be read (${messageOf(error)})`);
  }
}

function makeClip(line: ManifestLine, bytes: Buffer, file: string, where: string): Clip {
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
    id: line.id ?? basename(file, extname(file)),
    pcm,
    sampleRateHz,
    audioMs: durationMs,
    onsetMs,
    // An energy detector drops soft endings, an aligner rounds: the speaker has stopped when both say so.
    speechEndMs: Math.min(durationMs, Math.max(endMs, words.at(-1)?.endMs ?? 0)),
    ...(line.text === undefined ? {} : { text: spokenWords(line.text).length === 0 ? "" : line.text.trim() }),
    words,
    ...(line.speaker === undefined ? {} : { speaker: line.speaker }),
  };
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

function fieldError(where: string, field: string, problem: string): BenchError {
  return BenchError.usage(`${where}: ${field === "" ? "" : `${field}: `}${problem}`);
}

function toMs(s: number | undefined): number | undefined {
  return s === undefined ? undefined : s * 1000;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
