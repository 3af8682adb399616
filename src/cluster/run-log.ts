/** The coordinator's log: what people read is passed on, the result is kept. */
import { createInterface } from "node:readline";
import { firstLine } from "./tool-error.ts";
import { messageOf } from "../base/errors.ts";
import type { Tools } from "./tools.ts";

/** In the line that `bench run --json` ends with. */
const RESULT = '"schema":"riva-bench/run@';

export interface RunLog {
  /** The text of `result.json`, where the log held it. */
  result(): string | undefined;
  isFollowing(): boolean;
  /** It was read to its end, so its container has ended, unless the connection broke without a sign. */
  isOver(): boolean;
  stop(): void;
  /** Resolves when the log has ended, with what was wrong where it could not be read. */
  ended: Promise<string | undefined>;
}

/**
 * Follows the log of the coordinator's container.
 * @param isNew false for a log that was followed before, whose connection broke: what is in it already is not told again
 * @param tell gets each line
 */
export function followRunLog(
  tools: Tools,
  pod: string,
  isNew: boolean,
  tell: (line: string) => void,
): RunLog {
  let result: string | undefined;
  let isFollowing = true;
  let isOver = false;
  const stream = tools.follow(["logs", "--follow", "--container=run", ...(isNew ? [] : ["--since=1s"]), pod]);
  const lines = createInterface({ input: stream.stdout, crlfDelay: Infinity });
  lines.on("line", (line) => {
    if (line.startsWith("{") && line.includes(RESULT)) result = line;
    else tell(line);
  });
  const read = new Promise<void>((resolve) => lines.once("close", resolve));
  let isStopped = false;
  const ended = Promise.all([stream.ended, read])
    .then(([{ code, stderr }]) => {
      isOver = code === 0;
      return isOver || isStopped ? undefined : firstLine(stderr);
    }, messageOf)
    .finally(() => (isFollowing = false));
  return { result: () => result, isFollowing: () => isFollowing, isOver: () => isOver, stop, ended };

  function stop(): void {
    isStopped = true;
    stream.stop();
  }
}
