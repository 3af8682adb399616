/** Facts of this machine and program that go into a result. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** This process, and the program that runs it. */
export const PROCESS_ID: number = process.pid;
export const NODE_VERSION: string = process.version;
export const PLATFORM: NodeJS.Platform = process.platform;

/** Where this process runs, and what it was given. */
export function processFacts(): { cwd: string; env: Readonly<Record<string, string | undefined>> } {
  return { cwd: process.cwd(), env: process.env };
}

/** Whether a process of this machine lives, or at least one that got its number. */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

/** This program's version. */
export function packageVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
}

/**
 * Commit that this program was built from, with `-dirty` when files had been changed; undefined where it was built without git,
 * or runs from its sources.
 */
export function builtFromCommit(): string | undefined {
  // dist/commit.txt, which scripts/build.mjs writes
  const path = fileURLToPath(new URL("../../commit.txt", import.meta.url));
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

/** Commit of the working copy under `cwd` (of what is being tested, usually), or undefined where there is none. */
export function gitCommit(cwd: string): string | undefined {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty", "--abbrev=12"], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 2000,
    }).trim();
  } catch {
    return undefined;
  }
}
