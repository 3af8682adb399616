/** What a second worker process brings: the same streams a process, in one and in two, measured in turns. */
import type { Pinning } from "./children.ts";
import type { Contender, Row } from "./measure.ts";
import { isHonest, measure, medianRow } from "./measure.ts";
import type { Timing } from "./workload.ts";

export interface Scaling {
  transport: string;
  /** Streams of each process. */
  streamsPerProcess: number;
  one: Row;
  two: Row;
  /** Stream-seconds that two processes give for the CPU of two, to those of one for the CPU of one. 2 = no loss. */
  factor: number;
  /** Both kept their schedule. */
  honest: boolean;
}

/** Measures one process and two `repeats` times, turn about. */
export async function measureScaling(
  contender: Contender,
  streamsPerProcess: number,
  repeats: number,
  timing: Timing,
  pinning: Pinning,
): Promise<Scaling> {
  const samples: { one: Row; two: Row }[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    samples.push({
      one: await measure(contender, streamsPerProcess, timing, pinning),
      two: await measure({ ...contender, processes: 2 }, 2 * streamsPerProcess, timing, pinning),
    });
  }
  const median = (which: "one" | "two"): Row => {
    const [first, ...others] = samples.map((sample) => sample[which]);
    if (first === undefined) throw new Error("nothing was measured");
    return medianRow([first, ...others]);
  };
  const one = median("one");
  const two = median("two");
  return {
    transport: contender.transport,
    streamsPerProcess,
    one,
    two,
    factor: (2 * one.cpuUsPerStreamSecond) / two.cpuUsPerStreamSecond,
    honest: isHonest(one) && isHonest(two),
  };
}
