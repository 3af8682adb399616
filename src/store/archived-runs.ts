/** Baselines as CI systems keep them: folders of runs, or archives of such folders. An archive may come from anywhere. */
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix, resolve } from "node:path";
import { createGunzip } from "node:zlib";
import { BenchError, EXIT, messageOf } from "../base/errors.ts";
import { unpackInto } from "../base/files/unpack.ts";
import { systemError } from "../base/system-error.ts";
import { findRuns } from "./find-runs.ts";
import type { StoredRun } from "./stored-run.ts";

const ARCHIVE = /\.(tar|tar\.gz|tgz)$/i;
/** What a result is read from; pages and histograms stay packed. */
const READ = /^(result\.json|run\.json|scenario\.yaml|[a-z]+\.ndjson)$/;

/** What an archive may hold. A hundred runs of an hour at a thousand streams are within it. */
export interface ArchiveLimits {
  entries: number;
  /** Unpacked, headers and padding included. */
  bytes: number;
  /** Unpacked bytes for one packed, where there are more than `ratioFromBytes` of them. Session records have 10 to 30. */
  ratio: number;
  ratioFromBytes: number;
}

const LIMITS: ArchiveLimits = {
  entries: 20_000,
  bytes: 4 * 2 ** 30,
  ratio: 200,
  ratioFromBytes: 64 * 2 ** 20,
};

/**
 * Like findRuns, and paths may be archives (`.tar`, `.tar.gz`, `.tgz`). These are unpacked for as long as their results are
 * read, so the folders of their runs are gone afterwards.
 * @throws BenchError (exit 2) for a path that holds no run, or an archive that can't be unpacked or is larger than the limits
 */
export async function findArchivedRuns(
  paths: readonly string[],
  cwd: string,
  limits: ArchiveLimits = LIMITS,
): Promise<StoredRun[]> {
  const folders = paths.filter((path) => !ARCHIVE.test(path));
  const runs = folders.length === 0 ? [] : await findRuns(folders, cwd);
  for (const path of paths.filter((name) => ARCHIVE.test(name))) {
    runs.push(...(await runsOfArchive(resolve(cwd, path), limits)));
  }
  return runs;
}

async function runsOfArchive(file: string, limits: ArchiveLimits): Promise<StoredRun[]> {
  // Of this call alone, and nobody else may look into it.
  const folder = await mkdtemp(join(tmpdir(), "riva-bench-archive-"));
  try {
    await unpack(file, folder, limits);
    return await findRuns([folder], folder);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    // Where it was unpacked means nothing to anybody.
    throw new BenchError(error.message.replaceAll(folder, file), {
      exitCode: error.exitCode,
      hint: error.hint,
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpack(file: string, folder: string, limits: ArchiveLimits): Promise<void> {
  try {
    const { size } = await stat(file);
    const packed = createReadStream(file);
    const source = (await isGzip(file)) ? packed.pipe(createGunzip()) : packed;
    packed.on("error", (error) => source.destroy(error));
    const check = limitCheck(limits, size);
    await unpackInto(counted(source, check), folder, {
      accept(path, isFolder) {
        check.entry(path, isFolder);
        return isFolder || READ.test(posix.basename(path));
      },
    });
  } catch (error) {
    if (error instanceof BenchError) throw error;
    const known = systemError(error);
    if (known?.exitCode === EXIT.ourError) throw known;
    throw BenchError.usage(
      `${file} can't be unpacked: ${messageOf(error)}`,
      "Make it with: tar czf baseline.tar.gz baselines/main",
    );
  }
}

interface LimitCheck {
  /** @throws Error when so many unpacked bytes are too many */
  bytes(count: number): void;
  /** @throws Error for one entry too many, or a file whose name was there before */
  entry(path: string, isFolder: boolean): void;
}

function limitCheck(limits: ArchiveLimits, packedBytes: number): LimitCheck {
  const seen = new Set<string>();
  let total = 0;
  let entries = 0;
  return {
    bytes(count) {
      total += count;
      if (total > limits.bytes) throw new Error(`it holds more than ${limits.bytes} bytes`);
      if (total > limits.ratioFromBytes && total > limits.ratio * packedBytes)
        throw new Error(`it unpacks to more than ${limits.ratio} times its size`);
    },
    entry(path, isFolder) {
      if (++entries > limits.entries) throw new Error(`it holds more than ${limits.entries} files`);
      if (isFolder) return;
      const name = posix.normalize(path).replace(/\/$/, "");
      if (seen.has(name)) throw new Error(`it holds ${name} twice`);
      seen.add(name);
    },
  };
}

/** A source whose bytes are counted as they pass. */
async function* counted(source: AsyncIterable<Buffer>, check: LimitCheck): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    check.bytes(chunk.length);
    yield chunk;
  }
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}
