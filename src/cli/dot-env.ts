import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Where the value of a setting came from. */
export interface Setting {
  value: string;
  /** For people: `RIVA_HOST` or `RIVA_HOST in .env`. */
  source: string;
}

/** Looks a variable up: the environment first, then `.env`; empty means not set. */
export type Environment = (name: string) => Setting | undefined;

/** The process's environment with the `.env` of the working folder behind it. */
export async function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<Environment> {
  const file = parseDotEnv(await readFile(join(cwd, ".env"), "utf8").catch(() => ""));
  return (name) => {
    const real = env[name];
    if (real !== undefined) return real === "" ? undefined : { value: real, source: name };
    const value = file.get(name) ?? "";
    return value === "" ? undefined : { value, source: `${name} in .env` };
  };
}

/** `NAME=value` lines; `export`, quotes and comments as a shell reads them, no substitution. Other lines are skipped. */
export function parseDotEnv(text: string): Map<string, string> {
  const values = new Map<string, string>();
  const assignment = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|(.*?))\s*(?:\s#.*)?$/;
  for (const line of text.split(/\r?\n/)) {
    const match = assignment.exec(line);
    if (match?.[1] !== undefined) values.set(match[1], match[2] ?? match[3] ?? match[4] ?? "");
  }
  return values;
}
