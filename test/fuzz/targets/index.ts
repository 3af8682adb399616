/** All that is fuzzed, one file each. */
import type { FuzzTarget } from "../target.ts";
import { grpcFrames } from "./grpc-frames.ts";
import { realtimeEvent } from "./realtime-event.ts";
import { realtimeSession } from "./realtime-session.ts";
import { rivaResponse } from "./riva-response.ts";
import { streamSession } from "./stream-session.ts";
import { wavEmulator } from "./wav-emulator.ts";
import { wavFile } from "./wav-file.ts";
import { wavGateway } from "./wav-gateway.ts";

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  streamSession,
  realtimeSession,
  realtimeEvent,
  rivaResponse,
  grpcFrames,
  wavFile,
  wavGateway,
  wavEmulator,
];
