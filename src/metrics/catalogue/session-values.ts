/** All values of one session, in one pass, for the recorder. */
import { METRICS } from "./catalogue.ts";
import { speaksOf } from "./metric.ts";
import type { Observation } from "../observation/observation.ts";

/** Used again for the next session, because this is on the timed path's thread. */
export interface SessionValues {
  /** Of one metric after the other. */
  all: Float64Array;
  /** Values of metric number i of `METRICS` begin at `from[i]` and end before `from[i + 1]`; run metrics have none. */
  from: Int32Array;
}

const values: SessionValues = { all: new Float64Array(1024), from: new Int32Array(METRICS.length + 1) };
let count = 0;

function emit(value: number): void {
  if (count === values.all.length) {
    const longer = new Float64Array(count * 2);
    longer.set(values.all);
    values.all = longer;
  }
  values.all[count++] = value;
}

/** Valid until those of another session are asked for. */
export function sessionValues(observation: Observation): Readonly<SessionValues> {
  count = 0;
  for (let index = 0; index < METRICS.length; index++) {
    const metric = METRICS[index];
    if (metric !== undefined && metric.per !== "run" && speaksOf(metric, observation)) {
      if (metric.per === "session") {
        const value = metric.of(observation);
        if (value !== undefined) emit(value);
      } else metric.each(observation, emit);
    }
    values.from[index + 1] = count;
  }
  return values;
}
