/** Folders for what a command writes. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it. Not mkdir's `recursive`: where the file system refuses new folders by ENOENT (/proc),
 * Node 20 never returns from it.
 *
 * @throws Error of the file system when one can't be made
 */
export function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another run may have made it just now.
    if (!existsSync(path)) throw error;
  }
}
