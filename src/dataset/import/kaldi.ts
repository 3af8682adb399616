/** Kaldi data folders: `wav.scp`, and `segments`, `text`, `utt2spk` where they are there. */
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { defined } from "../../base/defined.ts";
import type { BadLine, Importer, SourceClip } from "./importer.ts";
import { isBadLine } from "./importer.ts";
import type { SourceLine } from "./source-lines.ts";
import { keyAndRest, sourceLines } from "./source-lines.ts";

/** Kaldi's end time for "until the end" of a recording. */
const UNTIL_END = -1;

/** Reads Kaldi data folders. */
export const kaldi: Importer = {
  name: "kaldi",
  describe: "Kaldi data folder: wav.scp (files, no commands), segments, text, utt2spk",
  matches: (_, names) => names?.includes("wav.scp") === true,
  async *read(source) {
    const names = await readdir(source);
    const texts = new Map<string, string>();
    const speakers = new Map<string, string>();
    if (names.includes("text")) yield* keyed(join(source, "text"), texts);
    if (names.includes("utt2spk")) yield* keyed(join(source, "utt2spk"), speakers);
    const about = (id: string): Partial<SourceClip> =>
      defined({ text: texts.get(id), speaker: speakers.get(id) });

    const recordings = new Map<string, string>();
    const inParts = names.includes("segments");
    for await (const line of sourceLines(join(source, "wav.scp"))) {
      const found = isBadLine(line) ? line : recordingOf(line, source);
      if (isBadLine(found)) yield found;
      else if (!inParts) yield { ...found, ...about(found.id) };
      else if (recordings.has(found.id))
        yield { where: found.where, reason: `recording "${found.id}" has a line already` };
      else recordings.set(found.id, found.audio);
    }
    if (!inParts) return;
    for await (const line of sourceLines(join(source, "segments"))) {
      const found = isBadLine(line) ? line : segmentOf(line, recordings);
      yield isBadLine(found) ? found : { ...found, ...about(found.id) };
    }
  },
};

/** Fills a map with the lines of a file, `key value`; the first line of a key counts. */
async function* keyed(path: string, into: Map<string, string>): AsyncGenerator<BadLine, void> {
  for await (const line of sourceLines(path)) {
    if (isBadLine(line)) {
      yield line;
      continue;
    }
    const [key, value] = keyAndRest(line.text);
    if (into.has(key)) yield { where: line.where, reason: `"${key}" has a line already` };
    else into.set(key, value);
  }
}

type Named = SourceClip & { id: string };

function recordingOf({ where, text }: SourceLine, folder: string): Named | BadLine {
  const [id, path] = keyAndRest(text);
  if (path === "") return { where, reason: "no path of the audio" };
  if (path.endsWith("|") || path.startsWith("|"))
    return { where, reason: `"${path}" is a shell command, which is not run: write its output to a file` };
  if (/\.ark:\d+$/.test(path))
    return { where, reason: `"${path}" is inside an archive: extract it to a file` };
  return { where, id, audio: resolve(folder, path) };
}

function segmentOf({ where, text }: SourceLine, recordings: ReadonlyMap<string, string>): Named | BadLine {
  const [id = "", recording = "", start = "", end = "", ...more] = text.trim().split(/\s+/);
  const [startS, endS] = [Number(start), Number(end)];
  if (end === "" || more.length > 0 || !(startS >= 0) || !(endS > startS || endS === UNTIL_END))
    return { where, reason: "must be: utterance recording start end, with times in seconds" };
  const audio = recordings.get(recording);
  if (audio === undefined) return { where, reason: `wav.scp has no usable recording "${recording}"` };
  return { where, id, audio, part: { startS, ...(endS === UNTIL_END ? {} : { endS }) } };
}
