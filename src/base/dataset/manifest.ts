/** The manifest of a dataset: which clips there are, and what is known of them. Audio is not looked at here. */

import { isRecord } from "../record.ts";
import { stat } from "node:fs/promises";
import { extname, posix } from "node:path";
import { z } from "zod";
import { BenchError } from "../errors.ts";
import { readNamedBytes } from "../files/read-file.ts";
import type { JsonItem } from "../files/json-items.ts";
import { jsonItems } from "../files/json-items.ts";
import { decodeText, whyUnreadable } from "../files/text-file.ts";

/** They would break the lines and tables that name a clip. */
const CONTROL_CHARACTERS = /\p{Cc}/u;

/** What a line of a manifest may say; other fields are let through. */
export interface ManifestLine {
  id?: string | undefined;
  /** Path of the audio; `audio_filepath` is NeMo's name for it. */
  file?: string | undefined;
  audio_filepath?: string | undefined;
  duration_s?: number | undefined;
  duration?: number | undefined;
  text?: string | undefined;
  /** As it is written: capitals, punctuation, digits. */
  text_verbatim?: string | undefined;
  /** False: the audio is without speech on purpose. */
  speech?: boolean | undefined;
  speech_start_s?: number | undefined;
  speech_end_s?: number | undefined;
  words?: { w: string; s: number; e: number }[] | undefined;
  speaker?: string | undefined;
  sample_rate_hz?: number | undefined;
  /** SHA-256 of the audio file, in hexadecimal. */
  sha256?: string | undefined;
  offset?: 0 | undefined;
}

const seconds = z.number().nonnegative();
const idText = z
  .string({ error: "ids are text or numbers" })
  .refine((id) => id.trim() !== "", "is blank; leave it out, or give one")
  .refine((id) => !CONTROL_CHARACTERS.test(id), "has a control character (a tab, a line end or the like)");
const manifestLine: z.ZodType<ManifestLine> = z
  .looseObject({
    id: idText.optional(),
    file: z.string().min(1).optional(),
    audio_filepath: z.string().min(1).optional(),
    duration_s: seconds.optional(),
    duration: seconds.optional(),
    text: z.string().optional(),
    text_verbatim: z.string().optional(),
    speech: z.boolean().optional(),
    speech_start_s: seconds.optional(),
    speech_end_s: seconds.optional(),
    words: z.array(z.object({ w: z.string().min(1), s: seconds, e: seconds })).optional(),
    speaker: z.string().optional(),
    sample_rate_hz: z.number().int().positive().optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits in lower case")
      .optional(),
    // NeMo manifests may point into a long file; sending all of it would measure something else.
    offset: z.literal(0, { error: "parts of files are not supported; cut the audio first" }).optional(),
  })
  .refine((line) => (line.file ?? line.audio_filepath) !== undefined, {
    path: ["file"],
    error: "missing (or `audio_filepath`): the path of a WAV file",
  });

/** One clip of a manifest. */
export interface ManifestEntry {
  fields: ManifestLine;
  /** The given id, else one made from the file's name. */
  id: string;
  /** Path of the audio as it is written in the manifest. */
  file: string;
  /** `manifest:line`, for messages. */
  where: string;
}

/** Fields whose value is text; a number there is taken as it is written. */
const TEXTS: readonly string[] = ["id", "text", "text_verbatim", "speaker"];

/**
 * Reads a manifest: JSON lines, or one array of objects. `null` is as good as absent.
 *
 * @returns its bytes too, for the dataset's hash
 * @throws BenchError (exit 2) naming file, line and field
 */
export async function readManifest(path: string): Promise<{ bytes: Buffer; entries: ManifestEntry[] }> {
  const bytes = await readNamedBytes(path).catch((error: unknown) => {
    throw BenchError.usage(`${path} can't be read: ${whyUnreadable(error)}`);
  });
  const items = jsonItems(decodeText(bytes, path), path, "manifest");
  const lines = items.map((item) => ({ item, fields: parseFields(item) }));
  const files = lines.map(({ fields }) => fields.file ?? fields.audio_filepath ?? "");
  const ids = idsOf(
    lines.map(({ fields }) => fields.id),
    files,
  );
  const entries = lines.map(({ item: { where, line }, fields }, index): NumberedEntry => {
    return { fields, id: ids[index] ?? "", file: files[index] ?? "", where, line };
  });
  mustDiffer(entries);
  return { bytes, entries };
}

interface NumberedEntry extends ManifestEntry {
  line: number;
}

/** @throws BenchError (exit 2) for two entries of one id, by the reason why they have it */
function mustDiffer(entries: readonly NumberedEntry[]): void {
  const byId = new Map<string, NumberedEntry>();
  for (const entry of entries) {
    const earlier = byId.get(entry.id);
    if (earlier) throw sameId(earlier, entry);
    byId.set(entry.id, entry);
  }
}

function sameId(earlier: NumberedEntry, entry: NumberedEntry): BenchError {
  const [first, second] = [earlier, entry].map(({ fields }) => fields.id !== undefined);
  if (!first && !second && posix.normalize(earlier.file) === posix.normalize(entry.file)) {
    const problem = `the same file as line ${earlier.line}`;
    return fieldError(entry.where, "file", problem, "Give each of the lines an `id` of its own.");
  }
  const already = `"${entry.id}" is already on line ${earlier.line}`;
  if (first && second) return fieldError(entry.where, "id", already);
  const madeUp = first ? entry.line : earlier.line;
  const problem = `${already} (line ${madeUp} has no id: its own was made from its path)`;
  return fieldError(entry.where, "id", problem, `Give line ${madeUp} an \`id\` of its own.`);
}

/** @throws BenchError (exit 2) that names the line and why the file can't be read */
export async function readManifestFile(entry: ManifestEntry, path: string): Promise<Buffer> {
  return readNamedBytes(path).catch((error: unknown) => {
    throw unreadable(entry, path, error);
  });
}

/** @throws BenchError (exit 2) as `readManifestFile`, without reading it */
export async function mustBeFile(entry: ManifestEntry, path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(entry, path, error);
  });
  if (!found.isFile()) throw fieldError(entry.where, "file", `${path} is not a file`);
}

function unreadable({ file, where }: ManifestEntry, path: string, error: unknown): BenchError {
  return fieldError(where, "file", `can't be read (${whyUnreadable(error)}: ${path})`, pathAdvice(file));
}

/** An error about one field of a manifest's line. */
export function fieldError(where: string, field: string, problem: string, hint?: string): BenchError {
  return BenchError.usage(`${where}: ${field === "" ? "" : `${field}: `}${problem}`, hint);
}

function parseFields({ value, where }: JsonItem): ManifestLine {
  const parsed = manifestLine.safeParse(isRecord(value) ? asWritten(value, where) : value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw fieldError(where, issue?.path.join(".") ?? "", issue?.message ?? "invalid");
}

/** Without what is null, and with numbers as text where text is meant. */
function asWritten(value: object, where: string): object {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null)
      .map(([key, field]: [string, unknown]) => {
        if (TEXTS.includes(key)) return [key, textOf(field, where, key)];
        if (key !== "words" || !Array.isArray(field)) return [key, field];
        return [key, field.map((word: unknown, index) => spokenAsWritten(word, where, `words.${index}.w`))];
      }),
  );
}

function spokenAsWritten(word: unknown, where: string, field: string): unknown {
  return isRecord(word) && "w" in word ? { ...word, w: textOf(word["w"], where, field) } : word;
}

function textOf(value: unknown, where: string, field: string): unknown {
  if (typeof value !== "number") return value;
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw fieldError(where, field, "the number is too long to be kept exactly", "Put it in quotes.");
  return String(value);
}

/**
 * Ids by line: given ones as they are; others from the file's name without its ending, from its whole path where names repeat or
 * are given to another clip.
 */
function idsOf(given: readonly (string | undefined)[], files: readonly string[]): string[] {
  const stems = files.map((file) =>
    withoutEnding(file.slice(1 + Math.max(...["/", "\\"].map((c) => file.lastIndexOf(c))))),
  );
  const distinct = new Map<string, Set<string>>();
  for (const [index, file] of files.entries()) {
    const id = given[index] ?? stems[index] ?? "";
    const owners = distinct.get(id) ?? new Set();
    // A given id is its own owner, so that it never becomes another clip's as well.
    distinct.set(id, owners.add(given[index] === undefined ? posix.normalize(file) : `\0${id}`));
  }
  const paths = files.map((file) => withoutEnding(posix.normalize(file)));
  const filesOfPath = new Map<string, Set<string>>();
  for (const [index, path] of paths.entries())
    filesOfPath.set(path, (filesOfPath.get(path) ?? new Set()).add(posix.normalize(files[index] ?? "")));
  return files.map((file, index) => {
    const [own, stem = "", path = ""] = [given[index], stems[index], paths[index]];
    if (own !== undefined) return own;
    if ((distinct.get(stem)?.size ?? 0) <= 1) return stem;
    return (filesOfPath.get(path)?.size ?? 0) > 1 ? posix.normalize(file) : path;
  });
}

function withoutEnding(file: string): string {
  return file.slice(0, file.length - extname(file).length);
}

function pathAdvice(file: string): string {
  if (/^[A-Za-z]:[\\/]/.test(file)) return "It is a path of Windows; write one that exists on this machine.";
  if (file.includes("\\")) return `Write the path with forward slashes: "${file.replaceAll("\\", "/")}".`;
  if (file.startsWith("~")) return "~ stands for nothing in a manifest; write the whole path.";
  if (/^\w+:\/\//.test(file)) return "Audio is read from files only; download it first.";
  return "Paths count from the folder of the manifest.";
}
