/**
 * What metrics take of the generator's CPU: on against off, in turns of a second within one process
 * (`metrics-generator.ts`). Whole runs with and without differ by more than this from one run to the next.
 */
import { inferFromPairs, mean } from "../src/metrics/stats/paired.ts";
import { launch, type Pinning } from "./children.ts";
import type { Contender } from "./measure.ts";
import type { Slice } from "./messages.ts";

export interface MetricsShare {
  transport: string;
  streams: number;
  /** Turns of each kind. */
  turns: number;
  /** CPU, microseconds per stream-second, without metrics and what they add to it. */
  off: number;
  added: number;
  /** Of `added`, with 95 % confidence. */
  addedFrom: number;
  addedTo: number;
}

const START_LIMIT_MS = 20_000;
/** Of a turn, more than it takes, and before the first. */
const TURN_LIMIT_MS = 1500;
const WARM_UP_LIMIT_MS = 40_000;

/** @param turns of each kind */
export async function measureMetricsShare(
  { transport, args, nodeFlags }: Contender,
  streams: number,
  turns: number,
  pinning: Pinning,
): Promise<MetricsShare> {
  const server = launch("./null-server.ts", [], [], pinning.serverCpu);
  const generator = launch("./metrics-generator.ts", args, nodeFlags, pinning.generatorCpu);
  try {
    const [{ port }] = await Promise.all([
      server.next("ready", START_LIMIT_MS),
      generator.next("ready", START_LIMIT_MS),
    ]);
    generator.send({ type: "compare", port, streams, slices: 2 * turns });
    const limitMs = WARM_UP_LIMIT_MS + 2 * turns * TURN_LIMIT_MS;
    const { slices } = await generator.next("compared", limitMs);
    return { transport, streams, ...metricsShare(slices) };
  } finally {
    for (const child of [server, generator]) child.stop();
  }
}

/** Each turn with metrics against the one without next to it, judged as `bench compare` judges pairs. At least 6 pairs. */
export function metricsShare(
  slices: readonly Slice[],
): Pick<MetricsShare, "turns" | "off" | "added" | "addedFrom" | "addedTo"> {
  const differences: number[] = [];
  const off: number[] = [];
  for (let i = 0; i + 1 < slices.length; i += 2) {
    const [first, second] = [slices[i], slices[i + 1]];
    if (first === undefined || second === undefined || first.on === second.on)
      throw new Error("turns go in pairs of one with metrics and one without");
    const [without, within] = first.on ? [second, first] : [first, second];
    off.push(without.cpuUsPerStreamSecond);
    differences.push(within.cpuUsPerStreamSecond - without.cpuUsPerStreamSecond);
  }
  const inference = inferFromPairs(differences);
  const [addedFrom, addedTo] = inference.interval(0.95) ?? [-Infinity, Infinity];
  return { turns: off.length, off: mean(off), added: inference.estimate, addedFrom, addedTo };
}

export function renderMetricsShare(share: MetricsShare): string {
  const { transport, streams, turns, off, added, addedFrom, addedTo } = share;
  const percent = (us: number): string => `${us < 0 ? "" : "+"}${((us / off) * 100).toFixed(1)} %`;
  return (
    `${transport} at ${streams} streams, metrics off ${off.toFixed(0)} us/stream-s; on ${percent(added)} ` +
    `(95 % confidence: ${percent(addedFrom)} to ${percent(addedTo)}; ${turns} turns of a second each way)\n`
  );
}
