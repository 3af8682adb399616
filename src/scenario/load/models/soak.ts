/** One level for a long time. */
import { z } from "zod";
import { section } from "../../../base/yaml.ts";
import type { LoadModel } from "../model.ts";
import type { Leveled } from "../options.ts";
import { anyKeys, leveled, oneKind } from "../options.ts";
import { held } from "../parts.ts";
import { HOUR_MS, sessionRate, streamCount } from "../schema-fields.ts";

type SoakLoad = { readonly model: "soak" } & Leveled<number>;

/** How long a soak lasts that doesn't say. */
const SOAK_MS = 8 * HOUR_MS;

const schema = section({
  model: z.literal("soak"),
  streams: streamCount.exactOptional(),
  rate: sessionRate.exactOptional(),
  ...anyKeys,
}).superRefine(oneKind);

export const soak: LoadModel<z.output<typeof schema>, SoakLoad> = {
  name: "soak",
  schema,
  isLevel: true,
  resolve: (file, context) => ({ model: file.model, ...leveled<number>(file, context) }),
  parts: (load) => ["streams" in load ? held(load.streams) : held(load.rate, load.arrivals)],
  words: (load) => ("streams" in load ? `${load.streams} at once` : `${load.rate} sessions a second`),
  ownLengthMs: () => SOAK_MS,
};
