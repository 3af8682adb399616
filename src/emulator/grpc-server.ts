/** The emulator's gRPC side: Riva's speech service, health and reflection on one port, plain or TLS. */
import { constants } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { logVerbosity, Server, ServerCredentials, setLogVerbosity, status } from "@grpc/grpc-js";
import { joinHostPort } from "../base/host-port.ts";
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
import { connectionsOf, watchConnections } from "./connections.ts";
import type { Readiness } from "./http/readiness.ts";
import { addReflection } from "./reflection.ts";
import { asRejection, Rejection } from "./call/rejection.ts";
import type { SpeechService } from "./speech-service.ts";
import type { StreamingCall } from "./call/streaming-call.ts";
import type { StreamingRequest } from "./call/streaming-request.ts";
import { decodeStreamingRequest } from "./call/streaming-request.ts";
import type { ServerTls } from "./tls.ts";

/** What NVIDIA's clients allow. */
const LARGEST_MESSAGE_BYTES = 128 * 1024 * 1024;
/** Room for a burst of a hundred long chunks. */
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;
const SERVED = ["", "nvidia.riva.asr.RivaSpeechRecognition", "grpc.health.v1.Health"];

export interface Address {
  host: string;
  /** 0 = any free port. */
  port: number;
}

export interface GrpcServer {
  port: number;
  /** Tells every connection to go away: what is open goes on. */
  goAway(): void;
  /** Ends all calls and stops listening. */
  close(): void;
  /** As `close`, but as a process dies: without a word. */
  crash(): void;
}

/** A streaming call and where it came from. */
interface OpenStream {
  streaming: StreamingCall;
  peer: string;
}

/**
 * Serves `service` at an address.
 *
 * @throws BenchError (exit 2) when it can't listen there, or when the certificates are no good
 */
export async function startGrpcServer(
  service: SpeechService,
  readiness: Readiness,
  address: Address,
  tls: ServerTls | undefined,
): Promise<GrpcServer> {
  const { asr, health } = rivaServices();
  const streams = new Set<OpenStream>();
  let boundPort = 0;
  watchConnections(CONNECTION_WINDOW_BYTES);
  const server = new Server({ "grpc.max_receive_message_length": LARGEST_MESSAGE_BYTES });
  const { requestDeserialize } = asr.StreamingRecognize;
  const streamingMethod = {
    ...asr.StreamingRecognize,
    requestDeserialize: (bytes: Buffer) => decodeStreamingRequest(bytes, requestDeserialize),
  };
  server.addService(
    { ...asr, StreamingRecognize: streamingMethod },
    {
      StreamingRecognize: (
        call: ServerDuplexStream<StreamingRequest, Partially<StreamingRecognizeResponse>>,
      ) => serveStream(service, call, streams, breakConnections),
      Recognize: (
        { request }: ServerUnaryCall<RecognizeRequest, Partially<RecognizeResponse>>,
        respond: sendUnaryData<Partially<RecognizeResponse>>,
      ) =>
        void service.recognize(request).then(
          (response) => respond(null, response),
          (error: unknown) => respond(statusOf(asRejection(error))),
        ),
      GetRivaSpeechRecognitionConfig: (
        { request }: ServerUnaryCall<RivaConfigRequest, Partially<RivaConfigResponse>>,
        respond: sendUnaryData<Partially<RivaConfigResponse>>,
      ) => respond(null, service.models(request.model_name)),
    },
  );
  server.addService({ ...health }, healthHandlers(readiness));
  addReflection(server);
  boundPort = await listen(server, address, tls);

  /** Breaks the connection from `peer`, or all, with every stream on it. */
  function breakConnections(peer?: string): void {
    for (const stream of streams) if (peer === undefined || stream.peer === peer) stream.streaming.lost();
    for (const { socket } of connectionsOf(boundPort, peer)) socket.resetAndDestroy();
  }

  return {
    port: boundPort,
    goAway() {
      for (const { session } of connectionsOf(boundPort)) session?.close();
    },
    close: () => server.forceShutdown(),
    crash() {
      breakConnections();
      server.forceShutdown();
    },
  };
}

type RivaStream = ServerDuplexStream<StreamingRequest, Partially<StreamingRecognizeResponse>>;

function serveStream(
  service: SpeechService,
  call: RivaStream,
  streams: Set<OpenStream>,
  breakConnections: (peer: string) => void,
): void {
  const peer = call.getPeer();
  const streaming = service.openStream({
    send: (response) => void call.write(response),
    end: () => call.end(),
    fail: (rejection) => void call.emit("error", statusOf(rejection)),
    reset: () => http2StreamOf(call).close(constants.NGHTTP2_INTERNAL_ERROR),
    disconnect: () => breakConnections(peer),
  });
  const stream = { streaming, peer };
  streams.add(stream);
  call.once("close", () => streams.delete(stream));
  call.on("data", (message: StreamingRequest) => streaming.request(message));
  call.on("end", () => streaming.halfClose());
  call.on("cancelled", () => streaming.cancelled());
  // A client that breaks off shows here too; "cancelled" has dealt with it.
  call.on("error", () => undefined);
}

/** The HTTP/2 stream below a call. grpc-js has no public way to it: `server-faults.test.ts` notices when it moves. */
function http2StreamOf(call: RivaStream): ServerHttp2Stream {
  return (call as unknown as { call: { stream: ServerHttp2Stream } }).call.stream;
}

function healthHandlers(readiness: Readiness): {
  Check: (
    call: ServerUnaryCall<HealthCheckRequest, Partially<HealthCheckResponse>>,
    respond: sendUnaryData<Partially<HealthCheckResponse>>,
  ) => void;
  Watch: (call: ServerWritableStream<HealthCheckRequest, Partially<HealthCheckResponse>>) => void;
} {
  const current = (): Partially<HealthCheckResponse> => ({
    status: readiness.ready ? "SERVING" : "NOT_SERVING",
  });
  return {
    Check(call, respond) {
      if (SERVED.includes(call.request.service)) respond(null, current());
      else respond(statusOf(new Rejection("unknown service", "NOT_FOUND")));
    },
    Watch(call) {
      if (!SERVED.includes(call.request.service)) {
        call.write({ status: "SERVICE_UNKNOWN" });
        return;
      }
      call.write(current());
      call.on(
        "cancelled",
        readiness.onChange(() => call.write(current())),
      );
    },
  };
}

function statusOf({ code, message }: Rejection): { code: status; details: string } {
  return { code: status[code], details: message };
}

/** @returns the port */
async function listen(server: Server, { host, port }: Address, tls: ServerTls | undefined): Promise<number> {
  // The library would print what is thrown here.
  setLogVerbosity(logVerbosity.NONE);
  const credentials = serverCredentials(tls);
  return new Promise((resolve, reject) => {
    server.bindAsync(joinHostPort(host, port), credentials, (error, boundPort) => {
      if (error) reject(cannotListen(error, { host, port }, "--port"));
      else resolve(boundPort);
    });
  });
}

function serverCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const { certificate, key, clientCa } = tls;
  return ServerCredentials.createSsl(
    clientCa ?? null,
    [{ cert_chain: certificate, private_key: key }],
    clientCa !== undefined,
  );
}

/** Why there is no server at an address, for people. `flag` is the one that sets the port. */
export function cannotListen(error: Error, { host, port }: Address, flag: string): BenchError {
  return error.message.includes("EADDRINUSE")
    ? BenchError.usage(
        `port ${port} on ${host} is in use`,
        `Take another with ${flag} N, or 0 for any free one.`,
      )
    : BenchError.usage(
        `can't listen on ${joinHostPort(host, port)}: ${messageOf(error)}`,
        `Check --host and ${flag}.`,
      );
}
