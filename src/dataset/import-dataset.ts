/**
 * Imports a dataset: cuts its clips into mono WAV files, measures them, and writes a manifest. One sound file is open at a time,
 * and nothing is kept of a clip but its line.
 */
import { statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { defined } from "../base/defined.ts";
import { BenchError, messageOf } from "../base/errors.ts";
import { takeLock } from "../base/files/lock.ts";
import { makeRunFolder, makePrivateFolders, replacePrivate } from "../base/files/private-files.ts";
import { existingPath } from "../base/files/text-file.ts";
import { systemError } from "../base/system-error.ts";
import { ClipNames } from "./clip-names.ts";
import type { Channel } from "./cut-clip.ts";
import { samplesOf, tracksOf, writeClip } from "./cut-clip.ts";
import type { Importer, SourceClip } from "./import/importer.ts";
import { isBadLine } from "./import/importer.ts";
import type { DonePart, Journal } from "./journal.ts";
import { LOCK, openJournal } from "./journal.ts";
import { openSound } from "./sound/open-sound.ts";
import type { Sound } from "./sound/sound.ts";
import type { DatasetSummary } from "./summary.ts";
import { BadLines, SummaryBuilder } from "./summary.ts";

/** Source, destination and settings of an import. */
export interface ImportOptions {
  /** Absolute path. */
  source: string;
  /** Absolute path of the folder that becomes the dataset. */
  out: string;
  importer: Importer;
  channel?: Channel | undefined;
  /** Leave out what can't be read instead of refusing the source. */
  skipBad: boolean;
  /** Language of all clips whose source does not name one. */
  language?: string | undefined;
  signal: AbortSignal;
  /** Called after each clip. */
  onProgress(progress: ImportProgress): void;
}

/** How far an import is. */
export interface ImportProgress {
  /** Clips of the source that were looked at, and how many there are. */
  clips: number;
  of: number;
  seconds: number;
}

/** Result of an import. */
export interface Imported {
  summary: DatasetSummary;
  refused: BadLines;
  /** Clips that an earlier import into the folder had done already. */
  reused: number;
}

/**
 * Imports a dataset into a folder, or goes on with it.
 *
 * @returns undefined when it was interrupted: the next call goes on from there
 * @throws BenchError (exit 2) with every line that is wrong, unless they are to be skipped; when nothing is left; when the folder
 * holds other things, or another import is at it
 */
export async function importDataset(options: ImportOptions): Promise<Imported | undefined> {
  const { source, out, skipBad, signal } = options;
  const { of, bad } = await survey(options);
  if (signal.aborted) return undefined;
  if (bad.count > 0 && !skipBad) throw refusal(source, bad);
  makeRunFolder(out);
  const unlock = takeLock(join(out, LOCK), `an import into ${out}`);
  try {
    return await importInto(options, of);
  } finally {
    unlock();
  }
}

/** Imports into a folder that no other import works in; as `importDataset`. */
async function importInto(options: ImportOptions, of: number): Promise<Imported | undefined> {
  const { source, out, importer, skipBad, signal } = options;
  const isStopped = (): boolean => signal.aborted;
  const journal = await openJournal(out, source);
  makePrivateFolders(join(out, "wav"));
  const cutter = new Cutter(options, journal, of);
  try {
    for await (const item of importer.read(source)) {
      if (isStopped()) return undefined;
      if (isBadLine(item)) cutter.refused.add(item);
      else await cutter.take(item);
    }
  } finally {
    await cutter.close();
  }
  if (cutter.refused.count > 0 && !skipBad) throw refusal(source, cutter.refused);
  if (cutter.lines.length === 0)
    throw BenchError.usage(`${source}: holds no clip that can be used\n${cutter.refused.text()}`.trimEnd());
  const summary = cutter.summed.summary();
  replacePrivate(join(out, "manifest.jsonl"), cutter.lines.join(""));
  const { refused, reused } = cutter;
  replacePrivate(
    join(out, "summary.json"),
    `${JSON.stringify({ schema: "riva-bench/dataset-summary@1", source, format: importer.name, ...summary, refused: { count: refused.count, lines: refused.kept } }, null, 2)}\n`,
  );
  return { summary, refused, reused };
}

/** Looks for what is wrong before anything is written: broken lines, ids given twice, audio that is missing. */
async function survey({ source, importer, signal }: ImportOptions): Promise<{ of: number; bad: BadLines }> {
  const bad = new BadLines();
  const names = new ClipNames();
  let of = 0;
  for await (const item of importer.read(source)) {
    if (signal.aborted) break;
    if (isBadLine(item)) bad.add(item);
    else {
      of++;
      await asBadLine(bad, item, async () => {
        names.id(item);
        await soundFile(item);
      });
    }
  }
  return { of, bad };
}

/** Runs `act`; what it finds wrong with the input becomes a bad line. */
async function asBadLine(bad: BadLines, { where }: SourceClip, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    // A full disk is nothing that a line could be blamed for.
    const known = error instanceof BenchError ? error : systemError(error);
    if (known?.exitCode !== 2) throw error;
    bad.add({ where, reason: messageOf(known) });
  }
}

/** The clip's sound file. @throws BenchError (exit 2) when it is not there, or no file */
async function soundFile({ audio }: SourceClip): Promise<{ path: string; size: number; mtimeMs: number }> {
  // A hundred thousand promises would take longer than the calls.
  const there = statSync(audio, { throwIfNoEntry: false });
  const path = there === undefined ? await existingPath(audio) : audio;
  const found = there ?? statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw BenchError.usage(`audio: no such file: ${audio}`);
  if (!found.isFile()) throw BenchError.usage(`audio: ${audio} is not a file`);
  return { path, size: found.size, mtimeMs: found.mtimeMs };
}

/** Makes clips and their lines, in the order of the source. */
class Cutter {
  readonly refused = new BadLines();
  readonly summed = new SummaryBuilder();
  readonly lines: string[] = [];
  reused = 0;
  readonly #options: ImportOptions;
  readonly #journal: Journal;
  readonly #of: number;
  /** Where the source is. */
  readonly #folder: string;
  readonly #names = new ClipNames();
  #clips = 0;
  #seconds = 0;
  #open: { path: string; sound: Sound } | undefined;

  constructor(options: ImportOptions, journal: Journal, of: number) {
    this.#options = options;
    this.#journal = journal;
    this.#of = of;
    const { source } = options;
    this.#folder = statSync(source).isDirectory() ? source : dirname(source);
  }

  async take(clip: SourceClip): Promise<void> {
    await asBadLine(this.refused, clip, async () => {
      const id = this.#names.id(clip);
      for (const part of await this.#parts(clip, id)) this.#write(clip, id, part);
    });
    this.#options.onProgress({ clips: ++this.#clips, of: this.#of, seconds: this.#seconds });
  }

  async close(): Promise<void> {
    await this.#open?.sound.close();
  }

  async #parts(clip: SourceClip, id: string): Promise<readonly DonePart[]> {
    const { path, size, mtimeMs } = await soundFile(clip);
    const { channel, out } = this.#options;
    const key = JSON.stringify([id, path, size, mtimeMs, clip.part, clip.claimedS, channel]);
    const done = this.#journal.done(key);
    if (done?.every(({ file }) => this.#names.takeFile(file)) === true) {
      this.reused++;
      return done;
    }
    const sound = await this.#soundOf(path);
    const samples = samplesOf(clip, sound);
    const parts: DonePart[] = [];
    for (const { index, suffix } of tracksOf(sound, channel, path)) {
      const file = this.#names.file(`${id}${suffix}`);
      const facts = await writeClip(sound, index, samples, join(out, file));
      parts.push({ file, suffix, channel: index, facts });
    }
    this.#journal.add(key, parts);
    return parts;
  }

  /** The parts of one recording follow each other most often: it stays open. */
  async #soundOf(path: string): Promise<Sound> {
    if (this.#open?.path !== path) {
      await this.#open?.sound.close();
      this.#open = undefined;
      this.#open = { path, sound: await openSound(path) };
    }
    return this.#open.sound;
  }

  #write(clip: SourceClip, id: string, { file, suffix, channel, facts }: DonePart): void {
    const { language } = this.#options;
    const heard = facts.speech_start_s !== undefined;
    const said = textOf(clip, channel, suffix !== "");
    const line = {
      id: suffix === "" ? id : this.#names.id({ ...clip, id: `${id}${suffix}` }),
      file,
      ...referenceOf(said, heard),
      ...defined({ text_verbatim: suffix === "" ? clip.written : undefined, speaker: clip.speaker }),
      ...defined({ language: clip.language ?? language }),
      // Sound that the detector takes for silence is spoken from beginning to end, as far as anybody knows.
      ...(heard || said === "" ? {} : { speech_start_s: 0, speech_end_s: facts.duration_s }),
      ...facts,
      from: relative(this.#folder, clip.audio),
    };
    this.summed.add(line);
    this.#seconds += facts.duration_s;
    this.lines.push(`${JSON.stringify(line)}\n`);
  }
}

/** The text of one channel. A source that has one transcript for a whole call does not say how it is divided between the channels. */
function textOf({ text, channelTexts }: SourceClip, channel: number, isShared: boolean): string | undefined {
  if (channelTexts !== undefined) return channelTexts[channel];
  return isShared ? undefined : text;
}

/** Tools write an empty text for what nobody transcribed: only in silence it is a claim. */
function referenceOf(said: string | undefined, heard: boolean): { text?: string; speech?: false } {
  if (said === "") return heard ? {} : { text: "", speech: false };
  return defined({ text: said });
}

function refusal(source: string, bad: BadLines): BenchError {
  const lines = `${bad.count} ${bad.count === 1 ? "line" : "lines"}`;
  return BenchError.usage(
    `${source}: ${lines} can't be imported\n${bad.text()}`,
    "Mend them, or leave them out with --skip-bad.",
  );
}
