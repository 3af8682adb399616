/** A gateway in this process, before whatever it is given, and callers of it. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { realClock } from "../../src/base/clock.ts";
import { createRivaGrpc } from "../../src/client/grpc/riva-grpc.ts";
import { createRivaUnary } from "../../src/client/grpc/riva-unary.ts";
import { createAddresses } from "../../src/gateway/door/address.ts";
import type { ApiKey } from "../../src/gateway/door/auth.ts";
import { createAuth } from "../../src/gateway/door/auth.ts";
import { createExceptions } from "../../src/gateway/contain.ts";
import { gatewayFile } from "../../src/gateway/config.ts";
import { createMockTransport } from "../../src/gateway/upstream/mock-transport.ts";
import type { PageFiles } from "../../src/gateway/door/http-routes.ts";
import type { Gateway, GatewayTls } from "../../src/gateway/server.ts";
import { startGateway } from "../../src/gateway/server.ts";
import type { Upstreams } from "../../src/gateway/upstream/upstreams.ts";
import { createUpstreams } from "../../src/gateway/upstream/upstreams.ts";

export interface TestGateway {
  gateway: Gateway;
  upstreams: Upstreams;
  /** `ws://...` without a path. */
  url: string;
  http: string;
  /** Lines of its log. */
  log: string[];
}

/** @param addresses of the upstreams, host:port, called up1, up2 and so on */
export async function testGateway(
  addresses: readonly string[],
  options: {
    config?: object;
    keys?: readonly ApiKey[];
    mock?: boolean;
    page?: PageFiles;
    tls?: GatewayTls;
  } = {},
): Promise<TestGateway> {
  const clock = realClock;
  const log: string[] = [];
  const write = (fields: object, message: string): void =>
    void log.push(JSON.stringify({ ...fields, message }));
  const exceptions = createExceptions({ error: write });
  const upstreams = createUpstreams(
    addresses.map((address, i) => ({ name: `up${i + 1}`, uri: `grpc://${address}`, endpoint: { address } })),
    {
      transport: (endpoint) => createRivaGrpc({ ...endpoint, clock }),
      unary: (endpoint) => createRivaUnary({ ...endpoint, clock }),
    },
    clock,
    { changed: () => undefined, threw: (_upstream, error) => exceptions.caught("upstream", error) },
  );
  const gateway = await startGateway({
    config: gatewayFile.parse({ port: 0, ...options.config }),
    clock,
    random: Math.random,
    auth: createAuth(options.keys ?? [], Buffer.from("test"), 60_000),
    addresses: createAddresses([]),
    upstreams,
    ...(options.mock === true ? { mock: createMockTransport(clock) } : {}),
    log: { info: write, warn: write, error: write },
    exceptions,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    page: options.page ?? new Map(),
    residentBytes: () => 0,
  });
  const at = `127.0.0.1:${gateway.port}`;
  return { gateway, upstreams, url: `ws://${at}`, http: `http://${at}`, log };
}

export interface Event extends Record<string, unknown> {
  type: string;
}

/** A caller that keeps what it hears. */
export class Caller {
  readonly events: Event[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly socket: WebSocket;
  /** HTTP status of an upgrade that was refused. */
  refused: number | undefined;

  constructor(
    url: string,
    options: {
      protocols?: string[];
      headers?: Record<string, string>;
      tls?: { ca: Buffer; cert?: Buffer; key?: Buffer };
    } = {},
  ) {
    const { protocols = [], headers = {}, tls = {} } = options;
    this.socket = new WebSocket(url, protocols, { headers, ...tls });
    this.socket.on("message", (data: Buffer) => this.events.push(JSON.parse(data.toString()) as Event));
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
      this.socket.on("unexpected-response", (request, response) => {
        this.refused = response.statusCode;
        request.destroy();
        resolve({ code: 1006, reason: "" });
      });
    });
  }

  async opened(): Promise<this> {
    await once(this.socket, "open");
    return this;
  }

  json(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The first event of this type, when it comes. @throws Error when the socket is closed before */
  async heard(type: string): Promise<Event> {
    const closed = this.closed.then(({ code }) => code);
    for (;;) {
      const event = this.events.find((one) => one.type === type);
      if (event !== undefined) return event;
      const code = await Promise.race([closed, once(this.socket, "message")]);
      if (typeof code === "number") throw new Error(`closed with ${code} before ${type} came`);
    }
  }

  of(type: string): Event[] {
    return this.events.filter((event) => event.type === type);
  }
}

/** A whole session in the binary dialect, the audio as fast as it goes. */
export async function streamSession(url: string, pcm: Buffer, start: object = {}): Promise<Caller> {
  const caller = await new Caller(`${url}/v1/stream`).opened();
  caller.json({ type: "start", ...start });
  await caller.heard("ready");
  for (let at = 0; at < pcm.length; at += 3200) caller.socket.send(pcm.subarray(at, at + 3200));
  caller.json({ type: "finish" });
  await caller.closed;
  return caller;
}

/** Between two chunks of a caller at the pace of speech. */
const CHUNK_MS = 100;

/**
 * One of many callers at the pace of speech, spread over a chunk, who speaks so many chunks and finishes.
 * @param waitsMs takes how long each chunk's answer took to come
 */
export async function speakAtPace(
  port: number,
  { place, chunks, waitsMs }: { place: number; chunks: number; waitsMs: number[] },
): Promise<Caller> {
  await sleep(place * CHUNK_MS);
  const caller = await new Caller(`ws://127.0.0.1:${port}/v1/stream`).opened();
  const sentMs: number[] = [];
  caller.socket.on("message", (data: Buffer) => {
    const event = JSON.parse(data.toString()) as { type: string; audio_processed_ms: number };
    const sent = sentMs[Math.round(event.audio_processed_ms / CHUNK_MS) - 1];
    if (event.type === "interim" && sent !== undefined) waitsMs.push(performance.now() - sent);
  });
  caller.json({ type: "start" });
  await caller.heard("ready");
  const startMs = performance.now();
  for (let k = 0; k < chunks; k++) {
    await sleep(Math.max(0, startMs + k * CHUNK_MS - performance.now()));
    sentMs.push(performance.now());
    caller.socket.send(Buffer.alloc(3200));
  }
  caller.json({ type: "finish" });
  await caller.closed;
  return caller;
}
