/** The form of `conditions` in a scenario file, and back. */
import { z } from "zod";
import { formatDuration } from "../base/duration.ts";
import { section } from "../base/yaml.ts";
import type { Condition, Instant, Recurring } from "./conditions.ts";
import { TRANSITION } from "./load/load-shape.ts";
import { durationMs, HOUR_MS } from "./load/schema-fields.ts";

const length = durationMs(1, HOUR_MS);

/** `10%`, or the same as a fraction. */
const share = z
  .union([z.string(), z.number()], { error: "must be a share such as 10%" })
  .transform((value, context) => {
    const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(String(value));
    const fraction = percent === null ? Number(value) : Number(percent[1]) / 100;
    if (fraction > 0 && fraction <= 1) return fraction;
    context.addIssue({ code: "custom", message: `${JSON.stringify(value)} must be a share such as 10%` });
    return z.NEVER;
  });

/** One instant, or a range from which each session draws its own. */
const after = z
  .union([durationMs(0, HOUR_MS), section({ from: durationMs(0, HOUR_MS), to: durationMs(0, HOUR_MS) })], {
    error: "must be a duration such as 2s, or { from, to }",
  })
  .transform((value): Instant =>
    typeof value === "number" ? { fromMs: value, toMs: value } : { fromMs: value.from, toMs: value.to },
  )
  .refine(({ fromMs, toMs }) => fromMs <= toMs, "`from` must not be after `to`");

const recurring = section({ every: length, for: length }).transform((file): Recurring => ({
  everyMs: file.every,
  forMs: file.for,
}));

const FAULTS = ["jitter", "stall", "loss", "driftPpm", "mute", "hangUp", "halfOpen", "slowReader"] as const;

const condition = section({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, { error: "must be letters, digits, dashes and underscores" })
    .refine((name) => name !== "main" && name !== TRANSITION, "is the name of a stage"),
  share,
  jitter: section({ mean: length, max: length.exactOptional() })
    .transform(({ mean, max = 10 * mean }) => ({ meanMs: mean, maxMs: max }))
    .exactOptional(),
  stall: recurring.exactOptional(),
  loss: recurring.exactOptional(),
  driftPpm: z
    .number()
    .min(-10_000, "must be -10000 to 10000")
    .max(10_000, "must be -10000 to 10000")
    .exactOptional(),
  mute: section({ after, for: length })
    .transform((file) => ({ after: file.after, forMs: file.for }))
    .exactOptional(),
  hangUp: section({ after }).exactOptional(),
  halfOpen: section({ after, for: length })
    .transform((file) => ({ after: file.after, forMs: file.for }))
    .exactOptional(),
  slowReader: recurring.exactOptional(),
}).superRefine((whole, context) => {
  const complain = (message: string): void => context.addIssue({ code: "custom", message });
  if (!FAULTS.some((fault) => whole[fault] !== undefined))
    complain(`condition ${whole.name} has no fault; known are ${FAULTS.join(", ")}`);
  if (whole.hangUp !== undefined && whole.halfOpen !== undefined)
    complain("a caller either hangs up or vanishes: give hangUp or halfOpen");
});

export const conditionList: z.ZodType<Condition[]> = z
  .array(condition, { error: "must be a list of conditions, each with name, share and faults" })
  .superRefine((list, context) => {
    const names = new Set(list.map(({ name }) => name));
    if (names.size < list.length)
      context.addIssue({ code: "custom", message: "two conditions have the same name" });
    const total = list.reduce((sum, one) => sum + one.share, 0);
    if (total > 1 + 1e-9)
      context.addIssue({ code: "custom", message: `the shares add up to ${(total * 100).toFixed(1)} %` });
  })
  .default([]);

/** The condition as it is written in a file. */
export function conditionAsFile({
  name,
  share: part,
  jitter,
  mute,
  hangUp,
  halfOpen,
  ...rest
}: Condition): unknown {
  const { stall, loss, slowReader, driftPpm } = rest;
  return {
    name,
    share: part,
    ...(jitter && { jitter: { mean: formatDuration(jitter.meanMs), max: formatDuration(jitter.maxMs) } }),
    ...(stall && { stall: recurringAsFile(stall) }),
    ...(loss && { loss: recurringAsFile(loss) }),
    ...(driftPpm !== undefined && { driftPpm }),
    ...(mute && { mute: { after: instantAsFile(mute.after), for: formatDuration(mute.forMs) } }),
    ...(hangUp && { hangUp: { after: instantAsFile(hangUp.after) } }),
    ...(halfOpen && {
      halfOpen: { after: instantAsFile(halfOpen.after), for: formatDuration(halfOpen.forMs) },
    }),
    ...(slowReader && { slowReader: recurringAsFile(slowReader) }),
  };
}

function recurringAsFile({ everyMs, forMs }: Recurring): unknown {
  return { every: formatDuration(everyMs), for: formatDuration(forMs) };
}

function instantAsFile({ fromMs, toMs }: Instant): unknown {
  if (fromMs === toMs) return formatDuration(fromMs);
  return { from: formatDuration(fromMs), to: formatDuration(toMs) };
}
