/** Which transport carries a load. */
import type { OpenPlanInput, PlanInput } from "./plan-input.ts";

export type TransportChoice = "auto" | "riva-grpc" | "riva-h2";

/**
 * From here on a worker's streams go over riva-h2. grpc-js is the reference and what most clients in the field are made
 * of; with more streams than this its garbage collection begins to show in the lateness of sends, and it costs twice the CPU.
 */
const H2_FROM_STREAMS = 300;

/**
 * @param wanted by the scenario or `--transport`
 * @param load what is planned, over all workers
 */
export function chooseTransport(
  wanted: TransportChoice,
  load: Pick<PlanInput, "streams"> | Pick<OpenPlanInput, "expectedOpen">,
  workers: number,
): Exclude<TransportChoice, "auto"> {
  if (wanted !== "auto") return wanted;
  const streams = "streams" in load ? load.streams : load.expectedOpen;
  return streams / workers >= H2_FROM_STREAMS ? "riva-h2" : "riva-grpc";
}
