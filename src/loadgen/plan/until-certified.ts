/** When a run goes on until its percentile is certified: how long the window must become. Pure. */
import { durationFlag } from "../../base/duration.ts";
import { BenchError } from "../../base/errors.ts";
import type { Summary } from "../../metrics/result/result.ts";
import type { Slo } from "../../metrics/judge/slo.ts";
import { shareAllowed } from "../../metrics/judge/slo.ts";
import { CERTIFIED_FROM } from "../../metrics/stats/certainty.ts";
import { certifiable } from "./forecast.ts";
import type { Load } from "../../scenario/load/load.ts";
import { isLevel } from "../../scenario/load/load.ts";

export interface UntilCertified {
  /** Percentile, as in `CERTIFIED_FROM`. */
  stat: string;
  /** Longest that the window may become, milliseconds. */
  budgetMs: number;
}

const DEFAULT_BUDGET = "30m";

/**
 * Reads `--until-certified` and `--budget`.
 * @throws BenchError (exit 2) for what is no percentile or no duration, or for a load that can't be made longer
 */
export function parseUntilCertified(
  name: string | undefined,
  budget: string | undefined,
  load: Load,
): UntilCertified | undefined {
  if (name === undefined) return undefined;
  const stat = certifiable(name);
  if (stat === undefined) {
    const known = Object.keys(CERTIFIED_FROM).join(", ");
    throw BenchError.usage(`--until-certified ${name}: not a percentile that gates know`, `One of ${known}.`);
  }
  if (!isLevel(load)) {
    throw BenchError.usage(
      `--until-certified can't lengthen this load (model ${load.model}): its plan says where it ends`,
      "Loads of one level can: concurrency, offline, constant, poisson and soak, without iterations.",
    );
  }
  return { stat, budgetMs: durationFlag("--budget", budget ?? DEFAULT_BUDGET, { minMs: 1000 }) };
}

export interface ExtensionInput {
  /** Since T0. */
  nowMs: number;
  warmupMs: number;
  windowEndMs: number;
  budgetMs: number;
  /** The decision falls this long before the window's end: enough for the message to reach every worker. */
  leadMs: number;
  /** Sessions that the percentile needs. */
  needed: number;
  /** Sessions of the window that have ended so far with a value; asked for only when it is time to decide. */
  have(): number;
}

/** No shorter extension: each is a message and a line of events. */
const SHORTEST_MS = 5000;
/** Nor a longer one, as a share of the window so far: a window can't be taken back when sessions come faster than thought. */
const LONGEST_SHARE = 0.25;

/**
 * The new end of the window (milliseconds since T0), or undefined: not yet time to decide, enough sessions, or budget spent.
 * Sessions that are still open when the window ends will count too, so it ends a little later than needed, never sooner.
 */
export function extendedEnd(input: ExtensionInput): number | undefined {
  const { nowMs, warmupMs, windowEndMs, needed } = input;
  if (windowEndMs - nowMs > input.leadMs) return undefined;
  const have = input.have();
  if (have >= needed) return undefined;
  const sinceMs = nowMs - warmupMs;
  const missingMs = have > 0 ? ((needed - have) * sinceMs) / have : SHORTEST_MS;
  const longestMs = Math.max(SHORTEST_MS, LONGEST_SHARE * (windowEndMs - warmupMs));
  const endMs = Math.min(Math.max(windowEndMs + SHORTEST_MS, nowMs + missingMs), windowEndMs + longestMs);
  const lastEndMs = warmupMs + input.budgetMs;
  return lastEndMs > windowEndMs ? Math.min(endMs, lastEndMs) : undefined;
}

/**
 * Sessions that stand behind the percentile gates: of the gated metric that has the fewest; all that completed where no gate
 * is on a percentile.
 */
export function sessionsBehind(
  slos: readonly Slo[],
  metrics: Readonly<Record<string, Summary>>,
  completed: number,
): number {
  const gated = slos.filter((slo) => shareAllowed(slo) !== undefined).map((slo) => metrics[slo.metric]);
  return gated.length === 0
    ? completed
    : Math.min(...gated.map((summary) => summary?.sessions ?? summary?.count ?? 0));
}
