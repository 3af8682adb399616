/** What the emulator writes down besides answering: its counts, and the delays that it really imposed. */
import { once } from "node:events";
import type { WriteStream } from "node:fs";
import { createWriteStream } from "node:fs";
import { BenchError, messageOf } from "../../base/errors.ts";
import type { EmulatorStats } from "../../emulator/call/counts.ts";
import type { World } from "../../base/process/world.ts";

const STATS_EVERY_MS = 1000;

/** A line of `--delays-file`: one stream that was served to its end. */
export interface ServedStream {
  /** Request id. */
  id: string;
  /** From the arrival of what each reply answers to its leaving, milliseconds: the delay as it was, not as it was meant. */
  heldMs: number[];
}

/**
 * Appends the counts to `path` every second.
 * @returns what stops it
 * @throws BenchError (exit 2) when it can't be written
 */
export async function writeStats(
  world: World,
  stats: () => EmulatorStats,
  path: string,
): Promise<() => Promise<void>> {
  const file = await openForAppending(world, path, "--stats-file");
  const write = (): void =>
    void file.write(`${JSON.stringify({ atEpochMs: world.clock.epochMs(), ...stats() })}\n`);
  let cancel = world.clock.wakeAt(world.clock.nowMs() + STATS_EVERY_MS, tick);
  function tick(): void {
    cancel = world.clock.wakeAt(world.clock.nowMs() + STATS_EVERY_MS, tick);
    write();
  }
  return async () => {
    cancel();
    write();
    await ended(file);
  };
}

/** @throws BenchError (exit 2) when it can't be written */
export async function writeDelays(
  world: World,
  path: string,
): Promise<{ onServed(id: string, heldMs: readonly number[]): void; close(): Promise<void> }> {
  const file = await openForAppending(world, path, "--delays-file");
  return {
    onServed(id, heldMs) {
      const line: ServedStream = { id, heldMs: heldMs.map((ms) => Math.round(ms * 1000) / 1000) };
      file.write(`${JSON.stringify(line)}\n`);
    },
    close: () => ended(file),
  };
}

async function openForAppending(world: World, path: string, flag: string): Promise<WriteStream> {
  const file = createWriteStream(path, { flags: "a", mode: 0o600 });
  try {
    await once(file, "open");
  } catch (error) {
    throw BenchError.usage(`can't write to ${path}: ${messageOf(error)}`, `Check ${flag}.`);
  }
  // A disk that fills up must not end the server that others measure.
  file.on("error", (error) => world.stderr.write(`bench: ${path}: ${error.message}\n`));
  return file;
}

function ended(file: WriteStream): Promise<void> {
  return new Promise((resolve) => {
    file.once("close", resolve);
    file.end();
  });
}
