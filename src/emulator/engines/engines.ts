/** The engines that the Riva service can have: one file each, and one line here. Each is loaded when it is meant. */
import type { LoadBackend } from "../host/decoder.ts";
import type { Engine } from "./engine.ts";
import type { EngineFlags, EngineSetup } from "./engine-setup.ts";

interface HostedEntry {
  /** Its flags besides those that all of them have. */
  flags: readonly (keyof EngineFlags)[];
  create(setup: EngineSetup): Promise<Engine>;
  /** Backend that its processes load. */
  backend(): Promise<LoadBackend>;
}

const ENGINES = {
  pocketsphinx: {
    flags: ["languageModel", "search"],
    create: async (setup) => (await import("./pocketsphinx-engine.ts")).pocketSphinxEngine(setup),
    backend: async () => (await import("../pocketsphinx/backend.ts")).loadBackend,
  },
  sherpa: {
    flags: ["batch"],
    create: async (setup) => (await import("./sherpa-engine.ts")).sherpaEngine(setup),
    backend: async () => (await import("../sherpa/backend.ts")).loadBackend,
  },
} as const satisfies Readonly<Record<string, HostedEntry>>;

/** Names of the engines besides `emulated`. */
export const HOSTED_ENGINES = Object.keys(ENGINES) as (keyof typeof ENGINES)[];

/** The entry of that name. */
export function hostedEntry(name: string): HostedEntry | undefined {
  return Object.hasOwn(ENGINES, name) ? ENGINES[name as keyof typeof ENGINES] : undefined;
}
