/** Computes once what several metrics of one session ask for. */
import type { Observation } from "./observation.ts";

/**
 * Keeps the last result: the metrics of one session are taken one after the other.
 */
export function remembered<T>(of: (observation: Observation) => T): (observation: Observation) => T {
  let last: { observation: Observation; value: T } | undefined;
  return (observation) => {
    if (last?.observation !== observation) last = { observation, value: of(observation) };
    return last.value;
  };
}
