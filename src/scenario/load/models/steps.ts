/** One level after the other, each a stage of the result. */
import { z } from "zod";
import { section } from "../../../base/yaml.ts";
import type { LoadModel } from "../model.ts";
import type { ClosedOptions, LoadContext, OpenOptions, Spacing } from "../options.ts";
import { anyKeys, closedOptions, openOptions, pause } from "../options.ts";
import { hasStreams, oneSort, shareMs, stageName, sumMs } from "../part-list.ts";
import type { NamedPart } from "../parts.ts";
import { callers, held } from "../parts.ts";
import { sessionRate, steadyDuration, streamCount } from "../schema-fields.ts";

type StepsLoad = { readonly model: "steps"; readonly settleMs: number } & (
  | ({ readonly steps: readonly (NamedPart & { readonly streams: number })[] } & ClosedOptions)
  | ({
      readonly steps: readonly (NamedPart & { readonly rate: number })[];
      readonly arrivals: Spacing;
    } & OpenOptions)
);

const step = section({
  name: stageName.exactOptional(),
  for: steadyDuration.exactOptional(),
  streams: streamCount.exactOptional(),
  rate: sessionRate.exactOptional(),
});

const schema = section({
  model: z.literal("steps"),
  steps: z
    .array(step, { error: "must be a list of steps such as { streams: 50, for: 30s }" })
    .min(1, "must have a step")
    .max(1000, "must be 1000 steps or fewer"),
  settle: pause.exactOptional(),
  ...anyKeys,
}).superRefine((load, context) => oneSort("steps", load.steps, load, context));

type StepsFile = z.output<typeof schema>;

export const steps: LoadModel<StepsFile, StepsLoad> = {
  name: "steps",
  schema,
  resolve,
  parts: (load) =>
    "rampInMs" in load
      ? load.steps.map(({ forMs, streams }) => callers(forMs, streams, load.rampInMs))
      : load.steps.map(({ forMs, rate }) => ({ ...held(rate, load.arrivals), forMs })),
  stages: (load) => ({ parts: load.steps, settleMs: load.settleMs }),
  words: (load) =>
    "rampInMs" in load
      ? `${load.steps.map(({ streams }) => streams).join(", ")} at once`
      : `${load.steps.map(({ rate }) => rate).join(", ")} sessions a second`,
  ownLengthMs: (file) => sumMs(file.steps),
};

function resolve(file: StepsFile, context: LoadContext): StepsLoad {
  const named = file.steps.map((part, index) => ({
    name: part.name ?? levelName(file.steps, index),
    forMs: shareMs(part.for, file.steps, context),
  }));
  if (hasStreams(file.steps[0])) {
    const options = closedOptions(file, context);
    return {
      model: file.model,
      // Until all of its callers are in, a step is not yet what it says.
      settleMs: file.settle ?? options.rampInMs,
      steps: named.map((part, index) => ({ ...part, streams: file.steps[index]?.streams ?? NaN })),
      ...options,
    };
  }
  return {
    model: file.model,
    settleMs: file.settle ?? 0,
    steps: named.map((part, index) => ({ ...part, rate: file.steps[index]?.rate ?? NaN })),
    arrivals: file.arrivals ?? "even",
    ...openOptions(file),
  };
}

/** `streams-50`, `rate-2_5`; when a level comes again, `streams-50-2`. */
function levelName(all: readonly z.output<typeof step>[], index: number): string {
  const nameOf = ({ streams, rate }: z.output<typeof step>): string =>
    streams === undefined ? `rate-${String(rate).replace(".", "_")}` : `streams-${streams}`;
  const names = all.slice(0, index + 1).map(nameOf);
  const name = names[index] ?? "";
  const times = names.filter((other) => other === name).length;
  return times === 1 ? name : `${name}-${times}`;
}
