/** Starts that were recorded elsewhere; times count from the start of the run (`../trace.ts` reads them). */
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { section } from "../../../base/yaml.ts";
import type { LoadModel } from "../model.ts";
import type { OpenOptions } from "../options.ts";
import { openKeys, openOptions } from "../options.ts";

export interface TraceLoad extends OpenOptions {
  readonly model: "trace";
  /** Absolute path. */
  readonly file: string;
}

const schema = section({ model: z.literal("trace"), file: z.string().min(1), ...openKeys });

export const trace: LoadModel<z.output<typeof schema>, TraceLoad> = {
  name: "trace",
  schema,
  resolve: (file, { path }) => ({
    model: file.model,
    file: resolve(dirname(path), file.file),
    ...openOptions(file),
  }),
  parts: () => [],
  words: ({ file }) => `starts of ${file}`,
};
