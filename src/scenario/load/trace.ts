/**
 * Recorded starts to replay: a CSV file with a header, or JSON lines. `start_s` is seconds from the start of the run,
 * `clip` (optional) the id of a clip. One of the few files that read the disk.
 */
import { extname } from "node:path";
import { BenchError, messageOf } from "../../base/errors.ts";
import { readText } from "../../base/files/text-file.ts";

export interface TraceStart {
  startMs: number;
  clip?: string;
  /** Of the file, for messages. */
  line: number;
}

export interface Trace {
  file: string;
  /** In order of time. */
  starts: TraceStart[];
}

/** @throws BenchError (exit 2) naming the file, the line and what is wrong there */
export async function loadTrace(file: string): Promise<Trace> {
  const text = await readText(file, { what: "trace" });
  return { file, starts: parseTrace(text, file) };
}

/** The trace of a load that has one. */
export async function traceOf(load: { model: string; file?: string }): Promise<Trace | undefined> {
  return load.model === "trace" && load.file !== undefined ? loadTrace(load.file) : undefined;
}

/** Reads the text of a trace; empty lines and lines that begin with # are skipped, any order is put in order. */
export function parseTrace(text: string, file: string): TraceStart[] {
  const starts: TraceStart[] = [];
  const read = extname(file).toLowerCase() === ".csv" ? csvReader() : readJsonLine;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const where = `${file}:${index + 1}`;
    const fields = read(line, where);
    if (fields === undefined) continue;
    const { startS, clip } = fields;
    if (!Number.isFinite(startS) || startS < 0)
      throw BenchError.usage(`${where}: start_s: must be a number of seconds from 0`);
    starts.push({ startMs: startS * 1000, ...(clip === undefined ? {} : { clip }), line: index + 1 });
  }
  if (starts.length === 0) {
    throw BenchError.usage(
      `${file}: the trace is empty`,
      'A line of JSON is {"start_s": 1.5, "clip": "hello"}.',
    );
  }
  // The sort is stable: starts at one instant keep the order of the file.
  return starts.sort((a, b) => a.startMs - b.startMs);
}

interface Fields {
  startS: number;
  clip?: string;
}

function csvReader(): (line: string, where: string) => Fields | undefined {
  let columns: string[] | undefined;
  return (line, where) => {
    const cells = line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
    if (columns === undefined) {
      columns = cells;
      const alien = columns.find((name) => name !== "start_s" && name !== "clip");
      if (alien !== undefined || !columns.includes("start_s")) {
        throw BenchError.usage(`${where}: the header must be start_s or start_s,clip`);
      }
      return undefined;
    }
    if (cells.length !== columns.length) {
      throw BenchError.usage(`${where}: ${cells.length} values, the header has ${columns.length}`);
    }
    const start = cells[columns.indexOf("start_s")] ?? "";
    const clip = cells[columns.indexOf("clip")] ?? "";
    return { startS: start === "" ? NaN : Number(start), ...(clip === "" ? {} : { clip }) };
  };
}

function readJsonLine(line: string, where: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw BenchError.usage(`${where}: not JSON (${messageOf(error)})`, "A trace has one JSON object a line.");
  }
  if (typeof value !== "object" || value === null) throw BenchError.usage(`${where}: must be an object`);
  const { start_s: startS, clip } = value as { start_s?: unknown; clip?: unknown };
  if (clip !== undefined && typeof clip !== "string")
    throw BenchError.usage(`${where}: clip: must be a text`);
  return { startS: typeof startS === "number" ? startS : NaN, ...(clip === undefined ? {} : { clip }) };
}
