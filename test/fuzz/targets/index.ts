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
import { exposition } from "./exposition.ts";
import { failures } from "./failures.ts";
import { flac } from "./flac.ts";
import { grammars } from "./grammars.ts";
import { manifest } from "./manifest.ts";
import { oggOpus } from "./ogg-opus.ts";
import { results } from "./results.ts";
import { rivaRequest } from "./riva-request.ts";
import { textFiles } from "./text-files.ts";
import { yamlFiles } from "./yaml-files.ts";
import { archive } from "./archive.ts";
import { emulatorHttp } from "./emulator-http.ts";
import { gatewayHttp } from "./gateway-http.ts";
import { runFolder } from "./run-folder.ts";

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  streamSession,
  realtimeSession,
  realtimeEvent,
  rivaResponse,
  grpcFrames,
  exposition,
  failures,
  flac,
  grammars,
  manifest,
  oggOpus,
  results,
  rivaRequest,
  textFiles,
  yamlFiles,
  archive,
  emulatorHttp,
  gatewayHttp,
  runFolder,
  wavFile,
  wavGateway,
  wavEmulator,
];
