/**
 * Speech to send: a folder with a `manifest.jsonl` (one JSON object a line) and WAV files. This file is one of the few
 * that read the disk. Everything a metric relies on is checked here, once, before any load: what a manifest claims
 * about its audio must be true of the audio.
 */
import { defined } from "../defined.ts";
import { createHash, type Hash, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { BYTES_PER_SAMPLE, decodeWav, pcmBytes, withPadding } from "../audio/audio.ts";
import { BenchError, nearestName } from "../errors.ts";
import { findManifest } from "./find-manifest.ts";
import type { ManifestEntry, ManifestLine } from "./manifest.ts";
import { fieldError, mustBeFile, readManifest, readManifestFile } from "./manifest.ts";
import { PACKAGE_ROOT } from "../process/package-root.ts";
import { existingPath } from "../files/text-file.ts";
import { spokenWords } from "../text/text.ts";
import { findSpeech, type SpeechBounds } from "../audio/vad.ts";

/** A clip without its audio. */
export interface ClipInfo {
  id: string;
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

/** A clip with its audio. */
export interface Clip extends ClipInfo {
  /** Mono 16-bit little-endian PCM, without header. */
  pcm: Uint8Array;
}

/** Speech to send: with its audio, or with what is known of it. */
export interface Dataset<OneClip extends ClipInfo = Clip> {
  name: string;
  clips: readonly OneClip[];
  audioSeconds: number;
  /** Hash over manifest and audio. */
  sha256: string;
}

/** A dataset whose audio is read when it is wanted, and held by nobody but who wanted it. */
export interface OpenDataset extends Dataset<ClipInfo> {
  /** @throws BenchError (exit 2) when the file is gone, or is not what it was when the dataset was opened */
  readAudio(clip: ClipInfo): Promise<Clip>;
  /** `readAudio` for who can't wait: the thread stands still meanwhile. */
  readAudioNow(clip: ClipInfo): Clip;
}

/** Claims of the manifest about times may differ this much from the audio. */
const TOLERANCE_MS = 20;

/**
 * Reads a dataset and all its audio.
 *
 * @param pathOrName `default` (the speech that comes with the package), a folder with a `manifest.jsonl`, or a manifest.
 * @throws BenchError (exit 2) naming the file, the line and the field that is wrong.
 */
export async function loadDataset(pathOrName: string, options: { root?: string } = {}): Promise<Dataset> {
  const clips: Clip[] = [];
  const facts = await readEntries(pathOrName, options, async (source, hash) => {
    const bytes = await readManifestFile(source.entry, source.path);
    if (source.entry.fields.sha256 === undefined) hash.update(bytes);
    clips.push(makeClip(source, bytes));
  });
  return { ...facts, clips, audioSeconds: audioSecondsOf(clips) };
}

/**
 * Reads a dataset without keeping its audio. Where a line says all that can be said of its audio, as those of an imported dataset do,
 * the audio is not even looked at before it is wanted; its hash is compared then.
 *
 * @param pathOrName as `loadDataset`
 * @throws BenchError (exit 2) as `loadDataset`
 */
export async function openDataset(pathOrName: string, options: { root?: string } = {}): Promise<OpenDataset> {
  const clips: ClipInfo[] = [];
  const sources = new Map<string, KnownSource>();
  const facts = await readEntries(pathOrName, options, async (source, hash) => {
    const { entry, path } = source;
    const indexed = indexedInfo(entry);
    if (indexed !== undefined) {
      await mustBeFile(entry, path);
      clips.push(indexed.info);
      sources.set(entry.id, { ...source, sha256: indexed.sha256 });
      return;
    }
    const bytes = await readManifestFile(entry, path);
    if (entry.fields.sha256 === undefined) hash.update(bytes);
    const info = withoutAudio(makeClip(source, bytes));
    clips.push(info);
    sources.set(entry.id, { ...source, sha256: sha256Of(bytes), info });
  });
  const sourceOf = ({ id }: ClipInfo): KnownSource => {
    const source = sources.get(id);
    if (source === undefined) throw new Error(`${facts.name} has no clip ${id}`);
    return source;
  };
  return {
    ...facts,
    clips,
    audioSeconds: audioSecondsOf(clips),
    async readAudio(clip) {
      const source = sourceOf(clip);
      const bytes = await readManifestFile(source.entry, source.path);
      // Off the thread, which may be sending audio meanwhile.
      const digest = await webcrypto.subtle.digest("SHA-256", bytes);
      return unchangedClip(source, bytes, Buffer.from(digest).toString("hex"));
    },
    readAudioNow(clip) {
      const source = sourceOf(clip);
      const bytes = readFileSync(source.path);
      return unchangedClip(source, bytes, sha256Of(bytes));
    },
  };
}

/** Who is told of clips as they are read. */
export interface ClipWatcher {
  clip(info: ClipInfo): void;
  problem(error: BenchError): void;
}

/**
 * Reads the clips of a dataset one by one, also after one that is wrong.
 *
 * @returns the path of its manifest
 * @throws BenchError (exit 2) when the manifest itself can't be read
 */
export async function lookAtClips(
  pathOrName: string,
  options: { root?: string },
  watcher: ClipWatcher,
): Promise<string> {
  const { path } = await readEntries(pathOrName, options, async (source) => {
    try {
      watcher.clip(withoutAudio(makeClip(source, await readManifestFile(source.entry, source.path))));
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      watcher.problem(error);
    }
  });
  return path;
}

/** A line of a manifest, and the file that it names. */
interface ClipSource {
  entry: ManifestEntry;
  path: string;
}

/** A file whose hash is known: from its line, which then has all its facts, or because it was read and measured. */
interface KnownSource extends ClipSource {
  sha256: string;
  /** As measured. */
  info?: ClipInfo;
}

/** @throws BenchError (exit 2) for a manifest that can't be read, or has no line */
async function readEntries(
  pathOrName: string,
  options: { root?: string },
  read: (source: ClipSource, hash: Hash) => Promise<void>,
): Promise<{ name: string; path: string; sha256: string }> {
  const manifestPath = await findManifest(pathOrName, options.root ?? PACKAGE_ROOT);
  const { bytes: manifest, entries } = await readManifest(manifestPath);
  const hash = createHash("sha256").update(manifest);
  for (const entry of entries)
    await read({ entry, path: await existingPath(resolve(dirname(manifestPath), entry.file)) }, hash);
  if (entries.length === 0) {
    throw BenchError.usage(
      `${manifestPath}: the dataset is empty`,
      'Add a line such as {"file": "call.wav"}.',
    );
  }
  return { name: basename(dirname(manifestPath)), path: manifestPath, sha256: hash.digest("hex") };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The clip of a file that is what it was; only what is not known of it yet is looked at. @param sha256 hash of `bytes` */
function unchangedClip(source: KnownSource, bytes: Buffer, sha256: string): Clip {
  const { entry, path, info } = source;
  if (entry.fields.sha256 === undefined && sha256 !== source.sha256)
    throw fieldError(entry.where, "file", `${path} was changed since the dataset was opened`);
  mustHaveHash(source, sha256);
  return info === undefined ? clipOf(source, bytes) : { ...info, pcm: decodeWav(bytes, path).pcm };
}

/** Silence before and after a clip. */
export interface Padding {
  beforeMs: number;
  afterMs: number;
}

/** A clip's facts with silence around it: onset, words and speech end move with the audio. */
export function padInfo(clip: ClipInfo, { beforeMs, afterMs }: Padding): ClipInfo {
  const { sampleRateHz: rate, audioMs } = clip;
  const samples =
    (pcmBytes(beforeMs, rate) + pcmBytes(audioMs, rate) + pcmBytes(afterMs, rate)) / BYTES_PER_SAMPLE;
  return {
    ...clip,
    audioMs: (samples / rate) * 1000,
    onsetMs: clip.onsetMs + beforeMs,
    speechEndMs: clip.speechEndMs + beforeMs,
    words: clip.words.map(({ word, startMs, endMs }) => ({
      word,
      startMs: startMs + beforeMs,
      endMs: endMs + beforeMs,
    })),
  };
}

/** The clip with silence around it, as `padInfo`. */
export function padClip(clip: Clip, padding: Padding): Clip {
  const { beforeMs, afterMs } = padding;
  if (beforeMs === 0 && afterMs === 0) return clip;
  return { ...padInfo(clip, padding), pcm: withPadding(clip.pcm, beforeMs, afterMs, clip.sampleRateHz) };
}

/**
 * The part of a dataset that a scenario asks for; its hash stays that of the whole.
 *
 * @throws BenchError (exit 2) for an id that is not there, or when nothing is left.
 */
export function selectClips<Selected extends Dataset<ClipInfo>>(
  dataset: Selected,
  selection: { maxMs?: number; only?: readonly string[] },
): Selected {
  const { maxMs = Infinity, only } = selection;
  const ids = new Map(dataset.clips.map((clip) => [clip.id, clip]));
  for (const id of only ?? []) {
    if (ids.has(id)) continue;
    const near = nearestName(id, [...ids.keys()]);
    throw BenchError.usage(
      `dataset ${dataset.name} has no clip "${id}"`,
      near === undefined ? undefined : `Did you mean "${near}"?`,
    );
  }
  const wanted = only === undefined ? undefined : new Set(only);
  const clips = dataset.clips.filter((clip) => clip.audioMs <= maxMs && (wanted?.has(clip.id) ?? true));
  if (clips.length === 0) {
    const shortestMs = Math.min(...dataset.clips.map((clip) => clip.audioMs));
    throw BenchError.usage(
      `no clip of dataset ${dataset.name} is left by the scenario's audio.clips`,
      `The shortest clip lasts ${(shortestMs / 1000).toFixed(2)} s.`,
    );
  }
  return { ...dataset, clips, audioSeconds: audioSecondsOf(clips) };
}

export function audioSecondsOf(clips: readonly ClipInfo[]): number {
  return clips.reduce((sum, clip) => sum + clip.audioMs, 0) / 1000;
}

function withoutAudio(clip: Clip): ClipInfo {
  const info: ClipInfo & Partial<Clip> = { ...clip };
  delete info.pcm;
  return info;
}

/** @throws BenchError (exit 2) when what the line says is not true of the file */
function makeClip(source: ClipSource, bytes: Buffer): Clip {
  if (source.entry.fields.sha256 !== undefined) mustHaveHash(source, sha256Of(bytes));
  return clipOf(source, bytes);
}

function mustHaveHash({ entry: { fields, where }, path }: ClipSource, sha256: string): void {
  if (fields.sha256 !== undefined && fields.sha256 !== sha256)
    throw fieldError(where, "sha256", `${path} is not the file that was imported: its hash is another`);
}

/** `makeClip`, whatever the hash. */
function clipOf({ entry, path }: ClipSource, bytes: Buffer): Clip {
  const { fields: line, where } = entry;
  const { pcm, sampleRateHz, durationMs } = decodeWav(bytes, path);
  if (line.sample_rate_hz !== undefined && line.sample_rate_hz !== sampleRateHz)
    throw fieldError(where, "sample_rate_hz", `says ${line.sample_rate_hz}, ${path} has ${sampleRateHz} Hz`);
  const claimedMs = toMs(line.duration_s ?? line.duration);
  if (claimedMs !== undefined && Math.abs(claimedMs - durationMs) > TOLERANCE_MS) {
    const field = line.duration_s === undefined ? "duration" : "duration_s";
    throw fieldError(where, field, `says ${inSeconds(claimedMs)}, ${path} lasts ${inSeconds(durationMs)}`);
  }
  const indexed = indexedInfo(entry)?.info;
  if (indexed !== undefined) {
    // A plan was made by what the line says.
    if (indexed.audioMs !== durationMs)
      throw fieldError(
        where,
        "duration_s",
        `says ${line.duration_s} s, ${path} lasts ${durationMs / 1000} s`,
      );
    return { ...indexed, pcm };
  }
  const find = (): SpeechBounds | undefined => findSpeech(pcm, sampleRateHz);
  return { ...infoOf(entry, sampleRateHz, durationMs, find), pcm };
}

/** The facts about the audio in a line that states all of them; undefined for any other line. */
function indexedInfo(entry: ManifestEntry): { info: ClipInfo; sha256: string } | undefined {
  const { sha256, sample_rate_hz: rate, duration_s: seconds, ...line } = entry.fields;
  const hasSpeechTimes = line.speech_start_s !== undefined && line.speech_end_s !== undefined;
  if (sha256 === undefined || rate === undefined || seconds === undefined) return undefined;
  if (!hasSpeechTimes && line.speech !== false) return undefined;
  const durationMs = (Math.round(seconds * rate) / rate) * 1000;
  return { info: infoOf(entry, rate, durationMs, () => undefined), sha256 };
}

/** @param find looks for speech in the audio, where the line does not say where it is */
function infoOf(
  { fields: line, id, where }: ManifestEntry,
  sampleRateHz: number,
  durationMs: number,
  find: () => SpeechBounds | undefined,
): ClipInfo {
  const words = (line.words ?? []).map(({ w, s, e }) => ({ word: w, startMs: s * 1000, endMs: e * 1000 }));
  checkTimes(words, durationMs, where);
  const detected = line.speech_start_s === undefined || line.speech_end_s === undefined ? find() : undefined;
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
    sampleRateHz,
    audioMs: durationMs,
    onsetMs,
    // An energy detector drops soft endings, an aligner rounds: the speaker has stopped when both say so.
    speechEndMs: Math.min(durationMs, Math.max(endMs, words.at(-1)?.endMs ?? 0)),
    ...referenceOf(line, find, where),
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
  find: () => SpeechBounds | undefined,
  where: string,
): Pick<ClipInfo, "text"> {
  const hasWords = text !== undefined && spokenWords(text).length > 0;
  if (speech === false) {
    if (hasWords) throw fieldError(where, "speech", "is false, but text has words");
    return { text: "" };
  }
  if (hasWords) return { text: text.trim() };
  if (text === undefined || annotated !== undefined) return {};
  return find() === undefined ? { text: "" } : {};
}

/** Clips that nobody transcribed. */
export function withoutReference({ clips }: Dataset<ClipInfo>): number {
  return clips.filter(({ text }) => text === undefined).length;
}

function checkTimes(words: ClipInfo["words"], audioMs: number, where: string): void {
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
