/** Reads the records of a run folder: the one way from `sessions.ndjson` back to what was observed. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { BenchError, messageOf } from "../../base/errors.ts";
import type { ClipFacts, Observation } from "../observation/observation.ts";
import { clipFactsIn, sessionIn } from "./stored-lines.ts";

/** Paths of `sessions.ndjson` and `clips.ndjson`; one that is not there counts as empty. */
export interface SessionFiles {
  sessionsFile: string;
  clipsFile: string;
}

/**
 * The sessions that left a record, whole, in about the order of their ends; what can't be read is left out.
 * @throws BenchError (exit 2) when a file is there and can't be read
 */
export async function* recordedSessions(files: SessionFiles): AsyncGenerator<Observation> {
  for await (const observation of sessionsOrGaps(files.sessionsFile, await readClips(files.clipsFile))) {
    if (observation !== undefined) yield observation;
  }
}

/**
 * The same with undefined for each line that can't be read, such as one that was cut short in the middle of its write.
 * @throws BenchError (exit 2) when the file is there and can't be read, or has a session twice: counts would be wrong
 */
export async function* sessionsOrGaps(
  sessionsFile: string,
  clips: ReadonlyMap<string, ClipFacts>,
): AsyncGenerator<Observation | undefined> {
  const known = new Set<number>();
  for await (const session of linesOf(sessionsFile, "seq", (line) => sessionIn(line, clips))) {
    if (session !== undefined && known.size === known.add(session.seq).size)
      throw BenchError.usage(
        `${sessionsFile}: session ${session.seq} is there twice: this file was put together from several`,
        "Restore the file of the run; of lines that are the same keep one.",
      );
    yield session;
  }
}

/** Facts of the clips of a run by their ids. @throws BenchError (exit 2) when the file is there and can't be read */
export async function readClips(clipsFile: string): Promise<Map<string, ClipFacts>> {
  const clips = new Map<string, ClipFacts>();
  for await (const facts of linesOf(clipsFile, "id", clipFactsIn)) {
    if (facts !== undefined) clips.set(facts.id, facts);
  }
  return clips;
}

/**
 * The JSON objects of a file, a line each; undefined for what is none. Workers append to one file: what one of them was
 * killed in the middle of may stand before the whole line of another, which is found again by how lines begin.
 * @param first name of the first field
 * @param read undefined for what is no such record
 * @throws BenchError (exit 2) when the file is there and can't be read
 */
export async function* linesOf<T>(
  path: string,
  first: string,
  read: (line: string) => T | undefined,
): AsyncGenerator<T | undefined> {
  const stream = createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 20 });
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      const whole = read(line);
      if (whole === undefined) {
        const next = line.lastIndexOf(`{"${first}":`);
        const rest = next > 0 ? read(line.slice(next)) : undefined;
        if (rest !== undefined) yield rest;
      }
      yield whole;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw BenchError.usage(`${path} can't be read: ${messageOf(error)}`);
  }
}
