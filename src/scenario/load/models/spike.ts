/** One level, for a while another, then the first again. Stages `before`, `spike`, `after`. */
import { z } from "zod";
import { formatDuration } from "../../../base/duration.ts";
import { BenchError } from "../../../base/errors.ts";
import { section } from "../../../base/yaml.ts";
import type { LoadModel } from "../model.ts";
import type { Leveled, LoadContext } from "../options.ts";
import { anyKeys, leveled, oneKind, pause, unitOf } from "../options.ts";
import { held } from "../parts.ts";
import { rateOrNone, sessionRate, steadyDuration, streamCount } from "../schema-fields.ts";

export interface Levels {
  readonly base: number;
  readonly peak: number;
}

type SpikeLoad = { readonly model: "spike"; readonly atMs: number; readonly forMs: number } & Leveled<Levels>;

const schema = section({
  model: z.literal("spike"),
  streams: section({ base: streamCount, peak: streamCount }).exactOptional(),
  rate: section({ base: rateOrNone, peak: sessionRate }).exactOptional(),
  at: pause.exactOptional(),
  for: steadyDuration.exactOptional(),
  ...anyKeys,
}).superRefine(oneKind);

export const spike: LoadModel<z.output<typeof schema>, SpikeLoad> = {
  name: "spike",
  schema,
  resolve: (file, context) => ({
    model: file.model,
    ...timesOf(file, context),
    ...leveled<Levels>(file, context),
  }),
  parts(load) {
    const { base, peak } = "streams" in load ? load.streams : load.rate;
    const spacing = "streams" in load ? undefined : load.arrivals;
    // No ramp-in: all come at once, that is what a spike is.
    return [
      { ...held(base, spacing), forMs: load.atMs },
      { ...held(peak, spacing), forMs: load.forMs },
      held(base, spacing),
    ];
  },
  stages: ({ atMs, forMs }) => ({
    parts: [
      { name: "before", forMs: atMs },
      { name: "spike", forMs },
      { name: "after", forMs: Infinity },
    ],
    settleMs: 0,
  }),
  words(load) {
    const { base, peak } = "streams" in load ? load.streams : load.rate;
    return `${base}, for a while ${peak} ${unitOf(load)}`;
  },
};

/** By default it comes after a third of the window and lasts a fifth of it. */
function timesOf(
  file: { at?: number; for?: number },
  { steadyMs, path }: LoadContext,
): { atMs: number; forMs: number } {
  const atMs = file.at ?? Math.round(steadyMs / 3);
  const forMs = file.for ?? Math.round(steadyMs / 5);
  if (atMs + forMs > steadyMs) {
    throw BenchError.usage(
      `${path}: load: a spike at ${formatDuration(atMs)} for ${formatDuration(forMs)} is not over within the steady window ` +
        `of ${formatDuration(steadyMs)}`,
      "Leave `at` and `for` out and they follow the window.",
    );
  }
  return { atMs, forMs };
}
