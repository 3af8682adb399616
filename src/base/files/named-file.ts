import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { BenchError, nearestName } from "../errors.ts";
import { readText } from "./text-file.ts";

/** Where YAML files of one sort are kept, and where paths count from. */
export interface NamedFiles {
  /** What they are, for messages: "scenario". */
  readonly what: string;
  readonly folder: string;
  readonly cwd: string;
}

/**
 * Reads a YAML file given by the name of one that comes with the package, or by its path.
 *
 * @throws BenchError (exit 2): unknown name, with the nearest one; unreadable file.
 */
export async function readNamedFile(
  nameOrPath: string,
  { what, folder, cwd }: NamedFiles,
): Promise<{ path: string; text: string }> {
  const isPath = /[/\\]|\.ya?ml$/.test(nameOrPath);
  const path = isPath ? resolve(cwd, nameOrPath) : join(folder, `${nameOrPath}.yaml`);
  if (isPath) return { path, text: await readText(path, { what, shown: nameOrPath }) };
  try {
    return { path, text: await readText(path) };
  } catch {
    const names = await listNamedFiles(folder);
    const near = nearestName(nameOrPath, names);
    throw BenchError.usage(
      `unknown ${what} "${nameOrPath}"`,
      near === undefined
        ? `Known are ${names.join(", ")}; or give the path of a YAML file.`
        : `Did you mean "${near}"?`,
    );
  }
}

/** The names there are, numbers in them in order of size. */
export async function listNamedFiles(folder: string): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => basename(file, ".yaml"))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}
