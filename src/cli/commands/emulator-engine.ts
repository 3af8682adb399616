/** The engine that `bench emulator` is asked for, where it is none of the emulator's own: its flags and its processes. */
import type { ChildProcess } from "node:child_process";
import { cpus } from "node:os";
import { resolve } from "node:path";
import type { Dataset } from "../../base/dataset/dataset.ts";
import { defined } from "../../base/defined.ts";
import { durationFlag } from "../../base/duration.ts";
import { BenchError, nearestName } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import type { Engine } from "../../emulator/engines/engine.ts";
import { HOSTED_ENGINES, hostedEntry } from "../../emulator/engines/engines.ts";
import type { FromRecognizer } from "../../emulator/host/protocol.ts";
import type { RecognizerChild } from "../../emulator/host/recognizer-process.ts";
import { exitOf, forkSelf } from "../../run/child.ts";

/** Name of the engine that imitates. */
export const EMULATED = "emulated";

/** Processes, and streams in a batch. */
const MOST = 256;
const CHUNK_LIMITS_MS = { min: 20, max: 10_000 };
const STOP_GRACE_MS = 2000;
/** Flags of the modelled server under load, which a real recogniser does not have. */
const OF_THE_EMULATED = ["capacity", "slots", "delays", "overload", "wer", "werOverload"] as const;
/** Flags of all that really listen, and of some. */
const OF_EACH = ["model", "recognizers"] as const;
const OF_SOME = ["languageModel", "search", "batch"] as const;

interface EngineArgs extends Partial<Record<(typeof OF_THE_EMULATED)[number], unknown>> {
  engine: string;
  languageModel: string | undefined;
  search: string | undefined;
  model: string | undefined;
  recognizers: number | undefined;
  batch: number | undefined;
  chunk: string | undefined;
}

/**
 * The engine that `args` ask for; undefined for the emulated one.
 * @throws BenchError (exit 2) for an engine or a flag that is none, or what it needs and does not find
 */
export async function hostedEngineOf(
  world: World,
  args: EngineArgs,
  { dataset, stopHistoryMs }: { dataset: Dataset; stopHistoryMs?: number },
): Promise<Engine | undefined> {
  const { engine, languageModel, search, recognizers, batch } = args;
  const entry = hostedEntry(engine);
  if (engine !== EMULATED && entry === undefined) throw unknownEngine(engine);
  for (const flag of [...OF_THE_EMULATED, ...OF_EACH, ...OF_SOME]) {
    if (args[flag] !== undefined) mustBelong(flag, engine);
  }
  if (entry === undefined) return undefined;
  mustBeCount("--recognizers", recognizers);
  mustBeCount("--batch", batch);
  const chunkMs = args.chunk === undefined ? undefined : durationFlag("--chunk", args.chunk);
  if (chunkMs !== undefined && (chunkMs < CHUNK_LIMITS_MS.min || chunkMs > CHUNK_LIMITS_MS.max)) {
    throw BenchError.usage(`--chunk must be ${CHUNK_LIMITS_MS.min} ms to ${CHUNK_LIMITS_MS.max / 1000} s`);
  }
  const model = args.model === undefined ? undefined : resolve(world.cwd, args.model);
  return entry.create({
    flags: defined({ languageModel, search, model, recognizers, batch, chunkMs, stopHistoryMs }),
    dataset,
    clock: world.clock,
    launch: launchRecognizer,
    warn: (message) => world.stderr.write(`bench: ${message}\n`),
    cpus: cpus().length,
  });
}

/** @throws BenchError (exit 2) for what is no number of processes or streams */
function mustBeCount(flag: string, count: number | undefined): void {
  if (count === undefined || (Number.isInteger(count) && count > 0 && count <= MOST)) return;
  throw BenchError.usage(`${flag} must be a whole number from 1 to ${MOST}`);
}

/** @throws BenchError (exit 2) for a flag of other engines */
function mustBelong(flag: string, engine: string): void {
  const has = (flags: readonly string[]): boolean => flags.includes(flag);
  const owners = has(OF_THE_EMULATED)
    ? [EMULATED]
    : HOSTED_ENGINES.filter((name) => has(OF_EACH) || has(hostedEntry(name)?.flags ?? []));
  if (owners.includes(engine)) return;
  throw BenchError.usage(
    `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} says nothing to --engine ${engine}`,
    has(OF_THE_EMULATED)
      ? "It belongs to the emulated engine; this one is as fast as it is."
      : `It belongs to an engine that really listens: --engine ${owners.join(" or ")}.`,
  );
}

function unknownEngine(name: string): BenchError {
  const known = [EMULATED, ...HOSTED_ENGINES];
  const near = nearestName(name, known);
  return BenchError.usage(
    `there is no engine "${name}"`,
    near === undefined ? `Engines: ${known.join(", ")}.` : `Did you mean "${near}"?`,
  );
}

/** Starts `bench recognizer`. */
function launchRecognizer(): RecognizerChild {
  const child: ChildProcess = forkSelf(["recognizer"]);
  return {
    // One that dies right now takes no message; its exit tells.
    send: (message) => {
      if (child.connected) child.send(message, () => undefined);
    },
    onMessage: (handler) => child.on("message", (message) => handler(message as FromRecognizer)),
    onExit: (handler) =>
      child.once("exit", (code, signal) => handler(signal ?? `exit code ${code ?? "unknown"}`)),
    async stop() {
      if (child.connected) child.disconnect();
      await exitOf(child, STOP_GRACE_MS);
    },
  };
}
