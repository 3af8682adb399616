/** The values of single sessions by the names of their metrics, for those who look at a session, off the timed path. */
import { toThousandths } from "../../base/thousandths.ts";
import type { Observation } from "../observation/observation.ts";
import { METRICS, metricNamed } from "./catalogue.ts";
import { type Metric, speaksOf } from "./metric.ts";

/** From the scheduled instants of the audio, or from the actual sends in their place. */
type Form = "planned" | "actual";

/**
 * Every value of a session, rounded to a thousandth: a number, or a list for a metric with any number of them. A metric with
 * an actual form has a second entry under its name with `_actual`. What has no value has no entry.
 */
export function valuesByName(observation: Observation): Record<string, number | number[]> {
  const found: Record<string, number | number[]> = {};
  for (const metric of METRICS) {
    for (const form of ["planned", "actual"] as const) {
      const values = valuesOf(metric, observation, form);
      const [first] = values;
      if (first === undefined) continue;
      found[form === "actual" ? `${metric.name}_actual` : metric.name] =
        metric.per === "session" ? first : values;
    }
  }
  return found;
}

/** The value of a metric that has one a session, rounded to a thousandth; undefined for any other, and for one without a value. */
export function sessionValue(name: string, observation: Observation): number | undefined {
  const metric = metricNamed(name);
  return metric?.per === "session" ? valuesOf(metric, observation)[0] : undefined;
}

/** The values of one metric in one session, rounded to a thousandth; none of a metric of the whole run. */
export function valuesOf(metric: Metric, observation: Observation, form: Form = "planned"): number[] {
  const values: number[] = [];
  if (metric.per === "run" || !speaksOf(metric, observation)) return values;
  if (metric.per === "session") {
    const value = form === "planned" ? metric.of(observation) : metric.actual?.(observation);
    if (value !== undefined) values.push(toThousandths(value));
  } else {
    const emit = (value: number): unknown => values.push(toThousandths(value));
    if (form === "planned") metric.each(observation, emit);
    else metric.actual?.(observation, emit);
  }
  return values;
}
