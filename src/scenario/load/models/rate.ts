/** `rate` sessions a second, evenly (`constant`) or as independent callers ring (`poisson`). */
import { z } from "zod";
import { section } from "../../../base/yaml.ts";
import type { LoadModel } from "../model.ts";
import type { OpenOptions } from "../options.ts";
import { openKeys, openOptions } from "../options.ts";
import { held } from "../parts.ts";
import { sessionRate } from "../schema-fields.ts";

export interface RateLoad<Model extends string> extends OpenOptions {
  readonly model: Model;
  readonly rate: number;
}

const constantSchema = section({ model: z.literal("constant"), rate: sessionRate, ...openKeys });

export const constant: LoadModel<z.output<typeof constantSchema>, RateLoad<"constant">> = {
  name: "constant",
  schema: constantSchema,
  isLevel: true,
  resolve: (file) => ({ model: file.model, rate: file.rate, ...openOptions(file) }),
  parts: ({ rate }) => [held(rate, "even")],
  words: ({ rate }) => `${rate} sessions a second`,
};

const poissonSchema = section({ model: z.literal("poisson"), rate: sessionRate, ...openKeys });

export const poisson: LoadModel<z.output<typeof poissonSchema>, RateLoad<"poisson">> = {
  name: "poisson",
  schema: poissonSchema,
  isLevel: true,
  comesAtRandom: true,
  resolve: (file) => ({ model: file.model, rate: file.rate, ...openOptions(file) }),
  parts: ({ rate }) => [held(rate, "poisson")],
  words: ({ rate }) => `${rate} sessions a second, at random`,
};
