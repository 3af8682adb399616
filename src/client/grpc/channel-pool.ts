/**
 * Connections to one gRPC server, each carrying a bounded number of streams. Servers and proxies cap the streams of a
 * connection (100 is common); what is above the cap waits silently in the client, where it looks like server latency.
 */
import { connectivityState } from "@grpc/grpc-js";
import type { Client } from "@grpc/grpc-js";
import type { Clock } from "../../base/clock.ts";
import type { Failure } from "../../base/outcome.ts";
import { unreachable } from "../advice.ts";
import { withIp } from "../endpoint.ts";
import type { Endpoint } from "../endpoint.ts";
import { connectTimeout, grpcFailure } from "./failures.ts";
import { openClient } from "./grpc-endpoint.ts";
import type { Rotation } from "../rotation.ts";
import type { WarmUpResult } from "../transport.ts";

/** One connection. */
export interface Lane {
  readonly client: Client;
  /** The IP address that it goes to; absent = whichever gRPC finds. */
  readonly ip: string | undefined;
  /** Streams open on it now. */
  streams: number;
}

export class ChannelPool {
  readonly #endpoint: Endpoint;
  readonly #streamsPerConnection: number;
  readonly #clock: Clock;
  readonly #rotation: Rotation;
  #lanes: Lane[] = [];

  /** @throws BenchError (exit 2) when the endpoint can't be used: found now, not at the first stream. */
  constructor(endpoint: Endpoint, streamsPerConnection: number, clock: Clock, rotation: Rotation) {
    this.#endpoint = endpoint;
    this.#streamsPerConnection = streamsPerConnection;
    this.#clock = clock;
    this.#rotation = rotation;
    this.#addLane(rotation.all[0]);
  }

  /**
   * The connection for one more stream, to the address whose turn it is; the caller gives it back with `release`. Opens a
   * new one when all are full.
   */
  acquire(): Lane {
    const ip = this.#rotation.take();
    let best: Lane | undefined;
    let bestBroken = false;
    for (const lane of this.#lanes) {
      if (lane.ip !== ip || lane.streams >= this.#streamsPerConnection) continue;
      // A broken connection fails its streams at once, so it is always the least loaded: it would draw every new stream.
      const broken =
        lane.client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE;
      if (best === undefined || (broken === bestBroken ? lane.streams < best.streams : bestBroken)) {
        [best, bestBroken] = [lane, broken];
      }
    }
    best ??= this.#addLane(ip);
    best.streams++;
    return best;
  }

  release(lane: Lane): void {
    lane.streams--;
  }

  /**
   * Opens the connections that `streams` need and waits until all are ready.
   *
   * @throws BenchError (exit 7) at the first that can't be opened.
   */
  async warmUp(streams: number, timeoutMs: number): Promise<WarmUpResult> {
    const startMs = this.#clock.nowMs();
    // grpc-js takes the wall clock from it, at once.
    const deadline = new Date(this.#clock.wallMs() + timeoutMs);
    const addresses = this.#rotation.all;
    const each = Math.max(1, Math.ceil(streams / addresses.length / this.#streamsPerConnection));
    const lanes = addresses.flatMap((ip) => {
      const open = this.#lanes.filter((lane) => lane.ip === ip);
      while (open.length < each) open.push(this.#addLane(ip));
      return open.slice(0, each);
    });
    await Promise.all(lanes.map((lane) => this.#connect(lane, deadline, timeoutMs)));
    return { connections: lanes.length, tookMs: this.#clock.nowMs() - startMs };
  }

  close(): void {
    for (const lane of this.#lanes) lane.client.close();
    this.#lanes = [];
  }

  #addLane(ip: string | undefined): Lane {
    const lane = { client: openClient(this.#endpoint, ip), ip, streams: 0 };
    this.#lanes.push(lane);
    return lane;
  }

  async #connect({ client, ip }: Lane, deadline: Date, timeoutMs: number): Promise<void> {
    const where = withIp(this.#endpoint.address, ip);
    const channel = client.getChannel();
    for (;;) {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return;
      if (state === connectivityState.TRANSIENT_FAILURE) {
        const failure = await connectFailure(client, deadline);
        if (failure !== undefined) throw unreachable(where, failure, "gRPC", this.#endpoint.tls);
        continue;
      }
      const changed = await new Promise<boolean>((resolve) => {
        channel.watchConnectivityState(state, deadline, (error) => resolve(error === undefined));
      });
      if (!changed) throw unreachable(where, connectTimeout(timeoutMs));
    }
  }
}

/**
 * Why a channel that is in transient failure is so. Only a call is told, and it fails at once without reaching the
 * server. Undefined: the connection has come about meanwhile.
 */
function connectFailure(client: Client, deadline: Date): Promise<Failure | undefined> {
  const bytes = (message: Buffer): Buffer => message;
  return new Promise((resolve) => {
    // No bytes are a valid HealthCheckRequest.
    client.makeUnaryRequest(
      "/grpc.health.v1.Health/Check",
      bytes,
      bytes,
      Buffer.alloc(0),
      { deadline },
      (error) => {
        const failure = error === null ? undefined : grpcFailure(error.code, error.details, "configure");
        resolve(
          failure !== undefined && failure.phase !== "configure" && failure.phase !== "auth"
            ? failure
            : undefined,
        );
      },
    );
  });
}
