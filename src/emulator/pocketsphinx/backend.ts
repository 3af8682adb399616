/** PocketSphinx as a backend of a process of recognisers. */
import type { Backend, BackendSettings, Decoder } from "../host/decoder.ts";
import { loadPocketSphinx } from "./binding.ts";

/** Decoders that are ready before a stream asks: making one takes up to half a second with the general model. */
const SPARES = 2;

/** Settings of the backend. */
export interface SphinxSettings extends BackendSettings {
  /** Arguments of pocketsphinx. */
  argv: readonly string[];
  /** `yes`: word probabilities mean something. */
  scores: "yes" | "no";
}

/**
 * Loads the library and makes the first decoders, which proves the models. A decoder learns the loudness and colour of what it hears,
 * so each stream has a fresh one: the same audio always gives the same words.
 * @throws BenchError (exit 2) when a library or a model is missing or no good
 */
export async function loadBackend(settings: BackendSettings): Promise<Backend> {
  const { argv, scores } = settings as SphinxSettings;
  const sphinx = await loadPocketSphinx(argv, scores === "yes");
  const make = (): Promise<Decoder> => {
    const made = sphinx.open();
    // It is told of when a stream takes this decoder.
    made.catch(() => undefined);
    return made;
  };
  const spares = [await sphinx.open(), ...Array.from({ length: SPARES - 1 }, make)];
  return {
    open() {
      spares.push(make());
      return Promise.resolve(spares.shift() as Decoder | Promise<Decoder>);
    },
  };
}
