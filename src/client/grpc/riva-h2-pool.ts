/**
 * HTTP/2 connections to one server. The number of streams that the server allows on each is kept: node:http2 would hold
 * further ones back in silence, and their waiting would look like the server's latency.
 */
import type { Clock } from "../../base/clock.ts";
import type { Failure } from "../../base/outcome.ts";
import { unreachable } from "../advice.ts";
import { connectTimeout } from "./failures.ts";
import { H2Connection } from "./riva-h2-connection.ts";
import type { Passenger } from "./riva-h2-connection.ts";
import { withIp } from "../endpoint.ts";
import type { H2Endpoint } from "./riva-h2-endpoint.ts";
import type { Rotation } from "../rotation.ts";
import type { WarmUpResult } from "../transport.ts";

export class H2Pool {
  readonly #endpoint: H2Endpoint;
  readonly #streamsPerConnection: number;
  readonly #clock: Clock;
  readonly #rotation: Rotation;
  readonly #connections = new Set<H2Connection>();
  /** Streams that the server allows a connection, as it last said. */
  #serverLimit = Infinity;

  constructor(endpoint: H2Endpoint, streamsPerConnection: number, clock: Clock, rotation: Rotation) {
    this.#endpoint = endpoint;
    this.#streamsPerConnection = streamsPerConnection;
    this.#clock = clock;
    this.#rotation = rotation;
  }

  /** Puts a call on the connection with the fewest to the address whose turn it is; opens a new one when all are full. */
  place(call: Passenger): void {
    this.#placeAt(call, this.#rotation.take());
  }

  #placeAt(call: Passenger, ip: string | undefined): void {
    let best: H2Connection | undefined;
    for (const connection of this.#connections) {
      if (connection.ip !== ip || !connection.open || connection.calls >= this.#limit) continue;
      if (best === undefined || connection.calls < best.calls) best = connection;
    }
    (best ?? this.#connect(ip)).add(call);
  }

  /**
   * Opens the connections that `streams` need and waits until all are ready.
   *
   * @throws BenchError (exit 7) at the first that can't be opened.
   */
  async warmUp(streams: number, timeoutMs: number): Promise<WarmUpResult> {
    const startMs = this.#clock.nowMs();
    let stopLimit = (): void => undefined;
    const tooLate = new Promise<Failure>((resolve) => {
      stopLimit = this.#clock.wakeAt(startMs + timeoutMs, () => resolve(connectTimeout(timeoutMs)));
    });
    try {
      for (;;) {
        // The first connections may tell that the server allows fewer streams on each, so that it takes more of them.
        const wanted = this.#neededByAddress(streams);
        for (const ip of this.#rotation.all) {
          const open = [...this.#connections].filter((connection) => connection.ip === ip).length;
          for (let more = open; more < wanted; more++) this.#connect(ip);
        }
        for (const { ready, ip } of this.#connections) {
          const failure = await Promise.race([ready, tooLate]);
          if (failure !== undefined) {
            const { address, tls } = this.#endpoint;
            throw unreachable(withIp(address, ip), failure, "gRPC", tls);
          }
        }
        if (this.#neededByAddress(streams) <= wanted)
          return { connections: wanted * this.#rotation.all.length, tookMs: this.#clock.nowMs() - startMs };
      }
    } finally {
      stopLimit();
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** A server that allows none for now is asked for one all the same: the call then waits, and fails at its ready limit. */
  get #limit(): number {
    return Math.max(1, Math.min(this.#streamsPerConnection, this.#serverLimit));
  }

  #neededByAddress(streams: number): number {
    return Math.max(1, Math.ceil(streams / this.#rotation.all.length / this.#limit));
  }

  #connect(ip: string | undefined): H2Connection {
    const connection: H2Connection = new H2Connection(
      this.#endpoint,
      ip,
      this.#clock,
      (maxStreams) => {
        this.#serverLimit = maxStreams;
        for (const call of connection.takeExcess(this.#limit)) this.#placeAt(call, ip);
      },
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    return connection;
  }
}
