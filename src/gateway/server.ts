/**
 * The gateway: HTTP and WebSockets of browsers and phones in front, recognisers behind. Puts the parts together; what a
 * session does is in `session.ts`, what a caller may say in the two dialects.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Server as TlsServer } from "node:https";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { WebSocketServer } from "ws";
import { bareHost, joinHostPort } from "../base/host-port.ts";
import type { Clock } from "../base/clock.ts";
import { BenchError, messageOf } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { AsrTransport } from "../client/transport.ts";
import type { Addresses } from "./door/address.ts";
import { createAdmission } from "./door/admission.ts";
import type { Auth } from "./door/auth.ts";
import { REALTIME_PROTOCOL } from "./door/auth.ts";
import { createBlockStore } from "./session/block-store.ts";
import type { ClientError } from "./door/client-error.ts";
import { isOffence, isRefusal } from "./door/client-error.ts";
import type { GatewayConfig, Settings } from "./config.ts";
import type { Connection, ConnectionContext, GatewayLog } from "./session/connection.ts";
import { CLOSE_LIMIT_MS, serveConnection } from "./session/connection.ts";
import type { Exceptions } from "./contain.ts";
import { containClock, createContain } from "./contain.ts";
import type { Dialect, DialectContext } from "./dialects/dialect.ts";
import { refusal } from "./dialects/dialect.ts";
import { BLOCKED, guardDoor } from "./door/door.ts";
import type { Offence } from "./door/address-limits.ts";
import { createGuard } from "./door/address-limits.ts";
import type { PageFiles } from "./door/http-routes.ts";
import { reply, serveHttp } from "./door/http-routes.ts";
import { watchLoopLag } from "./loop-lag.ts";
import { createGatewayMetrics } from "./metrics.ts";
import { createPages } from "./door/origin.ts";
import { createRealtimeDialect } from "./dialects/realtime-dialect.ts";
import { refuse } from "./door/http-refusal.ts";
import { shownName } from "./shown-name.ts";
import { CLOSE_CODES, HTTP_STATUS } from "./dialects/result.ts";
import { createStreamDialect } from "./dialects/stream-dialect.ts";
import type { Upstreams } from "./upstream/upstreams.ts";

/** PEM; with `ca`, callers must show a certificate signed by it. */
export interface GatewayTls {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
}

export interface GatewayOptions {
  /** `tls` is given apart, read. */
  config: Omit<GatewayConfig, "tls">;
  clock: Clock;
  random: Random;
  auth: Auth;
  addresses: Addresses;
  upstreams: Upstreams;
  /** Answers while no upstream can. */
  mock?: AsrTransport;
  tls?: GatewayTls;
  log: GatewayLog;
  /** Counts what is caught anywhere in this gateway. */
  exceptions: Exceptions;
  /** Times that its worker was replaced before this one; default 0. */
  workerRestarts?: number;
  page: PageFiles;
  /** Memory of this process. */
  residentBytes(): number;
}

export interface Gateway {
  readonly port: number;
  /** From now on; open sessions keep what they began with. Keys can be exchanged, not demanded or dropped. */
  reconfigure(settings: Settings, auth: Auth): void;
  /** Certificates that new connections get. */
  setTls(tls: GatewayTls): void;
  /** Stops accepting, lets sessions end for as long as the configuration says, then tells the rest to go. */
  drain(): Promise<void>;
  /** Refuses new sessions from now on, but still listens and answers that it is not ready. */
  refuseNew(): void;
  /** Frees the port. */
  stopListening(): Promise<void>;
  /** Tells all callers to go, now. */
  endAll(): void;
}

const DIALECTS: Readonly<Record<string, { name: string; create(context: DialectContext): Dialect }>> = {
  "/v1/stream": { name: "stream", create: createStreamDialect },
  "/v1/realtime": { name: "realtime", create: createRealtimeDialect },
};

/** @throws BenchError (exit 2) when it can't listen there */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, addresses, upstreams, log, exceptions, page } = options;
  const contain = createContain((error) => exceptions.caught("connection", error));
  const clock = containClock(options.clock, contain);
  let settings: Settings = config;
  let keys = options.auth;
  const auth: Auth = {
    required: keys.required,
    keyOf: (headers) => keys.keyOf(headers),
    callerOf: (headers, nowEpochMs) => keys.callerOf(headers, nowEpochMs),
    mint: (name, nowEpochMs) => keys.mint(name, nowEpochMs),
  };
  const connections = new Set<Connection>();
  const loopLag = watchLoopLag(clock);
  let draining = false;
  let drained: Promise<void> | undefined;
  let whenEmpty = (): void => undefined;

  const canServe = (): boolean => options.mock !== undefined || upstreams.choose([]) !== undefined;
  const admission = createAdmission(() => settings, auth, clock, { draining: () => draining, canServe });
  const metrics = createGatewayMetrics({
    upstreams: () => upstreams.list(),
    ready: () => readiness().ready,
    draining: () => draining,
    sessionsLimit: () => settings.limits.sessions,
    blockedAddresses: () => guard.blocked,
    queue() {
      const sum = { waitingChunks: 0, callersPaused: 0 };
      for (const { waitingChunks, paused } of connections) {
        sum.waitingChunks += waitingChunks;
        if (paused) sum.callersPaused++;
      }
      return sum;
    },
    residentBytes: options.residentBytes,
    loopDelayMaxMs: () => loopLag.maxMs(),
    exceptions,
    workerRestarts: options.workerRestarts ?? 0,
  });
  const pages = createPages(() => ({ allowedOrigins: settings.allowedOrigins, host: config.host }));
  const guard = createGuard(() => settings.limits, clock, {
    offence: (kind) => metrics.offence(kind),
    blocked: (address) =>
      log.warn(
        { address, forS: settings.limits.penalty / 1000 },
        "address blocked: it broke the protocol too often",
      ),
  });
  const shared: Omit<ConnectionContext, "limits"> = {
    ...{ clock, random: options.random, upstreams, metrics, guard, log, exceptions },
    blocks: createBlockStore(),
    ...(options.mock === undefined ? {} : { mock: options.mock }),
  };

  /** Sooner than this it takes callers, whom a new upstream may serve; nobody need send them. */
  const isReady = (): boolean =>
    options.mock !== undefined || upstreams.list().some((upstream) => upstream.state() === "up");

  const readiness = (): { ready: boolean } & Record<string, unknown> => ({
    ready: !draining && isReady(),
    status: draining ? "draining" : isReady() ? "ready" : "no upstream",
    gateway: "riva-bench",
    upstreams: upstreams.list().map((upstream) => {
      const { name, sessions, mark, model } = upstream;
      const shown = model === undefined ? {} : { model: shownName(model) };
      return { name, sessions, ...mark, ...shown, state: upstream.state() };
    }),
    ...(options.mock === undefined ? {} : { fallback: "mock" }),
  });

  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: settings.limits.frameBytes,
    // Each fragment and each piece read costs memory beyond its bytes; neither is many in a frame of honest callers.
    maxFragments: 128,
    maxBufferedChunks: 4096,
    // One message of a socket a turn of the event loop: a hundred in one read don't hold up everybody else.
    allowSynchronousEvents: false,
    // Not in the type definitions yet.
    ...{ closeTimeout: CLOSE_LIMIT_MS },
    handleProtocols: (offered) => (offered.has(REALTIME_PROTOCOL) ? REALTIME_PROTOCOL : false),
  });

  /** Connections whose arrival is taken back already. */
  const foreign = new WeakSet<object>();

  /**
   * Whether a request is heard at all. Origin and host name are judged before the address pays for the request: any page can
   * make a visitor's browser ask, and everybody in an office shares its address. Such a request costs nobody anything, neither
   * does its connection.
   * @param tell answers, and closes the connection
   */
  function admits(
    request: IncomingMessage,
    address: string,
    tell: (status: number, detail: string, retryAfterS?: number) => void,
  ): boolean {
    if (guard.isBlocked(address)) {
      metrics.refused("blocked");
      tell(429, BLOCKED, settings.limits.penalty / 1000);
      return false;
    }
    const why = pages.refusalOf(request, auth.required);
    if (why !== undefined) {
      metrics.refused("origin_forbidden");
      const peer = addresses.ofSocket(request.socket);
      if (peer !== undefined && !foreign.has(request.socket)) guard.arrivedInVain(peer);
      foreign.add(request.socket);
      tell(403, why);
      return false;
    }
    if (guard.mayAsk(address)) return true;
    metrics.refused("too_much");
    tell(429, "too many requests in too short a time");
    return false;
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const address = addresses.ofRequest(request);
    if (!admits(request, address, (...answer) => refuse(socket, ...answer))) return;
    const [path = "", query = ""] = request.url?.split("?") ?? [];
    const page = pages.of(request);
    const offended = (kind: Offence): void => {
      if (page !== "any") guard.offended(address, kind);
    };
    const dialect = Object.hasOwn(DIALECTS, path) ? DIALECTS[path] : undefined;
    if (dialect === undefined) {
      offended("refused");
      refuse(socket, 404, "not found");
      return;
    }
    if (dialect.name === "realtime" && new URLSearchParams(query).get("intent") !== "transcription") {
      offended("refused");
      refuse(socket, 403, "?intent=transcription is needed");
      return;
    }
    const place = admission.enter(request, address);
    if ("code" in place) {
      if (place.code === "unauthenticated") offended("refused");
      metrics.refused(place.code);
      refuse(socket, HTTP_STATUS[place.code] ?? 503, place.message);
      return;
    }
    // Whatever happens until the session has its own end.
    socket.once("close", () => place.leave());
    const serveSocket = (ws: WebSocket): void => {
      const traceparent = traceparentOf(request);
      const connection = serveConnection(
        ws,
        {
          ...{ sessionId: randomUUID(), socket, address, offended, dialect: dialect.name, place },
          create: (context) => dialect.create(context),
          ...(traceparent === undefined ? {} : { traceparent }),
        },
        { ...shared, limits: settings.limits },
        () => {
          connections.delete(connection);
          if (connections.size === 0) whenEmpty();
        },
      );
      connections.add(connection);
    };
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const guarded = createContain((error) => {
        exceptions.caught("connection", error);
        ws.close(CLOSE_CODES.internal);
        clock.wakeAt(clock.nowMs() + CLOSE_LIMIT_MS, () => ws.terminate());
      });
      guarded(serveSocket)(ws);
    });
  }

  /** Sockets with a request that is not answered. */
  const asking = new WeakSet<object>();
  const source = { auth, pages, metrics, clock, page, readiness, exceptions };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    asking.add(request.socket);
    response.once("close", () => asking.delete(request.socket));
    const address = addresses.ofRequest(request);
    const tell = (status: number, detail: string, retryAfterS?: number): void => {
      response.setHeader("connection", "close");
      if (retryAfterS !== undefined) response.setHeader("retry-after", Math.ceil(retryAfterS));
      reply(response, status, { detail });
    };
    if (admits(request, address, tell))
      serveHttp(source, request, response, () => guard.offended(address, "refused"));
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const guarded = createContain((error) => {
      exceptions.caught("http", error);
      response.destroy();
    });
    guarded(serve)(request, response);
  };
  const server: Server | TlsServer =
    options.tls === undefined
      ? createServer(onRequest)
      : createTlsServer({ ...secure(options.tls), handshakeTimeout: config.limits.handshake }, onRequest);
  server.headersTimeout = server.requestTimeout = config.limits.handshake;
  // How often Node looks for requests that take too long.
  Object.assign(server, { connectionsCheckingInterval: 1000 });
  server.on("upgrade", (request, socket, head) => {
    const guarded = createContain((error) => {
      exceptions.caught("connection", error);
      refuse(socket, 500, "the gateway failed");
    });
    guarded(upgrade)(request, socket, head);
  });
  const onClientError = (error: ClientError, socket: Duplex): void => {
    if (!(socket instanceof Socket) || !isRefusal(error, socket)) return;
    const address = addresses.ofSocket(socket);
    log.info({ address, error: error.code }, "connection refused");
    if (address !== undefined && isOffence(error, socket, asking.has(socket)))
      guard.offended(address, "bad_request");
  };
  server.on("clientError", (error, socket) => {
    contain(onClientError)(error, socket);
    socket.destroy();
  });
  const door = guardDoor(server, guard, addresses, clock, {
    penaltyMs: () => settings.limits.penalty,
    onHeld: () => metrics.refused("blocked"),
    onThrown: (error) => exceptions.caught("connection", error),
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      // Its timer would keep the process alive that has just said that it can't serve.
      loopLag.stop();
      reject(cannotListen(error, config));
    });
    server.listen(config.port, bareHost(config.host), resolve);
  });

  function endAll(): void {
    const gone = refusal("going_away", "the gateway is shutting down; connect again");
    for (const connection of [...connections]) connection.stop(gone);
  }

  return {
    endAll,
    refuseNew: () => void (draining = true),
    stopListening: () => closed(server),
    reconfigure(next, nextAuth) {
      settings = next;
      keys = nextAuth;
      sockets.options.maxPayload = next.limits.frameBytes;
      server.headersTimeout = server.requestTimeout = next.limits.handshake;
      guard.refresh();
    },
    port: (server.address() as AddressInfo).port,
    setTls(tls) {
      if ("setSecureContext" in server) server.setSecureContext(secure(tls));
    },
    drain: () => (drained ??= drain()),
  };

  async function drain(): Promise<void> {
    draining = true;
    server.close();
    if (connections.size > 0) {
      const stopLimit = clock.wakeAt(clock.nowMs() + settings.limits.drain, endAll);
      await new Promise<void>((resolve) => (whenEmpty = resolve));
      stopLimit();
    }
    door.close();
    server.closeAllConnections();
    loopLag.stop();
    await upstreams.close();
  }
}

/** The port is free when this resolves; connections live on. */
function closed(server: Server | TlsServer): Promise<void> {
  server.close();
  // `close` calls back when the last connection has gone, the port is free in the next turn.
  return new Promise((resolve) => setImmediate(resolve));
}

/** W3C traceparent: the session is found from the caller's side by it, and the recogniser is told the same. */
function traceparentOf({ headers }: IncomingMessage): string | undefined {
  const header = headers["traceparent"];
  return typeof header === "string" && /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(header)
    ? header
    : undefined;
}

function secure({ cert, key, ca }: GatewayTls): object {
  return { cert, key, ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }) };
}

function cannotListen(
  error: Error & { code?: string },
  { host, port }: Pick<GatewayConfig, "host" | "port">,
): BenchError {
  const why = error.code === "EADDRINUSE" ? "the port is in use" : messageOf(error);
  return BenchError.usage(
    `can't listen on ${joinHostPort(bareHost(host), port)}: ${why}`,
    "Give another port with --port.",
  );
}
