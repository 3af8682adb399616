/** The emulated Riva server: a speech service on a gRPC port and, if wanted, a NIM's HTTP port beside it. */
import type { EmulatorStats } from "./counts.ts";
import type { Address } from "./grpc-server.ts";
import { startGrpcServer } from "./grpc-server.ts";
import { startHttpApi } from "./http-api.ts";
import type { ProcessUsage } from "./metrics-text.ts";
import { metricsText } from "./metrics-text.ts";
import { modelName } from "./models.ts";
import { Readiness } from "./readiness.ts";
import type { ServiceOptions } from "./speech-service.ts";
import { SpeechService } from "./speech-service.ts";
import type { ServerTls } from "./tls.ts";

export interface EmulatorOptions extends ServiceOptions, Address {
  /** On both ports. */
  tls?: ServerTls | undefined;
  /** The HTTP port, if there is to be one; 0 = any free. */
  http?: { port: number; version: string; usage: () => ProcessUsage };
}

export interface Emulator {
  port: number;
  httpPort: number | undefined;
  /** Name of the streaming model: says that it is emulated. */
  model: string;
  stats(): EmulatorStats;
  /** Ends all calls and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a server.
 *
 * @throws BenchError (exit 2) when it can't listen there
 */
export async function createEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { profile, clock, host, tls } = options;
  const model = modelName(profile, "online");
  const service = new SpeechService(options);
  const readiness = new Readiness();
  const grpc = await startGrpcServer(service, readiness, options, tls);
  const closeGrpc = (): void => {
    service.stop();
    grpc.close();
  };
  const http =
    options.http &&
    (await startHttp(options.http).catch((error: unknown) => {
      closeGrpc();
      throw error;
    }));

  function startHttp({
    port,
    version,
    usage,
  }: NonNullable<EmulatorOptions["http"]>): ReturnType<typeof startHttpApi> {
    const metrics = metricsText({
      profile: profile.name,
      model,
      meter: () => service.meter,
      pending: () => service.pending,
      nowMs: () => clock.nowMs(),
      usage,
    });
    return startHttpApi({ service: () => service, readiness, metrics, version }, { host, port }, tls);
  }

  return {
    port: grpc.port,
    httpPort: http?.port,
    model,
    stats: () => service.stats(),
    close() {
      closeGrpc();
      http?.close();
      return Promise.resolve();
    },
  };
}
