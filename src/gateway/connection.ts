/** One caller's WebSocket: its dialect and session, its limits, and its end, however that comes. */
import type { WebSocket } from "ws";
import type { RawData } from "ws";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { AsrTransport } from "../client/transport.ts";
import type { Place } from "./admission.ts";
import type { BlockStore } from "./block-store.ts";
import type { GatewayLimits } from "./config.ts";
import type { CallerSocket, Dialect, DialectContext } from "./dialect.ts";
import { refusal } from "./dialect.ts";
import { createIntake } from "./intake.ts";
import type { GatewayMetrics } from "./metrics.ts";
import { CLOSE_CODES } from "./result.ts";
import type { SessionError } from "./result.ts";
import type { SessionCaller, SessionRequest } from "./session.ts";
import { GatewaySession } from "./session.ts";
import { createOutbox } from "./slow-reader.ts";
import type { Upstreams } from "./upstreams.ts";

/** Where structured lines go; a `pino` logger is one. No audio, no text, no secret is ever given to it. */
export interface GatewayLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What all connections share. */
export interface ConnectionContext {
  clock: Clock;
  random: Random;
  limits: GatewayLimits;
  blocks: BlockStore;
  upstreams: Upstreams;
  mock?: AsrTransport;
  metrics: GatewayMetrics;
  log: GatewayLog;
}

export interface ConnectionRequest {
  sessionId: string;
  dialect: string;
  create(context: DialectContext): Dialect;
  place: Place;
  /** The caller's, as W3C writes it. */
  traceparent?: string;
}

export interface Connection {
  /** Frames of its audio that no upstream's socket has taken yet. */
  readonly waitingChunks: number;
  /** Its caller's audio is not read for now. */
  readonly paused: boolean;
  /** The gateway ends it. */
  stop(error: SessionError): void;
}

/** Results that a caller has not read, at most. */
const WAITING_BYTES = 262_144;
const PING_EVERY_MS = 20_000;
/** After a close frame that nobody answers, the socket is cut. */
const CLOSE_LIMIT_MS = 2000;

/** @param onClosed once, when the socket is closed */
export function serveConnection(
  ws: WebSocket,
  { sessionId, dialect: name, create, place, traceparent }: ConnectionRequest,
  context: ConnectionContext,
  onClosed: () => void,
): Connection {
  const { clock, limits, metrics, log } = context;
  const startedMs = clock.nowMs();
  const fields = {
    session: sessionId,
    dialect: name,
    key: place.caller,
    ...(traceparent === undefined ? {} : { traceId: traceparent.split("-")[1] }),
  };
  let session: GatewaySession | undefined;
  let error: SessionError | undefined;
  let alive = true;
  metrics.sessionOpened(name);

  const intake = createIntake(
    (reading) => {
      if (reading) ws.resume();
      else ws.pause();
    },
    clock,
    limits.messagesPerSecondPerSession,
  );
  const outbox = createOutbox(
    { send: (message, sent) => ws.send(message, sent) },
    clock,
    { stuckMs: limits.slowReader, waitingBytes: WAITING_BYTES },
    () => dialect.stop(refusal("slow_reader", "results were not read")),
  );
  const socket: CallerSocket = {
    send(event, replaceable = false) {
      // Whatever comes of the fallback says so, in every event.
      const marks = { session_id: sessionId, ...(session?.mock === true ? { mock: true } : {}) };
      outbox.push(JSON.stringify({ ...event, ...marks }), replaceable);
    },
    close(why) {
      error = why;
      outbox.end();
      // What still comes is let go, but read: the answer to the close is behind it.
      intake.setWanted(true);
      ws.close(why === undefined ? 1000 : CLOSE_CODES[why.code], why?.code ?? "");
      cutSoon();
    },
    setReading: (reading) => intake.setWanted(reading),
  };
  const dialect = create({ sessionId, clock, socket, chunkBytes: limits.frameBytes, begin });
  const stopStartLimit = clock.wakeAt(startedMs + limits.start, () =>
    dialect.stop(refusal("idle", `no session was started within ${limits.start / 1000} s`)),
  );
  let stopCut = (): void => undefined;
  const cutSoon = (): void => {
    stopCut();
    stopCut = clock.wakeAt(clock.nowMs() + CLOSE_LIMIT_MS, () => ws.terminate());
  };
  let stopPings = clock.wakeAt(startedMs + PING_EVERY_MS, ping);

  function begin(wanted: SessionRequest, caller: SessionCaller): GatewaySession {
    stopStartLimit();
    session = new GatewaySession(
      {
        id: sessionId,
        clock,
        random: context.random,
        upstreams: context.upstreams,
        ...(context.mock === undefined ? {} : { mock: context.mock }),
        ...(traceparent === undefined ? {} : { traceparent }),
        limits,
        blocks: context.blocks,
        watcher: {
          opened(upstream, tookMs) {
            const mock = session?.mock === true;
            metrics.upstreamOpened(upstream, tookMs, mock);
            const mark = mock ? { mock } : {};
            log.info({ ...fields, upstream, tookMs: Math.round(tookMs), ...mark }, "session open");
          },
          audio: (bytes, ms) => metrics.audioIn(bytes, ms),
          sent: (ms) => metrics.audioOut(ms),
          added: (ms) => metrics.added(ms),
          result: (final) => metrics.result(final),
          upstreamFailed(upstream, failure) {
            metrics.upstreamFailed(upstream, failure.class);
            log.warn({ ...fields, upstream, ...failure }, "upstream failed");
          },
        },
      },
      wanted,
      caller,
    );
    return session;
  }

  /** A caller that vanished answers nothing, and its place is needed. One that is not being read can't be heard either way. */
  function ping(): void {
    if (!alive && !ws.isPaused) {
      ws.terminate();
      return;
    }
    alive = false;
    ws.ping();
    stopPings = clock.wakeAt(clock.nowMs() + PING_EVERY_MS, ping);
  }

  ws.on("message", (data: RawData, binary: boolean) => {
    alive = true;
    const bytes = data as Buffer;
    if (!place.received(bytes.length))
      dialect.stop(refusal("too_much", "audio comes much faster than speech"));
    else if (!intake.count()) dialect.stop(refusal("too_much", "too many messages in too short a time"));
    else if (binary) dialect.binary(bytes);
    else dialect.text(bytes.toString("utf8"));
  });
  ws.on("pong", () => (alive = true));
  ws.on("ping", () => {
    if (!intake.count()) dialect.stop(refusal("too_much", "too many messages in too short a time"));
  });
  // ws closes by itself, with the code of what was wrong with the frame.
  ws.on("error", cutSoon);
  ws.on("close", (code: number) => {
    stopStartLimit();
    stopPings();
    intake.stop();
    stopCut();
    outbox.end();
    dialect.gone();
    place.leave();
    metrics.sessionEnded(name, code);
    const lastedMs = Math.round(clock.nowMs() - startedMs);
    const marks = {
      ...(error === undefined ? {} : { error: error.code }),
      ...(session?.mock === true ? { mock: true } : {}),
    };
    log.info({ ...fields, close: code, ...marks, lastedMs }, "session closed");
    onClosed();
  });
  return {
    get waitingChunks() {
      return session?.waitingChunks ?? 0;
    },
    get paused() {
      return session?.paused ?? false;
    },
    stop: (why) => dialect.stop(why),
  };
}
