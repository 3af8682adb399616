/** All load models, a line each. */
import type { z } from "zod";
import type { LoadModel } from "./model.ts";
import { concurrency } from "./models/concurrency.ts";
import { offline } from "./models/offline.ts";
import { ramp } from "./models/ramp.ts";
import { constant, poisson } from "./models/rate.ts";
import { soak } from "./models/soak.ts";
import { spike } from "./models/spike.ts";
import { stages } from "./models/stages.ts";
import { steps } from "./models/steps.ts";
import { trace } from "./models/trace.ts";

type AnyModel = LoadModel<{ model: string }, { model: string }>;

export const MODELS = [
  concurrency,
  offline,
  constant,
  poisson,
  soak,
  ramp,
  spike,
  steps,
  stages,
  trace,
] as const satisfies readonly AnyModel[];

/** Which sessions come, and when. Plain data: it is sent to workers and written into results. */
export type Load = ReturnType<(typeof MODELS)[number]["resolve"]>;

/** The load as read from the file: durations in milliseconds, defaults not yet filled in. */
export type LoadFile = z.output<(typeof MODELS)[number]["schema"]>;

/** The model of a load, or of its file. */
export function modelOf({ model }: { model: string }): AnyModel {
  const found = (MODELS as readonly AnyModel[]).find(({ name }) => name === model);
  if (found === undefined) throw new Error(`a load of the unknown model ${model} passed its schema`);
  return found;
}
