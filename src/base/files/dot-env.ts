import { join } from "node:path";
import { BenchError } from "../errors.ts";
import { readNamedBytes } from "./read-file.ts";
import { decodeText, whyUnreadable } from "./text-file.ts";

/** Where the value of a setting came from. */
export interface Setting {
  value: string;
  /** For people: `RIVA_HOST` or `RIVA_HOST in .env`. */
  source: string;
}

/**
 * Looks a variable up: the environment first, then `.env`; an empty value counts as not set, so that `.env` is asked. Only names that are asked for are ever read
 * from `.env`: nothing in it reaches this process's environment (`NODE_OPTIONS`) or that of a child.
 */
export type Environment = (name: string) => Setting | undefined;

/**
 * The process's environment with the `.env` of the working folder behind it.
 * @throws BenchError (exit 2) for a `.env` that is there and can't be read
 */
export async function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<Environment> {
  const file = await readDotEnv(cwd);
  return (name) => {
    const real = env[name] ?? "";
    if (real !== "") return { value: real, source: name };
    const value = file.get(name) ?? "";
    return value === "" ? undefined : { value, source: `${name} in .env` };
  };
}

/**
 * The `.env` of a folder; empty when there is none.
 * @throws BenchError (exit 2) for one that can't be read or is no UTF-8 text
 */
export async function readDotEnv(cwd: string): Promise<Map<string, string>> {
  const path = join(cwd, ".env");
  let bytes: Buffer;
  try {
    bytes = await readNamedBytes(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code)))
      return new Map();
    throw unusable(path, whyUnreadable(error));
  }
  return parseDotEnv(decodeText(bytes, path));
}

function unusable(path: string, why: string): BenchError {
  return BenchError.usage(
    `${path} can't be read: ${why}`,
    "Its settings are NAME=value lines. Mend it, move it away, or start from another folder.",
  );
}

/** `NAME=value` lines; `export`, quotes and comments as a shell reads them, no substitution. Other lines are skipped. */
export function parseDotEnv(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r\n?|\n/)) {
    const [, name, value = ""] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)$/s.exec(line) ?? [];
    if (name !== undefined) values.set(name, valueIn(value.trim()));
  }
  return values;
}

/** What stands in the quotes, else all before a comment. */
function valueIn(text: string): string {
  const quote = text[0];
  const end = quote === '"' || quote === "'" ? text.indexOf(quote, 1) : -1;
  if (end > 0 && /^(?:\s+#|\s*$)/.test(text.slice(end + 1))) return text.slice(1, end);
  const comment = /\s#/.exec(text);
  return comment === null ? text : text.slice(0, comment.index).trimEnd();
}
