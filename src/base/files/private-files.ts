/**
 * What a run leaves holds transcripts: nobody but its user reads it, whatever the umask. Every file and folder of run data is
 * made here; the linter keeps other ways of writing out of `src/`.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** As the umask leaves it. */
const SHARED_FILE = 0o666;
const SHARED_FOLDER = 0o777;
const OTHERS = 0o077;

/** Writes a file whole. One that is there already becomes private before it is written. @throws Error of the file system */
export function writePrivate(path: string, content: string | Uint8Array): void {
  put(path, "w", content);
}

/** Writes a file beside `path` and puts it in its place: it is there whole or not at all. @throws Error of the file system */
export function replacePrivate(path: string, content: string | Uint8Array): void {
  writePrivate(`${path}.part`, content);
  renameSync(`${path}.part`, path);
}

/** As `replacePrivate`, and it outlives a power cut: file and folder are on the disk when it returns. */
export function replaceDurably(path: string, content: string): void {
  writePrivate(`${path}.part`, content);
  flush(`${path}.part`);
  renameSync(`${path}.part`, path);
  flush(dirname(path));
}

/**
 * Writes a file of others, whole or not at all, and leaves it its owner and its mode. A link goes on pointing to it.
 *
 * @throws Error of the file system; the old file is there then
 */
export function replaceShared(path: string, content: string): void {
  const real = realpathSync(path);
  const { mode, uid, gid } = statSync(real);
  const part = `${real}.part`;
  writePrivate(part, content);
  orKeep(() => chownSync(part, uid, gid));
  orKeep(() => chmodSync(part, mode & 0o7777));
  flush(part);
  renameSync(part, real);
  flush(dirname(real));
}

/** Makes a file. @returns false when there is one already. @throws Error of the file system */
export function createPrivate(path: string, content: string): boolean {
  try {
    put(path, "wx", content);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Appends to a file; as `writePrivate`. */
export function appendPrivate(path: string, text: string): void {
  put(path, "a", text);
}

/** Opens a file for appending; as `writePrivate`. */
export async function openPrivate(path: string): Promise<FileHandle> {
  const file = await open(path, "a", PRIVATE_FILE);
  if (((await file.stat()).mode & OTHERS) !== 0) await file.chmod(PRIVATE_FILE).catch(keepsItsMode);
  return file;
}

/**
 * Writes a file that its user has named: private inside the folder of a run or of a series, elsewhere as the umask has it,
 * for reports are made to be shown.
 */
export function writeNamed(path: string, text: string): void {
  if (isAmongRuns(dirname(path))) writePrivate(path, text);
  else writeFileSync(path, text, { mode: SHARED_FILE });
}

/** Appends to a file of others, such as the summary of a CI system. */
export function appendShared(path: string, text: string): void {
  writeFileSync(path, text, { flag: "a", mode: SHARED_FILE });
}

/** Makes a folder and those above it, for run data: nobody else looks inside. @throws Error of the file system */
export function makePrivateFolders(path: string): void {
  makeFolders(path, PRIVATE_FOLDER);
}

/** Makes a folder and those above it, as the umask has it. @throws Error of the file system */
export function makeSharedFolders(path: string): void {
  makeFolders(path, SHARED_FOLDER);
}

/**
 * Makes the folder of a run or of a series, or takes one that is there: an empty one becomes private, one that holds other
 * things stays as it is (its user may share them), and what is written into it is private by itself.
 */
export function makeRunFolder(path: string): void {
  if (existsSync(path) && readdirSync(path).length === 0) makePrivate(path);
  else makePrivateFolders(path);
}

/**
 * Copies the files and folders of run data; links could lead anywhere, and pipes would block. The copy is private, also where
 * the original is older than that rule.
 */
export function copyPrivate(from: string, to: string): void {
  mkdirSync(to, { mode: PRIVATE_FOLDER });
  cpSync(from, to, { recursive: true, filter: isPlain });
  makePrivate(to);
}

/** Takes everything in and below a folder away from others. */
function makePrivate(path: string): void {
  const found = lstatSync(path);
  const folder = found.isDirectory();
  if ((found.mode & OTHERS) !== 0) orKeep(() => chmodSync(path, folder ? PRIVATE_FOLDER : PRIVATE_FILE));
  if (folder) for (const name of readdirSync(path)) makePrivate(join(path, name));
}

function isPlain(path: string): boolean {
  const found = lstatSync(path);
  return found.isFile() || found.isDirectory();
}

function orKeep(change: () => void): void {
  try {
    change();
  } catch (error) {
    keepsItsMode(error);
  }
}

/** Some file systems know no modes, and what another user has made is his: that is no reason to lose a run. */
function keepsItsMode(error: unknown): void {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (!/^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EINVAL)$/.test(code)) throw error;
}

function put(path: string, flag: "w" | "wx" | "a", content: string | Uint8Array): void {
  const file = openSync(path, flag, PRIVATE_FILE);
  try {
    const stat = fstatSync(file);
    if (stat.isFile() && (stat.mode & OTHERS) !== 0) orKeep(() => fchmodSync(file, PRIVATE_FILE));
    writeFileSync(file, content);
  } catch (error) {
    // Whoever makes a file to be alone must not find it there next time without a word in it: the disk was full.
    if (flag === "wx") rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function flush(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function isAmongRuns(folder: string): boolean {
  if (["run.json", "result.json", "series.json"].some((name) => existsSync(join(folder, name)))) return true;
  const above = dirname(folder);
  return above !== folder && isAmongRuns(above);
}

/**
 * Not mkdir's `recursive`: where the file system refuses new folders by ENOENT (/proc), Node 20 never returns from it.
 */
function makeFolders(path: string, mode: number): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another run may have made it just now.
    if (!existsSync(path)) throw error;
  }
}
