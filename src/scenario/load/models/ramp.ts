/** From one level to another, evenly. */
import { z } from "zod";
import { section } from "../../../base/yaml.ts";
import type { LoadModel } from "../model.ts";
import type { Leveled, Range } from "../options.ts";
import { anyKeys, leveled, oneKind, unitOf } from "../options.ts";
import { ramp as rampPart } from "../parts.ts";
import { countRange, rateRange, steadyDuration } from "../schema-fields.ts";

type RampLoad = { readonly model: "ramp"; readonly overMs: number } & Leveled<Range>;

const schema = section({
  model: z.literal("ramp"),
  streams: countRange.exactOptional(),
  rate: rateRange.exactOptional(),
  over: steadyDuration.exactOptional(),
  ...anyKeys,
}).superRefine(oneKind);

export const ramp: LoadModel<z.output<typeof schema>, RampLoad> = {
  name: "ramp",
  schema,
  resolve: (file, context) => ({
    model: file.model,
    overMs: file.over ?? context.steadyMs,
    ...leveled<Range>(file, context),
  }),
  parts: (load) => [
    "streams" in load ? rampPart(load.streams, load.overMs) : rampPart(load.rate, load.overMs, load.arrivals),
  ],
  words(load) {
    const { from, to } = "streams" in load ? load.streams : load.rate;
    return `${from} to ${to} ${unitOf(load)}`;
  },
};
