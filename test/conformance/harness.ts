/**
 * What the conformance suites share: sessions over a transport under test, against servers that are closed afterwards,
 * with everything the listener heard checked against the contract of `src/client/transport.ts`.
 */
import { afterEach, beforeAll, expect } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import type { Failure, Outcome } from "../../src/base/outcome.ts";
import type { AsrStream, AsrTransport, StreamSpec, TransportOptions } from "../../src/client/transport.ts";
import { loadTransport } from "../../src/client/transports.ts";
import type { TargetKind } from "../../src/client/transports.ts";
import { transportsFor } from "../../src/client/transports.ts";
import { answer, grpcPeerServer } from "../support/grpc-peer.ts";
import { Heard } from "../support/heard.ts";
import { scriptedServer } from "../support/misbehaving-server.ts";
import type { PeerScript } from "../support/peer.ts";
import { gatewayPeerServer } from "../support/gateway-peer.ts";
import { realtimeServer } from "../support/realtime-server.ts";
import type { GrpcServerOptions, Script, ServerCall, TestServer } from "../support/misbehaving-server.ts";

/** A server of each kind of target. To add one: its server in `test/support/`, a line here. */
const PEERS = {
  "riva-grpc": grpcPeerServer,
  "nim-realtime": realtimeServer,
  gateway: gatewayPeerServer,
} satisfies Partial<Record<TargetKind, (script: PeerScript, options: PeerOptions) => Promise<TestServer>>>;

/** Names of the transports that the suite knows a server for: all but those held to it elsewhere. */
export const conformingTransports: string[] = Object.keys(PEERS).flatMap((kind) => [
  ...transportsFor(kind as keyof typeof PEERS),
]);

export type PeerOptions = Pick<GrpcServerOptions, "tls" | "deaf">;

export const SPEC: StreamSpec = {
  recognition: { language: "en-US", interim: true },
  encoding: "LINEAR_PCM",
  sampleRateHz: 16_000,
  requestId: "run/steady/1",
  readyTimeoutMs: 1000,
  flushTimeoutMs: 1000,
};

/** 100 ms of audio. */
export const CHUNK: Uint8Array = new Uint8Array(3200).fill(1);

/** What a good server does: an interim per chunk, a final after half-close, a good end. */
export const POLITE: PeerScript = {
  onChunk: (peer) => peer.say("hel", false),
  onHalfClose: (peer) => peer.end("hello"),
};

/** The same over gRPC, message by message. */
export const GOOD: Script = {
  onMessage: (call, index) => {
    if (index > 0) call.send(answer("hel", false));
  },
  onHalfClose: (call) => {
    call.send(answer("hello", true));
    call.end(0);
  },
};

/** A server that does something at the first chunk. */
export function atFirstChunk(act: (call: ServerCall) => void): Script {
  return {
    onMessage: (call, index) => {
      if (index === 1) act(call);
    },
  };
}

/** Matches an outcome that failed so. */
export function failed(failure: Partial<Failure>): unknown {
  return { ok: false, failure: expect.objectContaining(failure) as unknown };
}

export interface Session {
  heard: Heard;
  stream: AsrStream;
}

export interface Harness {
  /** A server of the transport's kind. */
  meet(script: PeerScript, options?: PeerOptions): Promise<TestServer>;
  serve(script: Script, options?: GrpcServerOptions): Promise<TestServer>;
  /** Has a server closed when the test is over. */
  own(server: TestServer): TestServer;
  connect(address: string, options?: Partial<TransportOptions>): AsrTransport;
  open(transport: AsrTransport, spec?: Partial<StreamSpec>, onOpen?: (stream: AsrStream) => void): Session;
  /** One session as the load generator runs it: `chunks` chunks when open, then half-close; waits for its end. */
  session(
    transport: AsrTransport,
    spec?: Partial<StreamSpec>,
    chunks?: number,
  ): Promise<{ heard: Heard; outcome: Outcome }>;
  /** A session that sends one chunk and no more: the server has to make an end of it. */
  unfinished(address: string): Promise<Outcome>;
}

/** A harness for the transport of this name. Call it inside `describe`: it closes and checks after each test. */
export function harness(name: string): Harness {
  const servers: TestServer[] = [];
  const transports: AsrTransport[] = [];
  const allHeard: Heard[] = [];
  let createTransport: Awaited<ReturnType<typeof loadTransport>>;

  beforeAll(async () => {
    createTransport = await loadTransport(name);
  });

  afterEach(async () => {
    await Promise.all(transports.splice(0).map((transport) => transport.close()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
    // Whatever the test was about, these hold.
    for (const heard of allHeard.splice(0)) {
      expect(heard.breaches).toEqual([]);
      expect(heard.events.filter((event) => event.kind === "end")).toHaveLength(1);
    }
  });

  const own: Harness["own"] = (server) => {
    servers.push(server);
    return server;
  };

  const connect: Harness["connect"] = (address, options = {}) => {
    const transport = createTransport({ address, clock: realClock, ...options });
    transports.push(transport);
    return transport;
  };

  const open: Harness["open"] = (transport, spec = {}, onOpen) => {
    const heard: Heard = new Heard(() => onOpen?.(stream));
    const stream = transport.open({ ...SPEC, ...spec }, heard);
    heard.openReturned = true;
    allHeard.push(heard);
    return { heard, stream };
  };

  return {
    own,
    connect,
    open,
    meet: async (script, options = {}) => own(await peerServer(name)(script, options)),
    serve: async (script, options) => own(await scriptedServer(script, options)),
    session: async (transport, spec = {}, chunks = 1) => {
      const { heard } = open(transport, spec, (stream) => {
        for (let k = 0; k < chunks; k++) stream.send(transport.encodeChunk(CHUNK));
        stream.finish();
      });
      return { heard, outcome: await heard.ended };
    },
    unfinished: (address) => {
      const transport = connect(address);
      return open(transport, {}, (stream) => void stream.send(transport.encodeChunk(CHUNK))).heard.ended;
    },
  };
}

function peerServer(name: string): (script: PeerScript, options: PeerOptions) => Promise<TestServer> {
  for (const [kind, serve] of Object.entries(PEERS)) {
    if (transportsFor(kind as TargetKind).some((other) => other === name)) return serve;
  }
  throw new Error(`no test server for ${name}`);
}
