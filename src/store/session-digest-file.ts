/** Reads what a page shows of single sessions from the records of a run. */
import { existsSync } from "node:fs";
import type { RunResult } from "../metrics/result/result.ts";
import type { SessionDigest } from "../metrics/result/session-digest.ts";
import { createDigest } from "../metrics/result/session-digest.ts";
import { recordedSessions } from "../metrics/result/stored-sessions.ts";
import { recordFiles } from "./run-folder.ts";

/**
 * One pass over `sessions.ndjson`. Undefined where the records are gone: a page of a lone `result.json` does without.
 * @throws BenchError (exit 2) when they are there and can't be read
 */
export async function readSessionDigest(
  folder: string,
  result: RunResult,
): Promise<SessionDigest | undefined> {
  const files = recordFiles(folder);
  if (!existsSync(files.sessionsFile) || !existsSync(files.clipsFile)) return undefined;
  const digest = createDigest(result);
  for await (const session of recordedSessions(files)) digest.add(session);
  return digest.end();
}
