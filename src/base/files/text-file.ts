/**
 * Text files that people and their tools write: one reader, so that a byte order mark, UTF-16, broken UTF-8 or the line ends
 * of another system are met alike in manifests, scenarios, targets, settings, traces and results.
 */
import { readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join, parse } from "node:path";
import { BenchError, messageOf } from "../errors.ts";
import { readNamedBytes } from "./read-file.ts";
import { shellWord } from "../text/shell-word.ts";
import { systemError } from "../system-error.ts";

/** Longest text: a string of Node holds a little more than this. */
const LONGEST_BYTES = 500_000_000;

/** How a file is named in messages. */
export interface FileName {
  /** What it is: "trace". */
  what?: string;
  /** As the user gave it; default: its path. */
  shown?: string;
}

/**
 * Reads a UTF-8 text file; line ends become `\n`, a byte order mark is skipped.
 *
 * @throws BenchError (exit 2) naming the file: unreadable, UTF-16, not UTF-8
 */
export async function readText(path: string, name: FileName = {}): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readNamedBytes(await existingPath(path));
  } catch (error) {
    throw unreadable(path, name, error);
  }
  return decodeText(bytes, name.shown ?? path);
}

/** `readText` without waiting, and without a look for other Unicode forms of the path. */
export function readTextSync(path: string, name: FileName = {}): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(path, name, error);
  }
  return decodeText(bytes, name.shown ?? path);
}

/** Why the operating system did not give a file: "no such file or folder (ENOENT)". */
export function whyUnreadable(error: unknown): string {
  const known = systemError(error, "it");
  return known === undefined ? messageOf(error) : known.message.replace(/^it: (?:it is )?/, "");
}

/**
 * The path itself when it exists, else one that differs in the Unicode form of its names only (file systems and archives of
 * macOS decompose, others compose); the path itself when there is none.
 */
export async function existingPath(path: string): Promise<string> {
  if (await exists(path)) return path;
  if (path.normalize("NFD") === path.normalize("NFC")) return path;
  const { root } = parse(path);
  let found = root === "" ? "." : root;
  for (const part of path.slice(root.length).split("/")) {
    const direct = join(found, part);
    if (await exists(direct)) {
      found = direct;
      continue;
    }
    const names = await readdir(found).catch(() => []);
    const other = names.find((name) => name.normalize("NFC") === part.normalize("NFC"));
    if (other === undefined) return path;
    found = join(found, other);
  }
  return found;
}

/**
 * The text of a file. Line ends become `\n`, a byte order mark is skipped.
 *
 * @throws BenchError (exit 2) naming the file, the encoding it seems to have and how to convert it
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  refuseWideText(bytes, name);
  if (bytes.length > LONGEST_BYTES)
    throw BenchError.usage(
      `${name} can't be read: it holds ${bytes.length} bytes, a text holds ${LONGEST_BYTES} at most`,
    );
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const at = firstBadByte(bytes);
    throw BenchError.usage(
      `${name} can't be read: line ${lineOf(bytes, at)}, byte ${at} (0x${hex(bytes[at])}): not valid UTF-8`,
      `A file of an older Windows or Latin-1 program? ${converting("WINDOWS-1252", name)}`,
    );
  }
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    const at = bytes.indexOf(0);
    throw BenchError.usage(
      `${name} can't be read: line ${lineOf(bytes, at)}, byte ${at} is NUL: not a text file`,
    );
  }
  return text.includes("\r") ? text.replaceAll(/\r\n?/g, "\n") : text;
}

/**
 * Looks at the beginning of a file.
 *
 * @throws BenchError (exit 2) for UTF-16 and UTF-32, with the command that converts
 */
export function refuseWideText(bytes: Uint8Array, name: string): void {
  const encoding = wideEncoding(bytes);
  if (encoding !== undefined)
    throw BenchError.usage(`${name} can't be read: it is ${encoding}, not UTF-8`, converting(encoding, name));
}

function converting(encoding: string, name: string): string {
  const out = `${name.slice(0, name.length - extname(name).length)}.utf8${extname(name)}`;
  return `Convert it: iconv -f ${encoding} -t UTF-8 ${shellWord(name)} > ${shellWord(out)}`;
}

/** Without a mark, ASCII in UTF-16 shows by a NUL in every second byte. */
function wideEncoding(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 && bytes.length >= 4 ? "UTF-32" : "UTF-16";
  if (a === 0xfe && b === 0xff) return "UTF-16";
  const sample = bytes.subarray(0, 512);
  const nuls = (odd: number): number =>
    sample.filter((byte, index) => byte === 0 && index % 2 === odd).length;
  const half = sample.length / 2;
  if (sample.length < 2) return undefined;
  const [even, odd] = [nuls(0), nuls(1)];
  if (odd > half * 0.7 && even === 0) return "UTF-16LE";
  if (even > half * 0.7 && odd === 0) return "UTF-16BE";
  return undefined;
}

/** Index of the first byte that belongs to no UTF-8 character. */
function firstBadByte(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) {
    const length = characterBytes(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return bytes.length;
}

/** Bytes of the character that begins here; 0 when none does (Unicode 15, table 3-7). */
function characterBytes(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length =
    first >= 0xc2 && first < 0xe0
      ? 2
      : first >= 0xe0 && first < 0xf0
        ? 3
        : first >= 0xf0 && first < 0xf5
          ? 4
          : 0;
  if (length === 0) return 0;
  const second = bytes[at + 1] ?? 0;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let next = at + 2; next < at + length; next++) if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Counted from 1. */
function lineOf(bytes: Uint8Array, at: number): number {
  let line = 1;
  for (const byte of bytes.subarray(0, at)) if (byte === 0x0a) line++;
  return line;
}

function hex(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, "0");
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function unreadable(path: string, { what, shown = path }: FileName, error: unknown): BenchError {
  const known = systemError(error);
  const name = what === undefined ? shown : `${what} ${shown}`;
  return new BenchError(`${name} can't be read: ${whyUnreadable(error)}`, {
    exitCode: known?.exitCode ?? 2,
    hint: known?.hint,
    cause: error,
  });
}
