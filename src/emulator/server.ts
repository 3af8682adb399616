/** The emulated Riva server: a speech service on a gRPC port and, if wanted, a NIM's HTTP port beside it. */
import type { ServerMark } from "../base/server-mark.ts";
import type { EmulatorStats } from "./call/counts.ts";
import type { EmulatedOptions } from "./engines/emulated-engine.ts";
import { emulatedEngine } from "./engines/emulated-engine.ts";
import type { Engine } from "./engines/engine.ts";
import type { FaultSpec } from "./faults/fault-spec.ts";
import type { Address, GrpcServer } from "./grpc-server.ts";
import { startGrpcServer } from "./grpc-server.ts";
import type { HttpApi } from "./http/http-api.ts";
import { startHttpApi } from "./http/http-api.ts";
import type { ProcessUsage } from "./http/metrics-text.ts";
import { metricsText } from "./http/metrics-text.ts";
import { Readiness } from "./http/readiness.ts";
import { scheduleServerFaults } from "./faults/server-faults.ts";
import type { ServiceOptions } from "./speech-service.ts";
import { SpeechService } from "./speech-service.ts";
import type { ServerTls } from "./tls.ts";

export interface EmulatorOptions extends ServiceOptions, EmulatedOptions, Address {
  /** Engine in place of the emulated one; ended with the server, or when the server does not come up. */
  engine?: Engine | undefined;
  /** On both ports. */
  tls?: ServerTls | undefined;
  /** The HTTP port, if there is to be one; 0 = any free. */
  http?: { port: number; version: string; usage: () => ProcessUsage };
}

export interface Emulator {
  port: number;
  httpPort: number | undefined;
  /** Name of the streaming model. */
  model: string;
  /** Label that its figures must carry. */
  mark: ServerMark;
  stats(): EmulatorStats;
  /** From now on these go wrong instead of what was ordered before. */
  setFaults(spec: FaultSpec): void;
  /** Ends all calls and stops listening. */
  close(): Promise<void>;
}

/** The port of a server that has just died may be held for a moment. */
const LISTEN_AGAIN_MS = 50;

/**
 * Starts a server.
 *
 * @throws BenchError (exit 2) when it can't listen there
 */
export async function createEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { clock, host, tls } = options;
  const engine = options.engine ?? emulatedEngine(options);
  const model = engine.models.online;
  const service = new SpeechService(engine, { ...options, exact: options.delays !== undefined });
  const readiness = new Readiness();
  let grpc: GrpcServer | undefined;
  try {
    grpc = await startGrpcServer(service, readiness, options, tls);
  } catch (error) {
    await service.stop();
    throw error;
  }
  const { port } = grpc;
  let closed = false;
  let http: HttpApi | undefined;
  let callOff = (): void => undefined;

  function setFaults(spec: FaultSpec): void {
    callOff();
    // What was ordered before must not keep the server down or unready.
    readiness.set(true);
    restart();
    service.setFaults(spec);
    callOff = scheduleServerFaults(spec, clock, {
      goAway() {
        service.faults.count("goaway");
        grpc?.goAway();
      },
      crash,
      restart,
      setReady(ready) {
        if (!ready) service.faults.count("unready");
        readiness.set(ready);
      },
    });
  }

  function crash(): void {
    service.faults.count("crash");
    grpc?.crash();
    grpc = undefined;
    service.restart();
  }

  function restart(): void {
    if (grpc || closed) return;
    startGrpcServer(service, readiness, { host, port }, tls).then(
      (server) => {
        if (closed || grpc) server.close();
        else grpc = server;
      },
      () => clock.wakeAt(clock.nowMs() + LISTEN_AGAIN_MS, restart),
    );
  }

  async function close(): Promise<void> {
    closed = true;
    callOff();
    grpc?.close();
    http?.close();
    await service.stop();
  }

  if (options.http) {
    const { port: httpPort, version, usage } = options.http;
    const metrics = metricsText({
      engine,
      nowMs: () => clock.nowMs(),
      usage,
    });
    const source = { service, readiness, metrics, version, setFaults, down: () => grpc === undefined };
    try {
      http = await startHttpApi(source, { host, port: httpPort }, tls);
    } catch (error) {
      await close();
      throw error;
    }
  }
  if (options.faults) setFaults(options.faults);

  return {
    port,
    httpPort: http?.port,
    model,
    mark: engine.mark,
    stats: () => service.stats(),
    setFaults,
    close,
  };
}
