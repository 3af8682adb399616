/** Different loads one after the other, all closed or all open. */
import { z } from "zod";
import { section } from "../../../base/yaml.ts";
import type { LoadModel } from "../model.ts";
import type { ClosedOptions, LoadContext, OpenOptions, Range } from "../options.ts";
import { closedKeys, closedOptions, openKeys, openOptions, pause } from "../options.ts";
import { hasStreams, oneSort, shareMs, stageName, sumMs } from "../part-list.ts";
import type { NamedPart, Part } from "../parts.ts";
import { callers, held, ramp } from "../parts.ts";
import {
  chunkPhase,
  countRange,
  rateRange,
  sessionRate,
  steadyDuration,
  streamCount,
} from "../schema-fields.ts";

type StageLevel =
  | { readonly model: "concurrency"; readonly streams: number }
  | { readonly model: "constant" | "poisson"; readonly rate: number }
  | { readonly model: "ramp"; readonly streams: Range }
  | { readonly model: "ramp"; readonly rate: Range };

/** One part of a run with its own level, spacing and chunk phase. */
type StageLoad = NamedPart & StageLevel;

type StagesLoad = {
  readonly model: "stages";
  /** Sessions planned so soon after a change of stage count for the run, not for the stage. */
  readonly settleMs: number;
  readonly stages: readonly StageLoad[];
} & (ClosedOptions | OpenOptions);

const keys = { name: stageName, for: steadyDuration.exactOptional(), phase: chunkPhase.exactOptional() };

const stage = z.discriminatedUnion(
  "model",
  [
    section({ ...keys, model: z.literal("concurrency"), streams: streamCount }),
    section({ ...keys, model: z.literal("constant"), rate: sessionRate }),
    section({ ...keys, model: z.literal("poisson"), rate: sessionRate }),
    section({
      ...keys,
      model: z.literal("ramp"),
      streams: countRange.exactOptional(),
      rate: rateRange.exactOptional(),
    }),
  ],
  { error: "unknown model of a stage; known are concurrency, constant, poisson and ramp" },
);

const schema = section({
  model: z.literal("stages"),
  stages: z
    .array(stage, {
      error: "must be a list of stages such as { name: calm, model: concurrency, streams: 50 }",
    })
    .min(1, "must have a stage")
    .max(1000, "must be 1000 stages or fewer"),
  settle: pause.exactOptional(),
  ...closedKeys,
  ...openKeys,
}).superRefine((load, context) => oneSort("stages", load.stages, load, context));

type StagesFile = z.output<typeof schema>;

export const stages: LoadModel<StagesFile, StagesLoad> = {
  name: "stages",
  schema,
  resolve: (file, context) => ({
    model: file.model,
    settleMs: file.settle ?? 0,
    stages: file.stages.map((one) => stageLoad(one, file, context)),
    ...(hasStreams(file.stages[0]) ? closedOptions(file, context) : openOptions(file)),
  }),
  parts: (load) => load.stages.map((one) => stagePart(one, "rampInMs" in load ? load.rampInMs : 0)),
  stages: (load) => ({ parts: load.stages, settleMs: load.settleMs }),
  words: (load) => load.stages.map(({ name }) => name).join(", then "),
  ownLengthMs: (file) => sumMs(file.stages),
};

function stageLoad(one: z.output<typeof stage>, file: StagesFile, context: LoadContext): StageLoad {
  const { name, phase } = one;
  const forMs = shareMs(one.for, file.stages, context);
  const named = { name, forMs, ...(phase === undefined ? {} : { phase }) };
  if (one.model === "concurrency") return { ...named, model: one.model, streams: one.streams };
  if (one.model !== "ramp") return { ...named, model: one.model, rate: one.rate };
  const none: Range = { from: 0, to: 0 };
  return one.streams === undefined
    ? { ...named, model: one.model, rate: one.rate ?? none }
    : { ...named, model: one.model, streams: one.streams };
}

function stagePart(one: StageLoad, rampInMs: number): Part {
  switch (one.model) {
    case "concurrency":
      return callers(one.forMs, one.streams, rampInMs);
    case "constant":
      return { ...held(one.rate, "even"), forMs: one.forMs };
    case "poisson":
      return { ...held(one.rate, "poisson"), forMs: one.forMs };
    case "ramp":
      return "streams" in one ? ramp(one.streams, one.forMs) : ramp(one.rate, one.forMs, "even");
  }
}
