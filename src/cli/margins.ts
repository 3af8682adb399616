/** The flags for what difference matters, the same for `bench gate` and `bench compare`. */
import type { Argv } from "yargs";
import { durationFlag } from "../base/duration.ts";
import { BenchError } from "../base/errors.ts";
import type { Margins } from "../metrics/judge/figure.ts";
import { DEFAULT_MARGINS } from "../metrics/judge/figure.ts";
import type { ArgsOf } from "./command.ts";

export function marginOptions<Flags>(yargs: Argv<Flags>) {
  return yargs
    .option("margin", {
      type: "number",
      default: DEFAULT_MARGINS.relative * 100,
      describe: "Differences of latencies and rates up to so many percent don't matter",
    })
    .option("margin-ms", {
      type: "string",
      default: `${DEFAULT_MARGINS.absoluteMs}`,
      describe: "Nor do differences of latencies up to so many milliseconds (or with a unit: 0.5s)",
    })
    .option("margin-ratio", {
      type: "number",
      default: DEFAULT_MARGINS.ratio * 100,
      describe: "Nor do differences of ratios (errors, goodput) up to so many percentage points",
    });
}

/** @throws BenchError (exit 2) for a margin below zero */
export function readMargins({ margin, marginMs, marginRatio }: ArgsOf<typeof marginOptions>): Margins {
  for (const [flag, value] of Object.entries({
    margin,
    "margin-ratio": marginRatio,
  })) {
    if (!Number.isFinite(value) || value < 0) throw BenchError.usage(`--${flag} must be a number from 0 up`);
  }
  return {
    absoluteMs: durationFlag("--margin-ms", marginMs, { bare: "ms" }),
    relative: margin / 100,
    ratio: marginRatio / 100,
  };
}
