/**
 * The dataset of a run on its way to the workers: packed once under its hash in the broker's object store, unpacked once a
 * machine in the user's cache. A worker that has it already fetches nothing.
 */
import { randomBytes } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, isAbsolute, join, normalize } from "node:path";
import { Readable } from "node:stream";
import { create } from "tar";
import { datasetFiles } from "../../base/dataset/dataset-files.ts";
import { openDataset } from "../../base/dataset/dataset.ts";
import { BenchError, messageOf } from "../../base/errors.ts";
import { makePrivateFolders } from "../../base/files/private-files.ts";
import { unpackInto } from "../../base/files/unpack.ts";
import { userCache } from "../../base/files/user-cache.ts";
import { PROCESS_ID } from "../../base/process/machine.ts";
import type { World } from "../../base/process/world.ts";
import type { RemoteJob } from "./messages.ts";
import type { RunBus } from "./run-bus.ts";

/**
 * Puts the dataset of a run into the object store, unless it is there or comes with the program.
 * @param pathOrName `default`, a folder or a manifest
 * @returns the manifest's name within the archive
 * @throws BenchError (exit 2) for a dataset with files outside its folder, (exit 1) when the broker does not take it
 */
export async function shareDataset(
  bus: RunBus,
  pathOrName: string,
  sha256: string,
  root: string,
): Promise<string> {
  const { manifest, files } = await datasetFiles(pathOrName, { root });
  const name = basename(manifest);
  if (pathOrName === "default") return name;
  const outside = files.find((file) => isAbsolute(file) || normalize(file).startsWith(".."));
  if (outside !== undefined) {
    throw BenchError.usage(
      `${manifest}: ${outside} is not in the folder of its manifest, so the dataset can't be sent to other machines`,
      "Make a dataset of it with `bench dataset import`.",
    );
  }
  try {
    if (await bus.hasObject(sha256)) return name;
    const packed = create({ cwd: dirname(manifest), portable: true, follow: true }, [
      name,
      // tar takes a name that begins with @ for an archive to include.
      ...[...new Set(files)].map((file) => `./${file}`),
    ]);
    await bus.saveObject(sha256, Readable.toWeb(Readable.from(packed)) as ReadableStream<Uint8Array>);
  } catch (error) {
    throw new BenchError(`the broker does not take the dataset: ${messageOf(error)}`, {
      hint: "Give its JetStream more room (max_file_store), or give each worker the dataset with --dataset.",
      cause: error,
    });
  }
  return name;
}

/**
 * The dataset of a run on this machine: the folder that was named, the one that comes with the program, the cached one, or
 * the broker's.
 * @returns a path or name for `openDataset`
 * @throws BenchError (exit 2) when the one that was named is another, (exit 1) when there is none
 */
export async function findDataset(
  bus: RunBus,
  { name, sha256, manifest }: RemoteJob["dataset"],
  named: string | undefined,
  world: Pick<World, "env" | "root">,
): Promise<string> {
  const hashOf = async (path: string): Promise<string> =>
    (await openDataset(path, { root: world.root })).sha256;
  const path = named ?? "default";
  if (named !== undefined || name === "default") {
    const found = await hashOf(path);
    if (found === sha256) return path;
    throw BenchError.usage(
      `dataset ${path} is not that of the run: its hash is ${found.slice(0, 12)}, the run's ${sha256.slice(0, 12)}`,
      named === undefined
        ? "Use the same installation of riva-bench everywhere."
        : "Leave --dataset out: the worker fetches it from the broker.",
    );
  }
  const folder = join(userCache(world.env), "datasets", sha256);
  const cached = join(folder, manifest);
  if (existsSync(folder)) {
    if ((await hashOf(cached).catch(() => undefined)) === sha256) return cached;
    // Somebody has touched it.
    rmSync(folder, { recursive: true, force: true });
  }
  await fetchDataset(bus, sha256, folder);
  const found = await hashOf(cached);
  if (found === sha256) return cached;
  throw new BenchError(
    `the broker's copy of dataset ${name} has the hash ${found.slice(0, 12)}, not its own`,
    {
      hint: "Delete it there (the object store bench-datasets): the next run stores it again.",
    },
  );
}

/** Unpacks beside its place and then moves it there: several workers of one machine may do so at once. */
async function fetchDataset(bus: RunBus, sha256: string, folder: string): Promise<void> {
  const part = `${folder}.${PROCESS_ID}.${randomBytes(4).toString("hex")}.part`;
  try {
    const packed = await bus.openObject(sha256);
    if (packed === undefined) throw new Error("it is not in the object store bench-datasets");
    makePrivateFolders(part);
    await unpackInto(packed, part);
    renameSync(part, folder);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    // Another worker was quicker.
    if (existsSync(folder)) return;
    throw new BenchError(`the dataset can't be fetched from the broker: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
