/**
 * The emulated Riva server on the network: the gRPC services of a speech server, answered by recognising the clips of a
 * dataset. The folder's only importer of @grpc/grpc-js.
 */
import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { logVerbosity, Server, ServerCredentials, setLogVerbosity, status } from "@grpc/grpc-js";
import type { Clock } from "../base/clock.ts";
import type { Dataset } from "../base/dataset.ts";
import { BenchError, messageOf } from "../base/errors.ts";
import type {
  HealthCheckRequest,
  HealthCheckResponse,
  Partially,
  RecognizeRequest,
  RecognizeResponse,
  RivaConfigRequest,
  RivaConfigResponse,
  StreamingRecognizeResponse,
} from "../base/riva-proto.ts";
import { rivaServices } from "../base/riva-proto.ts";
import type { StreamingRequest } from "./streaming-request.ts";
import { decodeStreamingRequest } from "./streaming-request.ts";
import type { EmulatorStats } from "./counts.ts";
import { CallCounter } from "./counts.ts";
import { FingerprintIndex } from "./fingerprint.ts";
import type { Profile } from "./model.ts";
import { describeModels, modelName, selectModel } from "./models.ts";
import { recognizeFile } from "./offline.ts";
import { overloadPace } from "./overload.ts";
import type { ExactDelays, Pace } from "./pace.ts";
import { exactPace, queuePace } from "./pace.ts";
import { asRejection, Rejection } from "./rejection.ts";
import { widenConnectionWindows } from "./connection-window.ts";
import type { CallContext } from "./streaming-call.ts";
import { StreamingCall } from "./streaming-call.ts";
import { Timetable } from "./timetable.ts";

export interface EmulatorOptions {
  profile: Profile;
  /** Answer after exactly these delays instead of by the profile's queue. */
  delays?: ExactDelays;
  /** Be offered so many percent more than it can take, whatever is offered, instead of having a capacity. */
  overloadPercent?: number;
  /** The speech that is recognised. */
  dataset: Dataset;
  clock: Clock;
  host: string;
  /** 0 = any free port. */
  port: number;
  /** A stream loses its place after so long without audio. */
  idleLimitMs?: number;
}

export interface Emulator {
  port: number;
  /** Name of the streaming model: says that it is emulated. */
  model: string;
  stats(): EmulatorStats;
  /** Ends all calls and stops listening. */
  close(): Promise<void>;
}

/** Triton's limit in Riva's pipelines. */
const IDLE_LIMIT_MS = 60_000;
/** What NVIDIA's clients allow. */
const LARGEST_MESSAGE_BYTES = 128 * 1024 * 1024;
/** Room for a burst of a hundred long chunks. */
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;
const SERVED = ["", "nvidia.riva.asr.RivaSpeechRecognition", "grpc.health.v1.Health"];

/**
 * Starts a server.
 *
 * @throws BenchError (exit 2) when it can't listen there
 */
export async function createEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { profile, delays, overloadPercent, dataset, clock } = options;
  const timetable = new Timetable(clock, { exact: delays !== undefined });
  const counter = new CallCounter();
  const context: Omit<CallContext, "sequence"> = {
    clock,
    timetable,
    counter,
    index: new FingerprintIndex(dataset.clips),
    pace: paceOf(options, timetable),
    chunkMs: delays ? undefined : profile.chunkMs,
    idleLimitMs: options.idleLimitMs ?? IDLE_LIMIT_MS,
    selectModel: (config) => selectModel(profile, config, "online"),
  };
  let calls = 0;

  function streamingRecognize(
    call: ServerDuplexStream<StreamingRequest, Partially<StreamingRecognizeResponse>>,
  ): void {
    const streaming = new StreamingCall(
      { ...context, sequence: ++calls },
      {
        send: (response) => void call.write(response),
        end: () => call.end(),
        fail: (rejection) => void call.emit("error", statusOf(rejection)),
      },
    );
    call.on("data", (message: StreamingRequest) => streaming.request(message));
    call.on("end", () => streaming.halfClose());
    call.on("cancelled", () => streaming.cancelled());
    // A client that breaks off shows here too; "cancelled" has dealt with it.
    call.on("error", () => undefined);
  }

  function recognize(
    call: ServerUnaryCall<RecognizeRequest, Partially<RecognizeResponse>>,
    respond: sendUnaryData<Partially<RecognizeResponse>>,
  ): void {
    try {
      const arrivedMs = clock.nowMs();
      const { config, audio, id } = call.request;
      if (!config) throw new Rejection("config is missing");
      selectModel(profile, config, "offline");
      const { response, audioMs } = recognizeFile(context.index, config, audio);
      context.pace.submit({
        arrivedMs,
        weight: audioMs / profile.chunkMs,
        last: true,
        call,
        release: (leavesMs) =>
          timetable.add(leavesMs, () => respond(null, id ? { ...response, id } : response)),
      });
    } catch (error) {
      respond(statusOf(asRejection(error)));
    }
  }

  function describe(
    call: ServerUnaryCall<RivaConfigRequest, Partially<RivaConfigResponse>>,
    respond: sendUnaryData<Partially<RivaConfigResponse>>,
  ): void {
    respond(
      null,
      describeModels(
        { profile, delays, overloadPercent, datasetName: dataset.name },
        call.request.model_name,
      ),
    );
  }

  const { asr, health } = rivaServices();
  widenConnectionWindows(CONNECTION_WINDOW_BYTES);
  const server = new Server({ "grpc.max_receive_message_length": LARGEST_MESSAGE_BYTES });
  const { requestDeserialize } = asr.StreamingRecognize;
  const streamingMethod = {
    ...asr.StreamingRecognize,
    requestDeserialize: (bytes: Buffer) => decodeStreamingRequest(bytes, requestDeserialize),
  };
  server.addService(
    { ...asr, StreamingRecognize: streamingMethod },
    {
      StreamingRecognize: streamingRecognize,
      Recognize: recognize,
      GetRivaSpeechRecognitionConfig: describe,
    },
  );
  server.addService({ ...health }, { Check: checkHealth, Watch: watchHealth });

  const port = await listen(server, options.host, options.port);
  return {
    port,
    model: modelName(profile, "online"),
    stats: () => counter.stats(),
    close() {
      timetable.clear();
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}

function paceOf({ profile, delays, overloadPercent, clock }: EmulatorOptions, timetable: Timetable): Pace {
  if (delays !== undefined) return exactPace(delays);
  if (overloadPercent !== undefined) return overloadPace(profile, overloadPercent, clock);
  return queuePace(profile, clock, timetable);
}

function checkHealth(
  call: ServerUnaryCall<HealthCheckRequest, Partially<HealthCheckResponse>>,
  respond: sendUnaryData<Partially<HealthCheckResponse>>,
): void {
  if (SERVED.includes(call.request.service)) respond(null, { status: "SERVING" });
  else respond(statusOf(new Rejection("unknown service", "NOT_FOUND")));
}

/** Tells the state once and stays open: it does not change while the server runs. */
function watchHealth(call: ServerWritableStream<HealthCheckRequest, Partially<HealthCheckResponse>>): void {
  call.write({ status: SERVED.includes(call.request.service) ? "SERVING" : "SERVICE_UNKNOWN" });
}

function statusOf({ code, message }: Rejection): { code: status; details: string } {
  return { code: status[code], details: message };
}

/** @returns the port */
async function listen(server: Server, host: string, port: number): Promise<number> {
  // The library would print what is thrown here.
  setLogVerbosity(logVerbosity.NONE);
  const bracketed = host.includes(":") ? `[${host}]` : host;
  return new Promise((resolve, reject) => {
    server.bindAsync(`${bracketed}:${port}`, ServerCredentials.createInsecure(), (error, boundPort) => {
      if (!error) {
        resolve(boundPort);
      } else if (error.message.includes("EADDRINUSE")) {
        reject(
          BenchError.usage(
            `port ${port} on ${host} is in use`,
            "Take another with --port N, or 0 for any free one.",
          ),
        );
      } else {
        reject(
          BenchError.usage(
            `can't listen on ${host}:${port}: ${messageOf(error)}`,
            "Check --host and --port.",
          ),
        );
      }
    });
  });
}
