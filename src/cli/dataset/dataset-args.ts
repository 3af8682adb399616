/** What was typed after `bench dataset`. */
import { BenchError } from "../../base/errors.ts";
import type { Channel } from "../../dataset/cut-clip.ts";

/** The command line, read; flags of other actions are absent. */
export interface DatasetArgs {
  action: string;
  source?: string;
  out?: string;
  format?: string;
  channel?: Channel;
  skipBad?: boolean;
  language?: string;
  mirror?: string;
  json?: boolean;
  quiet?: boolean;
}

/** The operand. @throws BenchError (exit 2) without one */
export function sourceOf({ action, source }: DatasetArgs, what: string): string {
  if (source !== undefined && source !== "") return source;
  throw BenchError.usage(`bench dataset ${action}: ${what} is missing`, "See `bench dataset --help`.");
}
