import type { Clock } from "../../base/clock.ts";
import type { Dataset } from "../../base/dataset/dataset.ts";
import type { RecognizerChild } from "../host/recognizer-process.ts";

/** Input for making an engine, besides its own flags. */
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
  batch?: number;
  chunkMs?: number;
  stopHistoryMs?: number;
}
