/** Reads what a page shows of single sessions from the records of a run. */
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ClipFacts } from "../metrics/observation/observation.ts";
import { clipFactsIn } from "../metrics/result/stored-lines.ts";
import type { RunResult } from "../metrics/result/result.ts";
import type { SessionDigest } from "../metrics/result/session-digest.ts";
import { createDigest } from "../metrics/result/session-digest.ts";

/**
 * One pass over `sessions.ndjson`. Undefined where the records are gone: a page of a lone `result.json` does without.
 * @throws the file system's error when they are there and can't be read
 */
export async function readSessionDigest(
  folder: string,
  result: RunResult,
): Promise<SessionDigest | undefined> {
  const file = join(folder, "sessions.ndjson");
  if (!existsSync(file)) return undefined;
  const digest = createDigest(result);
  const stream = createReadStream(file, { encoding: "utf8", highWaterMark: 1 << 20 });
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) digest.add(line);
  const clips = readClips(join(folder, "clips.ndjson"));
  return digest.end((id) => clips.get(id));
}

function readClips(file: string): Map<string, ClipFacts> {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, "utf8").split("\n");
  return new Map(lines.flatMap((line) => clipFactsIn(line) ?? []).map((clip) => [clip.id, clip]));
}
