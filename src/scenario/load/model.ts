/** The shape of a load model: each is one file in `models/` and one line in `models.ts`. */
import type { z } from "zod";
import type { LoadContext } from "./options.ts";
import type { NamedPart, Part } from "./parts.ts";

/**
 * A kind of load.
 *
 * @template File as the scenario's file has it: durations in milliseconds, defaults not yet filled in
 * @template Meant with its defaults, in plain data that goes to workers and into results. Times are milliseconds and count from the
 * start of the steady window, before which the first level is held, as the last is after its end; a closed load has `thinkMs`
 */
export interface LoadModel<File extends { model: string }, Meant extends { model: string }> {
  readonly name: Meant["model"];
  readonly schema: z.ZodType<File> & z.core.$ZodTypeDiscriminable;
  /** @throws BenchError (exit 2) for what only the rest of the scenario makes wrong */
  resolve(file: File, context: LoadContext): Meant;
  /** Its level over the run; none for one whose starts are in a file. */
  parts(load: Meant): readonly Part[];
  /** Stages of the result; absent: one. */
  stages?(load: Meant): { parts: readonly NamedPart[]; settleMs: number };
  /** In a few words, for lists. */
  words(load: Meant): string;
  /** The length of the steady window that it brings with it; undefined when the scenario has to say it. */
  ownLengthMs?(file: File): number | undefined;
  /** It is the same from the ramp-in to an end that the clock sets. */
  readonly isLevel?: true;
  /** Its sessions come as independent callers ring. */
  readonly comesAtRandom?: true;
  /** Audio goes as fast as the server takes it. */
  readonly isUnpaced?: true;
}
