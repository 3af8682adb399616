/** The memory of a rollout: which version serves, which served before, and the change that is being made. */
import { z } from "zod";
import { BenchError } from "../base/errors.ts";

const release = z.strictObject({ image: z.string().min(1), slot: z.string().min(1) });

const schema = z.strictObject({
  schema: z.literal("riva-bench/rollout@1"),
  /** The version that serves. Absent before the first rollout. */
  current: release.extend({ at: z.string() }).exactOptional(),
  /** Images that served before, the last one first. One that was returned from is not among them. */
  earlier: z.array(z.string()).max(20),
  /** The version before, still running without traffic. */
  idle: release.exactOptional(),
  /** Present while a rollout works, and after one that was killed. */
  change: z
    .strictObject({
      kind: z.enum(["deploy", "back"]),
      to: release,
      /**
       * prepare: the new version is started and judged; switch: traffic moves to it; settle: it serves, and the old one's sessions
       * are waited for.
       */
      step: z.enum(["prepare", "switch", "settle"]),
      /** In `settle`: what served before. */
      left: release.exactOptional(),
      at: z.string(),
      by: z.string(),
      why: z.string(),
    })
    .exactOptional(),
});

/** The content of `state.json`. */
export type RolloutState = z.output<typeof schema>;

/** A change that is being made. */
export type Change = NonNullable<RolloutState["change"]>;

/** Before the first rollout. */
export const NO_STATE: RolloutState = { schema: "riva-bench/rollout@1", earlier: [] };

/** @throws BenchError (exit 2) for anything that no rollout has written */
export function parseState(text: string, path: string, auditPath: string): RolloutState {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    data = undefined;
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw BenchError.usage(
    `${path} is damaged: it does not say which version serves`,
    `The last line of ${auditPath} does. Move ${path} away and deploy that version.`,
  );
}
