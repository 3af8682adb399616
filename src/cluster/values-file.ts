/** The parts that `bench cluster` must know of a file with values of the chart; all else of it is helm's to judge. */
import { z } from "zod";
import { BenchError } from "../base/errors.ts";
import { readText } from "../base/files/text-file.ts";
import { parseYaml } from "../base/yaml.ts";

const form = z
  .looseObject({
    run: z
      .looseObject({
        id: z.unknown().optional(),
        joinTimeoutSeconds: z.number("must be seconds").exactOptional(),
      })
      .nullish(),
  })
  .nullish();

/** `run.joinTimeoutSeconds` of the chart where no file sets it. */
export const DEFAULT_JOIN_MS = 300_000;

/**
 * How long coordinator and workers wait for each other by the file, milliseconds; undefined when it does not say.
 * @throws BenchError (exit 2) for a file that can't be read, and for one that names the run
 */
export async function joinMsOf(path: string): Promise<number | undefined> {
  const { run } = parseYaml(await readText(path, { what: "file of values", shown: path }), path, form) ?? {};
  if (run?.id !== undefined && run.id !== null && run.id !== "")
    throw BenchError.usage(
      `${path}: run.id: the name of a run is given by --run`,
      "Leave it out of the file.",
    );
  const seconds = run?.joinTimeoutSeconds;
  return seconds === undefined ? undefined : seconds * 1000;
}
