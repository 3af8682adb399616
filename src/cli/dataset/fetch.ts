/** `bench dataset fetch`. */
import { existsSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { BenchError, EXIT, nearestName } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import { printable } from "../../base/text/printable.ts";
import { DOWNLOADS } from "../../dataset/fetch/downloads.ts";
import { fetchArchive } from "../../dataset/fetch/fetch-archive.ts";
import type { DatasetArgs } from "./dataset-args.ts";
import { sourceOf } from "./dataset-args.ts";
import { importAction } from "./import.ts";
import { progressLine } from "./progress.ts";

/** Fetches a dataset and imports it. @throws BenchError (exit 2) for an unknown one, (exit 1) when it can't be fetched */
export async function fetchAction(world: World, args: DatasetArgs): Promise<void> {
  const name = sourceOf(args, "the name of a dataset");
  const names = DOWNLOADS.map((one) => one.name);
  const download = DOWNLOADS.find((one) => one.name === name);
  if (download === undefined) {
    const near = nearestName(name, names);
    throw BenchError.usage(
      `no dataset "${name}" can be fetched`,
      near === undefined ? `Known are ${names.join(", ")}.` : `Did you mean "${near}"?`,
    );
  }
  const { out = `datasets/${name}`, quiet = false, mirror } = args;
  if (existsSync(resolve(world.cwd, out, "manifest.jsonl"))) {
    world.stdout.write(`${printable(out)} is there already\n`);
    return;
  }
  const folder = resolve(world.cwd, `${out}.download`);
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  world.stderr.write(
    `${download.describe}\nlicence: ${download.licence}\n${megabytes(download.bytes)} MB from ${mirror ?? download.url}\n`,
  );
  const stop = new AbortController();
  const unsubscribe = world.onInterrupt(() => stop.abort());
  const progress = progressLine(world, quiet);
  let source: string | undefined;
  try {
    source = await fetchArchive(download, {
      ...{ folder, mirror, signal: stop.signal },
      onProgress: (bytes) =>
        progress.show(() => `fetch: ${megabytes(bytes)} of ${megabytes(download.bytes)} MB`),
    });
  } finally {
    progress.end();
    unsubscribe();
  }
  if (source === undefined) {
    world.stderr.write("bench: interrupted; the same command goes on from here\n");
    world.setExitCode(EXIT.interrupted);
    return;
  }
  const isDone = await importAction(world, {
    ...args,
    out,
    source,
    format: "auto",
    language: args.language ?? "en-US",
  });
  if (isDone) rmSync(folder, { recursive: true });
}
