/** `streams` callers at once, each followed by the next. */
import { defined } from "../../../base/defined.ts";
import { z } from "zod";
import { section } from "../../../base/yaml.ts";
import type { LoadModel } from "../model.ts";
import type { ClosedOptions, LoadContext } from "../options.ts";
import { closedKeys, closedOptions } from "../options.ts";
import { held } from "../parts.ts";
import { streamCount, wholeNumber } from "../schema-fields.ts";

export interface CallersLoad<Model extends string> extends ClosedOptions {
  readonly model: Model;
  readonly streams: number;
  /** Each caller does exactly so many sessions and the run ends with the last of them. */
  readonly iterations?: number;
}

/** The keys of a load that is a number of callers. */
export const callersKeys = {
  streams: streamCount,
  iterations: wholeNumber(1, 100_000).exactOptional(),
  ...closedKeys,
};

/** Such a load with its defaults. */
export function resolveCallers<Model extends string>(
  file: { model: Model } & z.output<z.ZodObject<typeof callersKeys>>,
  context: LoadContext,
): CallersLoad<Model> {
  const { model, streams, iterations } = file;
  return {
    model,
    streams,
    ...closedOptions(file, context),
    ...defined({ iterations }),
  };
}

const schema = section({ model: z.literal("concurrency"), ...callersKeys });

export const concurrency: LoadModel<z.output<typeof schema>, CallersLoad<"concurrency">> = {
  name: "concurrency",
  schema,
  isLevel: true,
  resolve: resolveCallers,
  parts: ({ streams }) => [held(streams)],
  words: ({ streams }) => `${streams} at once`,
};
