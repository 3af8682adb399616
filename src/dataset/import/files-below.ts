/** The files of a tree. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Paths of the files in and below a folder, in order of name; symbolic links to folders are not followed. */
export function* filesBelow(folder: string): Generator<string, void> {
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}
