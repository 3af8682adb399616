/** Lines of a text file of any length, one at a time. */
import { createReadStream } from "node:fs";
import { TextDecoder } from "node:util";
import { BenchError } from "../../base/errors.ts";
import { existingPath, refuseWideText, whyUnreadable } from "../../base/files/text-file.ts";
import type { BadLine } from "./importer.ts";

/** A longer line is no line of a dataset. */
const LONGEST_LINE_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** A line that can be read. */
export interface SourceLine {
  /** `file:line`, for messages. */
  where: string;
  line: number;
  text: string;
}

/**
 * The lines that are not blank, without their ends and byte order marks. What is no UTF-8 is a bad line.
 * @throws BenchError (exit 2) when the file can't be read, or is UTF-16
 */
export async function* sourceLines(path: string): AsyncGenerator<SourceLine | BadLine, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 0;
  for await (const bytes of rawLines(path)) {
    line++;
    const where = `${path}:${line}`;
    if (line === 1) refuseWideText(bytes.subarray(0, 512), path);
    if (bytes.length > LONGEST_LINE_BYTES) {
      yield { where, reason: `longer than ${LONGEST_LINE_BYTES} bytes` };
      continue;
    }
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      yield { where, reason: "not valid UTF-8" };
      continue;
    }
    if (text.includes("\0")) yield { where, reason: "holds NUL: not text" };
    else if (text.trim() !== "") yield { where, line, text: text.replace(/\r$/, "") };
  }
}

/** Bytes between newlines; of a line that is too long no more than tells that it is. */
async function* rawLines(path: string): AsyncGenerator<Buffer, void> {
  let held: Buffer[] = [];
  let bytes = 0;
  const hold = (piece: Buffer): void => {
    if (bytes <= LONGEST_LINE_BYTES) held.push(piece);
    bytes += piece.length;
  };
  const taken = (): Buffer => {
    const line = Buffer.concat(held);
    held = [];
    bytes = 0;
    return line;
  };
  try {
    for await (const chunk of createReadStream(await existingPath(path))) {
      let rest = chunk as Buffer;
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        hold(rest.subarray(0, end));
        yield taken();
        rest = rest.subarray(end + 1);
      }
      hold(rest);
    }
  } catch (error) {
    throw BenchError.usage(`${path} can't be read: ${whyUnreadable(error)}`);
  }
  if (bytes > 0) yield taken();
}

/** The first word of a line and what follows it, as Kaldi and LibriSpeech write them. */
export function keyAndRest(text: string): [key: string, rest: string] {
  const line = text.trim();
  const space = /\s/.exec(line)?.index ?? line.length;
  return [line.slice(0, space), line.slice(space).trim()];
}
