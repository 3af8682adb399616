/** Where this program keeps what it can make or fetch again. */
import { homedir } from "node:os";
import { join } from "node:path";

/** `$XDG_CACHE_HOME/riva-bench`, else `~/.cache/riva-bench`. */
export function userCache(env: Readonly<Record<string, string | undefined>>): string {
  // An empty variable is not set, here as everywhere.
  const given = (name: string): string | undefined => (env[name] === "" ? undefined : env[name]);
  const cache = given("XDG_CACHE_HOME") ?? join(given("HOME") ?? homedir(), ".cache");
  return join(cache, "riva-bench");
}
