/** Puts the records of shards into one run folder, as one run would have written them. */
import { readFileSync } from "node:fs";
import { openPrivate, writePrivate } from "../../base/files/private-files.ts";
import { BenchError, messageOf } from "../../base/errors.ts";
import type { RunEvent } from "../../metrics/result/run-event.ts";
import { fieldsIn, isTime } from "../../metrics/result/stored-lines.ts";
import { linesOf } from "../../metrics/result/stored-sessions.ts";
import { isClosed } from "../../scenario/load/load.ts";
import type { RunnableScenario } from "../../scenario/scenario.ts";
import type { RunFolder } from "../../store/run-folder.ts";
import { recordFiles } from "../../store/run-folder.ts";
import { readRunEvents } from "../../store/stored-run.ts";
import type { StoredShard } from "./read-shards.ts";

/** A line of a shard's records. */
interface Line {
  /** When the session ended, or was to start; milliseconds since T0. */
  atMs: number;
  text: string;
  seq: unknown;
  isSteady: boolean;
}

/**
 * Writes sessions (in about the order of their ends), starts, clips and events of all shards.
 * @returns how many lines were left out because they were cut short in the middle of their write, and the events
 * @throws BenchError (exit 2) for records that lack sessions or have one that its shard did not have in the plan, (exit 1) when the folder can't be written
 */
export async function mergeRecords(
  shards: readonly StoredShard[],
  { load }: Pick<RunnableScenario, "load">,
  folder: RunFolder,
): Promise<{ unreadable: number; events: RunEvent[] }> {
  const to = recordFiles(folder.path);
  // Places of an open load are numbered in each worker by itself.
  const dealtBy = isClosed(load) ? "slot" : "seq";
  let unreadable = 0;
  /** Sessions of the window that left a line, of shards that were cut short in their drain. */
  const left = new Map(shards.flatMap((shard) => (shard.isCutInDrain ? [[shard, new Set()]] : [])));
  const linesIn = async function* (
    shard: StoredShard,
    file: "sessionsFile" | "startsFile",
  ): AsyncGenerator<Line> {
    const path = recordFiles(shard.folder)[file];
    let steady = 0;
    for await (const line of linesOf(path, "seq", (text) => lineIn(text, dealtBy))) {
      if (line === undefined) unreadable++;
      else {
        mustBeOf(shard, line.dealt, path);
        if (line.isSteady) {
          steady++;
          left.get(shard)?.add(line.seq);
        }
        yield line;
      }
    }
    if (shard.isWhole && !shard.isCutInDrain && file === "sessionsFile") mustBeComplete(shard, steady, path);
    // What it had under way has no record, but a start, which is read afterwards.
    const known = left.get(shard)?.size;
    if (known !== undefined && file === "startsFile" && known < recordedBy(shard))
      throw lacks(shard, known, path);
  };
  await write(to.sessionsFile, inOrder(shards.map((shard) => linesIn(shard, "sessionsFile"))));
  await write(to.startsFile, inOrder(shards.map((shard) => linesIn(shard, "startsFile"))));
  const [first] = shards;
  if (first !== undefined) writePrivate(to.clipsFile, readFileSync(recordFiles(first.folder).clipsFile));
  const events = shards.flatMap(eventsOf).sort((a, b) => a.atMs - b.atMs);
  for (const event of events) folder.event(event);
  return { unreadable, events };
}

function lineIn(text: string, dealtBy: "slot" | "seq"): (Line & { dealt: number }) | undefined {
  const fields = fieldsIn(text);
  const [atMs, dealt] = [fields?.["endedMs"] ?? fields?.["scheduledMs"], fields?.[dealtBy]];
  if (!isTime(atMs) || !Number.isSafeInteger(dealt)) return undefined;
  return {
    atMs,
    text,
    seq: fields?.["seq"],
    isSteady: fields?.["phase"] === "steady",
    dealt: dealt as number,
  };
}

/**
 * A file that lost its end on the way from another machine would make the whole smaller, not worse.
 * @param steady sessions of the window that it has
 */
function mustBeComplete(shard: StoredShard, steady: number, path: string): void {
  if (steady !== recordedBy(shard)) throw lacks(shard, steady, path);
}

/** Sessions of the window that a shard had to write down. */
function recordedBy({ result: { sessions } }: StoredShard): number {
  const lost = sessions.failures.filter((one) => one.class === "worker-lost");
  return sessions.scheduled - lost.reduce((sum, { count }) => sum + count, 0);
}

function lacks(shard: StoredShard, steady: number, path: string): BenchError {
  return BenchError.usage(
    `${path} has ${steady} sessions of the window, and its result.json has ${recordedBy(shard)}`,
    shard.isCutInDrain
      ? "Copy the folder of that shard again; if its disk was full, leave it out: it counts as missing then."
      : "Copy the folder of that shard again.",
  );
}

/** @param dealt the number by which the plan deals sessions out: of the caller, or of the session */
function mustBeOf({ shard: { index, count } }: StoredShard, dealt: number, path: string): void {
  if (dealt % count === index - 1) return;
  throw BenchError.usage(
    `${path} has a session that the plan gives to shard ${(dealt % count) + 1}, not to shard ${index}`,
    "Restore the file of that shard.",
  );
}

/** The lines of several files, each in about the order of its times. */
async function* inOrder(files: readonly AsyncGenerator<Line>[]): AsyncGenerator<string> {
  /** The next line of each file, the earliest first. */
  const heads: { line: Line; file: AsyncGenerator<Line> }[] = [];
  const advance = async (file: AsyncGenerator<Line>): Promise<void> => {
    const next = await file.next();
    if (next.done === true) return;
    const place = heads.findLastIndex(({ line }) => line.atMs <= next.value.atMs) + 1;
    heads.splice(place, 0, { line: next.value, file });
  };
  for (const file of files) await advance(file);
  for (let head = heads.shift(); head !== undefined; head = heads.shift()) {
    yield head.line.text;
    await advance(head.file);
  }
}

/** Bytes, about, that are written at a time. */
const BLOCK = 1 << 20;

async function write(path: string, lines: AsyncGenerator<string>): Promise<void> {
  const file = await openPrivate(path);
  let block = "";
  const flush = async (): Promise<void> => {
    try {
      await file.appendFile(block);
    } catch (error) {
      throw new BenchError(`${path} can't be written: ${messageOf(error)}`, {
        hint: "Free some space, or give another folder with --out.",
        cause: error,
      });
    }
    block = "";
  };
  try {
    for await (const line of lines) {
      block += `${line}\n`;
      if (block.length >= BLOCK) await flush();
    }
    await flush();
  } finally {
    await file.close();
  }
}

/** With the shard that each speaks of. A file may hold anything: a shard loses no workers but its own. */
function eventsOf({ folder, shard: { index, count }, result }: StoredShard): RunEvent[] {
  const own = new Set(Array.from({ length: result.run.workers }, (_, at) => index + count * at));
  return readRunEvents(folder).map(({ stall, lost, ...event }) => ({
    ...event,
    message: `shard ${index}: ${event.message}`,
    ...(lost !== undefined && own.has(lost.worker) ? { lost } : {}),
    ...(stall === undefined ? {} : { stall: { ...stall, process: `${stall.process} of shard ${index}` } }),
  }));
}
