/** `streams` callers without the pace of a microphone: audio goes as fast as the server takes it. */
import { z } from "zod";
import { section } from "../../../base/yaml.ts";
import type { LoadModel } from "../model.ts";
import { held } from "../parts.ts";
import type { CallersLoad } from "./concurrency.ts";
import { callersKeys, resolveCallers } from "./concurrency.ts";

const schema = section({ model: z.literal("offline"), ...callersKeys });

export const offline: LoadModel<z.output<typeof schema>, CallersLoad<"offline">> = {
  name: "offline",
  schema,
  isLevel: true,
  isUnpaced: true,
  resolve: resolveCallers,
  parts: ({ streams }) => [held(streams)],
  words: ({ streams }) => `${streams} at once, unpaced`,
};
