/** A scenario's `scoring`: which answers fail a session. The names are those of the failure classes. */
import { z } from "zod";
import { section } from "../base/yaml.ts";
import type { FailureScoring } from "../metrics/observation/classify.ts";
import { DEFAULT_SCORING } from "../metrics/observation/classify.ts";

export interface Scoring {
  readonly failures: FailureScoring;
}

const ON_OFF = { error: "must be on or off" };
const TRUNCATED = "must be off or a percentage from 1% to 100%, such as 50%";

/** YAML 1.1 reads `off` as false, and so do people. */
const onOff = z
  .union([z.enum(["on", "off"]), z.boolean()], ON_OFF)
  .transform((value) => (value === true || value === "on" ? ("on" as const) : ("off" as const)));

const truncated = z
  .union([z.string().regex(/^(?:off|[0-9]+(?:\.[0-9]+)? ?%)$/, TRUNCATED), z.literal(false)], {
    error: TRUNCATED,
  })
  .transform((value, context): FailureScoring["truncated"] => {
    if (value === false || value === "off") return "off";
    const share = Number(value.replace("%", "")) / 100;
    if (share >= 0.01 && share <= 1) return share;
    context.addIssue({ code: "custom", message: TRUNCATED });
    return z.NEVER;
  });

export const scoringSection: z.ZodType<Scoring> = section({
  failures: section({
    truncated: truncated.default(DEFAULT_SCORING.truncated),
    empty: onOff.default(DEFAULT_SCORING.empty),
    noPartial: onOff.default(DEFAULT_SCORING.noPartial),
    noFinal: onOff.default(DEFAULT_SCORING.noFinal),
  }).prefault({}),
}).prefault({});

/** As it stands in a scenario file. */
export function scoringAsFile({ failures }: Scoring): unknown {
  const { truncated: share } = failures;
  // Of 7 % and its like the product has a tail of digits.
  const percent = share === "off" ? share : `${Number((share * 100).toFixed(6))}%`;
  return { failures: { ...failures, truncated: percent } };
}
