/** JSON objects in a text: one a line, or the elements of one array. */
import { BenchError, messageOf } from "../errors.ts";

export interface JsonItem {
  value: unknown;
  /** `file:line`, for messages; the line on which the object begins. */
  where: string;
  line: number;
}

/** Byte order marks that begin a line: files that were joined, each with its own. */
const MARK_AT_LINE = /^\ufeff+/gmu;

/**
 * The objects of `text`, which has `\n` as line ends. Blank lines are skipped.
 *
 * @param what the file is, for advice: "manifest"
 * @throws BenchError (exit 2) naming file and line for what is not JSON
 */
export function jsonItems(text: string, fileName: string, what: string): JsonItem[] {
  const plain = text.replaceAll(MARK_AT_LINE, "");
  const parts = plain.trimStart().startsWith("[") ? arrayParts(plain, fileName) : lineParts(plain);
  return parts.map(({ text: part, line }) => {
    const where = `${fileName}:${line}`;
    try {
      return { value: JSON.parse(part) as unknown, where, line };
    } catch (error) {
      throw BenchError.usage(`${where}: not JSON (${messageOf(error)})`, advice(part, what));
    }
  });
}

interface Part {
  text: string;
  line: number;
}

function lineParts(text: string): Part[] {
  return text
    .split("\n")
    .map((line, index) => ({ text: line, line: index + 1 }))
    .filter((part) => part.text.trim() !== "");
}

/** The elements as text, so that each can be parsed, and be wrong, with its own line. */
function arrayParts(text: string, fileName: string): Part[] {
  const parts: Part[] = [];
  const open = text.indexOf("[");
  let line = 1 + countLines(text, 0, open);
  let from = open + 1;
  for (const { at, character } of separators(text, open)) {
    const element = text.slice(from, at);
    const blank = element.length - element.trimStart().length;
    const itemLine = line + countLines(text, from, from + blank);
    line += countLines(text, from, at);
    if (element.trim() !== "") parts.push({ text: element.trim(), line: itemLine });
    else if (character === "," || parts.length > 0)
      throw BenchError.usage(
        `${fileName}:${line}: not JSON (a comma without an element)`,
        "Remove the comma.",
      );
    from = at + 1;
    if (character === ",") continue;
    if (text.slice(from).trim() !== "")
      throw BenchError.usage(`${fileName}:${line}: not JSON (the array ends here, more text follows)`);
    return parts;
  }
  const lastLine = 1 + countLines(text, 0, text.trimEnd().length);
  throw BenchError.usage(`${fileName}:${lastLine}: not JSON (the array is not closed)`, "Add the closing ].");
}

/** The commas of the outer array, and its end. */
function* separators(text: string, open: number): Generator<{ at: number; character: string }> {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '"') at = stringEnd(text, at);
    else if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") {
      depth--;
      if (depth === 0) yield { at, character };
    } else if (character === "," && depth === 1) yield { at, character };
  }
}

/** Index of the closing quote of the string that opens at `open`. */
function stringEnd(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

function advice(part: string, what: string): string {
  if (/[}\]],\s*$/.test(part)) return "Remove the comma at the end of the line.";
  const number = /[:[,]\s*(-?Infinity|NaN)\b/.exec(part)?.[1];
  if (number !== undefined) return `JSON has no ${number}: write null, or leave the field out.`;
  return `A ${what} has one JSON object a line, or is one array of objects.`;
}
