/** The engines that the Riva service can have: one file each, and one line here. Each is loaded when it is meant. */
import type { Clock } from "../../base/clock.ts";
import type { Dataset } from "../../base/dataset/dataset.ts";
import type { LoadBackend } from "../host/decoder.ts";
import type { RecognizerChild } from "../host/recognizer-process.ts";
import type { Engine } from "./engine.ts";

/** What an engine is made from, besides what its own flags say. */
export interface EngineSetup {
  flags: EngineFlags;
  dataset: Dataset;
  clock: Clock;
  /** Starts a process for recognisers. */
  launch: () => RecognizerChild;
  /** Says something that whoever started the server should know. */
  warn: (message: string) => void;
  /** CPUs of this machine. */
  cpus: number;
}

/** Flags of engines that really listen, as the command line has them. */
export interface EngineFlags {
  languageModel?: string;
  search?: string;
  model?: string;
  recognizers?: number;
  chunkMs?: number;
  stopHistoryMs?: number;
}

interface HostedEntry {
  create(setup: EngineSetup): Promise<Engine>;
  /** What its processes load. */
  backend(): Promise<LoadBackend>;
}

const ENGINES = {
  pocketsphinx: {
    create: async (setup) => (await import("./pocketsphinx-engine.ts")).pocketSphinxEngine(setup),
    backend: async () => (await import("../pocketsphinx/backend.ts")).loadBackend,
  },
} as const satisfies Readonly<Record<string, HostedEntry>>;

/** Names of the engines besides `emulated`. */
export const HOSTED_ENGINES = Object.keys(ENGINES) as (keyof typeof ENGINES)[];

/** The entry of that name. */
export function hostedEntry(name: string): HostedEntry | undefined {
  return Object.hasOwn(ENGINES, name) ? ENGINES[name as keyof typeof ENGINES] : undefined;
}
