/** Clips described by named fields: objects of a NeMo manifest, columns of a table. One vocabulary for both. */
import { dirname, resolve } from "node:path";
import { defined } from "../../base/defined.ts";
import type { BadLine, SourceClip } from "./importer.ts";

/** Accepted names of each field, the most specific first. */
const NAMES = {
  audio: ["audio_filepath", "file", "path", "audio", "filename", "wav"],
  text: ["text", "transcript", "sentence", "transcription"],
  textLeft: ["text_left"],
  textRight: ["text_right"],
  written: ["text_verbatim"],
  id: ["id", "utt_id"],
  duration: ["duration", "duration_s"],
  offset: ["offset"],
  speaker: ["speaker", "speaker_id", "client_id"],
  language: ["language", "lang", "locale"],
} as const;

/** A field that is known. */
export type FieldName = keyof typeof NAMES;

/** The field that a key or a column's heading stands for. */
export function fieldNamed(key: string): FieldName | undefined {
  const wanted = key.trim().toLowerCase();
  return (Object.keys(NAMES) as FieldName[]).find((field) =>
    (NAMES[field] as readonly string[]).includes(wanted),
  );
}

/** Names of the audio's path, for messages. */
export const AUDIO_NAMES: string = NAMES.audio.slice(0, 3).join(", ");

/** Values by field; undefined, null and (but for the text) "" are as good as absent. */
export type Fields = Partial<Record<FieldName, unknown>>;

/**
 * The clip that the fields describe. An offset, also of 0, makes it a part of its file: `duration` is its length then, and
 * the length of the whole file otherwise.
 *
 * @param manifest relative paths count from its folder
 */
export function clipOfFields(fields: Fields, manifest: string, where: string): SourceClip | BadLine {
  const bad = (reason: string): BadLine => ({ where, reason });
  const texts: Partial<Record<FieldName, string>> = {};
  const seconds: Partial<Record<FieldName, number>> = {};
  for (const [key, value] of Object.entries(fields)) {
    const field = key as FieldName;
    if (value === undefined || value === null || (value === "" && !field.startsWith("text"))) continue;
    if (field === "duration" || field === "offset") {
      const number = typeof value === "string" ? Number(value) : value;
      if (typeof number !== "number" || !Number.isFinite(number) || number < 0)
        return bad(`${field}: ${JSON.stringify(value)} is no number of seconds`);
      seconds[field] = number;
    } else if (typeof value === "string" || typeof value === "number") texts[field] = String(value).trim();
    else return bad(`${field}: must be text`);
  }
  const { audio, id, text, textLeft, textRight, written, speaker, language } = texts;
  const { duration, offset } = seconds;
  if (audio === undefined || audio === "") return bad(`no path of the audio (${AUDIO_NAMES})`);
  if (/^\w+:\/\//.test(audio)) return bad(`${audio}: audio is read from files only; download it first`);
  if (duration === 0) return bad("duration: is 0");
  const part =
    offset === undefined
      ? undefined
      : { startS: offset, ...defined({ endS: duration === undefined ? undefined : offset + duration }) };
  const channelTexts = textLeft === undefined && textRight === undefined ? undefined : [textLeft, textRight];
  return {
    where,
    audio: resolve(dirname(manifest), audio),
    ...defined({ id, part, text, channelTexts, written, speaker, language }),
    ...defined({ claimedS: offset === undefined ? duration : undefined }),
  };
}
