/** The form of `load` in a scenario file: one shape a model, with errors that say what belongs together. */
import { z } from "zod";
import { nearestName } from "../../base/errors.ts";
import type { LoadFile } from "./models.ts";
import { modelOf, MODELS } from "./models.ts";

const MODEL_NAMES = MODELS.map(({ name }) => name);
type Shape = (typeof MODELS)[number]["schema"];

/** Checks the keys of a load by its model; `resolveLoad` fills in what is left out. */
export const loadFile = z.discriminatedUnion(
  "model",
  MODELS.map(({ schema }): Shape => schema) as [Shape, ...Shape[]],
  {
    error: ({ input }) => {
      if (typeof input !== "object" || input === null)
        return "must be keys with values, such as { model: concurrency, streams: 50 }";
      const near = "model" in input ? nearestName(String(input.model), MODEL_NAMES) : undefined;
      return near === undefined
        ? `unknown load model; known are ${MODEL_NAMES.join(", ")}`
        : `unknown load model; did you mean ${near}?`;
    },
  },
);

/** The length of the steady window that a load brings with it; undefined when the scenario has to say it. */
export function ownLengthMs(load: LoadFile): number | undefined {
  return modelOf(load).ownLengthMs?.(load);
}
