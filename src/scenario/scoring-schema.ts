/** A scenario's `scoring`: which answers fail a session, by the names of the failure classes, and how transcripts are compared. */
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { section } from "../base/yaml.ts";
import type { FailureScoring } from "../metrics/observation/classify.ts";
import { defined } from "../base/defined.ts";
import type { NormalizerName, ScoredUnit, ScoringRules } from "../base/text/scoring/normalizers.ts";
import { NORMALIZERS, SCORED_UNITS, scoringRulesFor } from "../base/text/scoring/normalizers.ts";
import { DEFAULT_SCORING } from "../metrics/observation/classify.ts";

export interface Scoring {
  readonly failures: FailureScoring;
  /** How texts are made alike before they are compared; absent = by the language. */
  readonly normalizer?: NormalizerName;
  /** Unit that errors are counted in; absent = by the language. */
  readonly unit?: ScoredUnit;
  /**
   * Where the answers come from that those under load are held to. "measure": each clip is asked once before the load. `run`: absolute path
   * of a stored run of the same server without load.
   */
  readonly parity: "off" | "measure" | { readonly run: string };
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
  normalizer: z.enum(NORMALIZERS).exactOptional(),
  unit: z.enum(SCORED_UNITS).exactOptional(),
  parity: z
    .union([z.enum(["off", "measure"]), z.literal(false), z.strictObject({ run: z.string().min(1) })], {
      error: "must be off, measure or { run: FOLDER }",
    })
    .transform((value) => (value === false ? ("off" as const) : value))
    .default("off"),
}).prefault({});

/** How a scenario's transcripts are compared: by its own words, else as is usual for its language. */
export function scoringRules({ scoring, recognition }: ScoredScenario): ScoringRules {
  const { normalizer, unit } = scoring;
  return { ...scoringRulesFor(recognition.language), ...defined({ normalizer, unit }) };
}

/** The scoring of a file: a relative path of a run counts from the file's folder. */
export function resolveScoring(scoring: Scoring, path: string): Scoring {
  const { parity } = scoring;
  return typeof parity === "string"
    ? scoring
    : { ...scoring, parity: { run: resolve(dirname(path), parity.run) } };
}

interface ScoredScenario {
  readonly scoring: Scoring;
  readonly recognition: { readonly language: string };
}

/** As it stands in a scenario file. */
export function scoringAsFile({ failures, ...rest }: Scoring): unknown {
  const { truncated: share } = failures;
  // Of 7 % and its like the product has a tail of digits.
  const percent = share === "off" ? share : `${Number((share * 100).toFixed(6))}%`;
  return { ...rest, failures: { ...failures, truncated: percent } };
}
