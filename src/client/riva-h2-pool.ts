/**
 * HTTP/2 connections to one server. The number of streams that the server allows on each is kept: node:http2 would hold
 * further ones back in silence, and their waiting would look like the server's latency.
 */
import type { Clock } from "../base/clock.ts";
import type { Failure } from "../base/outcome.ts";
import { unreachable } from "./advice.ts";
import { connectTimeout } from "./failures.ts";
import { H2Connection } from "./riva-h2-connection.ts";
import type { Passenger } from "./riva-h2-connection.ts";
import type { H2Endpoint } from "./riva-h2-endpoint.ts";
import type { WarmUpResult } from "./transport.ts";

export class H2Pool {
  readonly #endpoint: H2Endpoint;
  readonly #streamsPerConnection: number;
  readonly #clock: Clock;
  readonly #connections = new Set<H2Connection>();
  /** Streams that the server allows a connection, as it last said. */
  #serverLimit = Infinity;

  constructor(endpoint: H2Endpoint, streamsPerConnection: number, clock: Clock) {
    this.#endpoint = endpoint;
    this.#streamsPerConnection = streamsPerConnection;
    this.#clock = clock;
  }

  /** Puts a call on the connection with the fewest; opens a new one when all are full. */
  place(call: Passenger): void {
    let best: H2Connection | undefined;
    for (const connection of this.#connections) {
      if (!connection.open || connection.calls >= this.#limit) continue;
      if (best === undefined || connection.calls < best.calls) best = connection;
    }
    (best ?? this.#connect()).add(call);
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
        const wanted = Math.max(1, Math.ceil(streams / this.#limit));
        while (this.#connections.size < wanted) this.#connect();
        for (const { ready } of this.#connections) {
          const failure = await Promise.race([ready, tooLate]);
          if (failure !== undefined) throw unreachable(this.#endpoint.address, failure);
        }
        if (Math.ceil(streams / this.#limit) <= wanted)
          return { connections: wanted, tookMs: this.#clock.nowMs() - startMs };
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

  #connect(): H2Connection {
    const connection: H2Connection = new H2Connection(
      this.#endpoint,
      this.#clock,
      (maxStreams) => {
        this.#serverLimit = maxStreams;
        for (const call of connection.takeExcess(this.#limit)) this.place(call);
      },
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    return connection;
  }
}
