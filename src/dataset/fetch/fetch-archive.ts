/** Downloads an archive, going on where an earlier attempt ended, and unpacks it when it is what it should be. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { extract } from "tar";
import { BenchError, EXIT, messageOf } from "../../base/errors.ts";
import { makePrivateFolders, openPrivate } from "../../base/files/private-files.ts";
import { isPlainEntry } from "../../base/files/unpack.ts";
import type { Download } from "./downloads.ts";

/** A server that sends nothing for so long is given up. */
const STALL_MS = 60_000;

/** Where to, and who is told. */
export interface FetchOptions {
  /** Folder for the archive and what is unpacked from it. */
  folder: string;
  /** Takes the place of the address. */
  mirror?: string | undefined;
  signal: AbortSignal;
  /** Bytes that are there, of those of the archive. */
  onProgress(bytes: number): void;
}

/**
 * Fetches and unpacks an archive.
 *
 * @returns the folder of the dataset; undefined when it was interrupted: the next call goes on from there
 * @throws BenchError (exit 1) when the server can't be used or sends something else
 */
export async function fetchArchive(download: Download, options: FetchOptions): Promise<string | undefined> {
  const { folder, signal } = options;
  const archive = join(folder, "archive.tar.gz");
  const unpacked = join(folder, "unpacked");
  makePrivateFolders(folder);
  if (!existsSync(unpacked)) {
    if (!existsSync(archive)) await receive(download, `${archive}.part`, options);
    if (signal.aborted) return undefined;
    await mustBe(download, archive);
    const part = `${unpacked}.part`;
    rmSync(part, { recursive: true, force: true });
    makePrivateFolders(part);
    await extract({
      file: archive,
      cwd: part,
      filter: (_, entry) => isPlainEntry(entry),
    });
    renameSync(part, unpacked);
  }
  const root = join(unpacked, download.root);
  if (existsSync(root)) return root;
  throw new BenchError(`${archive} holds no folder ${download.root}`);
}

/** Fetches what is missing of the archive into `part`. */
async function receive({ url, bytes }: Download, part: string, options: FetchOptions): Promise<void> {
  const { mirror = url, signal, onProgress } = options;
  const have = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  if (have >= bytes) return;
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(), STALL_MS);
  try {
    const response = await fetch(mirror, {
      headers: have === 0 ? {} : { range: `bytes=${have}-` },
      signal: AbortSignal.any([signal, stall.signal]),
    });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    // Who knows no ranges begins anew.
    if (response.status !== 206) rmSync(part, { force: true });
    let received = response.status === 206 ? have : 0;
    const file = await openPrivate(part);
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        timer.refresh();
        received += chunk.length;
        if (received > bytes) throw new Error(`more than the ${bytes} bytes that it should have`);
        await file.appendFile(chunk);
        onProgress(received);
      }
    } finally {
      await file.close();
    }
    if (received < bytes) throw new Error(`ended after ${received} of ${bytes} bytes`);
  } catch (error) {
    if (signal.aborted) return;
    const why = stall.signal.aborted ? `nothing came for ${STALL_MS / 1000} s` : reasonOf(error);
    throw new BenchError(`${mirror} can't be fetched: ${why}`, {
      exitCode: EXIT.ourError,
      hint: "The same command goes on from what is there. Behind a proxy, fetch it by other means and use `bench dataset import`.",
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** The reason of a failed fetch: undici only says "fetch failed" and puts the reason into the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return messageOf(cause ?? error);
}

/** Puts the finished download in its place, if its checksum is right; else it is taken away. */
async function mustBe({ sha256 }: Download, archive: string): Promise<void> {
  const part = `${archive}.part`;
  const file = existsSync(archive) ? archive : part;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  const found = hash.digest("hex");
  if (found === sha256) {
    if (file === part) renameSync(part, archive);
    return;
  }
  rmSync(file);
  throw new BenchError(`the archive is not the one that is known: its SHA-256 is ${found}, not ${sha256}`, {
    hint: "It was removed. Run the command again; if that does not help, the server has another file.",
  });
}
