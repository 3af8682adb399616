/** Names that become folders: of runs, and of baselines. They come from results and archives of anywhere. */
import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";

/** Longer ones leave no room for a suffix within the 255 bytes of a file's name. */
const LONGEST = 200;

/**
 * Whether `text` may name a folder of a run: letters, digits, dots, dashes and underscores, the first a letter or a digit. So it is
 * never a path, a hidden file, an option or a command to a terminal.
 */
export function isRunId(text: string): boolean {
  return text.length <= LONGEST && /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u.test(text);
}

/** So much of the scenario's name leaves room for the rest. */
const LONGEST_NAME = 150;

/** A new name of a run: sorts by time, names the scenario, and does not collide. */
export function newRunId(clock: Pick<Clock, "epochMs">, scenario: string): string {
  const stamp = new Date(clock.epochMs()).toISOString().slice(0, 19).replaceAll(":", "-");
  return `${stamp}-${scenario.slice(0, LONGEST_NAME)}-${randomBytes(2).toString("hex")}`;
}
