/** Which transport carries a load. */
import type { RecognitionSettings } from "../../client/transport.ts";
import type { TargetKind, TransportChoice, TransportName } from "../../client/transports.ts";
import { checkCarries, transportFor } from "../../client/transports.ts";
import type { OpenPlanInput, PlanInput } from "../plan/plan-input.ts";
import type { AudioSettings } from "../../scenario/scenario-audio.ts";
import type { RunnableScenario } from "../../scenario/scenario.ts";

/**
 * From here on a worker's streams go over riva-h2. grpc-js is the reference and what most clients in the field are made
 * of; with more streams than this its garbage collection begins to show in the lateness of sends, and it costs twice the CPU.
 * Chunks that count from their stream's own beginning go over riva-h2 at any number: how long a client takes to begin a stream
 * lies between theirs, and grpc-js takes several times as long as NVIDIA's C++ client.
 */
const H2_FROM_STREAMS = 300;

/** What of a scenario concerns the transport. */
interface Wishes extends Pick<RunnableScenario, "transport"> {
  audio: Pick<AudioSettings, "encoding" | "anchor">;
  recognition: Partial<RecognitionSettings>;
}

/**
 * @param scenario with the transport that it or `--transport` wants
 * @param load what is planned, over all workers
 * @param kind of the target
 * @throws BenchError (exit 2) when the one that is wanted does not speak to it, or can't carry the scenario's audio or settings
 */
export function chooseTransport(
  { transport: wanted, audio, recognition }: Wishes,
  load: Pick<PlanInput, "streams"> | Pick<OpenPlanInput, "expectedOpen">,
  workers: number,
  kind: TargetKind = "riva-grpc",
): TransportName {
  const streams = "streams" in load ? load.streams : load.expectedOpen;
  const chosen = choose(wanted, audio.anchor === "at-start" ? Infinity : streams / workers, kind);
  checkCarries(chosen, audio.encoding, recognition);
  return chosen;
}

function choose(wanted: TransportChoice, streamsPerWorker: number, kind: TargetKind): TransportName {
  if (wanted !== "auto") return transportFor(kind, wanted);
  if (kind !== "riva-grpc") return transportFor(kind);
  return streamsPerWorker >= H2_FROM_STREAMS ? "riva-h2" : "riva-grpc";
}
