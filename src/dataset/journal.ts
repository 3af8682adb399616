/**
 * The progress of an import, a line for each clip of the source: an import that was killed goes on where it was, and one
 * whose source has grown does only what is new.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { IMPORT_JOURNAL } from "../base/dataset/find-manifest.ts";
import { BenchError } from "../base/errors.ts";
import { appendPrivate } from "../base/files/private-files.ts";
import { isRecord } from "../base/record.ts";
import type { AudioFacts } from "./cut-clip.ts";
import type { BadLine } from "./import/importer.ts";
import { isBadLine } from "./import/importer.ts";
import { sourceLines } from "./import/source-lines.ts";

/** Name of the file that keeps a second import out of the folder. */
export const LOCK = "import.lock";
const SCHEMA = "riva-bench/import@1";

/** A WAV file that was written. */
export interface DonePart {
  /** Relative to the folder of the import. */
  file: string;
  /** Ending of the clip's id. */
  suffix: string;
  /** Index of the channel it was cut from. */
  channel: number;
  facts: AudioFacts;
}

/** The journal of one import. */
export interface Journal {
  /** The parts of a clip that are done and whole: their files are read and their hashes compared. */
  done(key: string): readonly DonePart[] | undefined;
  add(key: string, parts: readonly DonePart[]): void;
}

/**
 * Opens the journal in `out`, or begins one.
 * @throws BenchError (exit 2) when the folder holds other things, or the import of another source
 */
export async function openJournal(out: string, source: string): Promise<Journal> {
  const path = join(out, IMPORT_JOURNAL);
  const known = new Map<string, readonly DonePart[]>();
  if (existsSync(path)) await readJournal(path, source, known);
  else {
    if (readdirSync(out).some((name) => name !== LOCK))
      throw BenchError.usage(
        `${out} is not empty, and no import was begun in it`,
        "Give another folder with --out.",
      );
    appendPrivate(path, `${JSON.stringify({ schema: SCHEMA, source })}\n`);
  }
  return {
    done(key) {
      const parts = known.get(key);
      return parts?.every((part) => isWhole(out, part)) === true ? parts : undefined;
    },
    add(key, parts) {
      appendPrivate(path, `${JSON.stringify({ key, parts })}\n`);
    },
  };
}

async function readJournal(
  path: string,
  source: string,
  known: Map<string, readonly DonePart[]>,
): Promise<void> {
  for await (const line of sourceLines(path)) {
    const entry = parsed(line);
    if (!isBadLine(line) && line.line === 1 && entry?.["source"] !== source)
      throw BenchError.usage(
        `${path} belongs to the import of ${String(entry?.["source"])}, not of ${source}`,
        "Give another folder with --out.",
      );
    const { key, parts } = entry ?? {};
    if (typeof key === "string") known.set(key, parts as readonly DonePart[]);
  }
  // A kill in the middle of a line leaves it without its end.
  appendPrivate(path, "\n");
}

/** A line that a kill has cut short is not known. */
function parsed(line: { text: string } | BadLine): Record<string, unknown> | undefined {
  try {
    const value: unknown = isBadLine(line) ? undefined : JSON.parse(line.text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isWhole(out: string, { file, facts }: DonePart): boolean {
  try {
    return (
      createHash("sha256")
        .update(readFileSync(join(out, file)))
        .digest("hex") === facts.sha256
    );
  } catch {
    return false;
  }
}
