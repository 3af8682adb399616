/** Lists of steps and of stages in a scenario's file: what their parts must have in common. */
import { z } from "zod";
import type { AnyKeys, Issues, LoadContext } from "./options.ts";
import { complain, fittingKeys } from "./options.ts";

/** A stage's name in SLOs (`metric@name`) and in the result. */
export const stageName = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/, { error: "must be letters, digits, dashes and underscores" })
  .refine((name) => name !== "transition", "is the name of what lies between stages");

/** All parts of one kind, all lengths given or none. */
export function oneSort(
  list: "steps" | "stages",
  parts: readonly { name?: string; for?: number; streams?: unknown; rate?: unknown }[],
  load: AnyKeys,
  context: Issues,
): void {
  const closed = parts[0]?.streams !== undefined;
  const timed = parts[0]?.for !== undefined;
  for (const [index, part] of parts.entries()) {
    if ((part.streams === undefined) === (part.rate === undefined))
      complain(context, [list, index], "give either streams (callers) or rate (sessions a second)");
    else if ((part.streams !== undefined) !== closed)
      complain(context, [list, index], "streams and rates can't be mixed: a run is closed or open");
    if ((part.for !== undefined) !== timed)
      complain(context, [list, index], "give `for` everywhere, or nowhere to share the steady window evenly");
    if (part.name !== undefined && parts.findIndex(({ name }) => name === part.name) < index)
      complain(context, [list, index, "name"], `"${part.name}" is there twice`);
  }
  fittingKeys(load, closed, context);
}

/** A part's own length, else its share of the steady window. */
export function shareMs(
  forMs: number | undefined,
  parts: readonly unknown[],
  { steadyMs }: LoadContext,
): number {
  return forMs ?? steadyMs / parts.length;
}

/** The sum of the lengths, where all are given. */
export function sumMs(parts: readonly { for?: number }[]): number | undefined {
  const sum = parts.reduce((total, part) => total + (part.for ?? NaN), 0);
  return Number.isNaN(sum) ? undefined : sum;
}

export function hasStreams(part: object | undefined): boolean {
  return part !== undefined && "streams" in part;
}
