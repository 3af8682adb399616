/** Which transport carries a load. */
import type { TargetKind, TransportName } from "../client/transports.ts";
import { transportFor } from "../client/transports.ts";
import type { OpenPlanInput, PlanInput } from "./plan-input.ts";

/** `auto` = by the kind of target, and where that leaves a choice, by the load. */
export type TransportChoice = "auto" | TransportName;

/**
 * From here on a worker's streams go over riva-h2. grpc-js is the reference and what most clients in the field are made
 * of; with more streams than this its garbage collection begins to show in the lateness of sends, and it costs twice the CPU.
 */
const H2_FROM_STREAMS = 300;

/**
 * @param wanted by the scenario or `--transport`
 * @param load what is planned, over all workers
 * @param kind of the target
 * @throws BenchError (exit 2) when the one that is wanted does not speak to it
 */
export function chooseTransport(
  wanted: TransportChoice,
  load: Pick<PlanInput, "streams"> | Pick<OpenPlanInput, "expectedOpen">,
  workers: number,
  kind: TargetKind = "riva-grpc",
): TransportName {
  if (wanted !== "auto") return transportFor(kind, wanted);
  if (kind !== "riva-grpc") return transportFor(kind);
  const streams = "streams" in load ? load.streams : load.expectedOpen;
  return streams / workers >= H2_FROM_STREAMS ? "riva-h2" : "riva-grpc";
}
