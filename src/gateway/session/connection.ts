/** One caller's WebSocket: its dialect and session, its limits, and its end, however that comes. */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { RawData } from "ws";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { AsrTransport } from "../../client/transport.ts";
import type { Place } from "../door/admission.ts";
import type { BlockStore } from "./block-store.ts";
import type { GatewayLimits } from "../config.ts";
import type { Exceptions } from "../contain.ts";
import { containClock, createContain } from "../contain.ts";
import type { CallerSocket, Dialect, DialectContext } from "../dialects/dialect.ts";
import { refusal } from "../dialects/dialect.ts";
import type { Guard, Offence } from "../door/address-limits.ts";
import { createIntake } from "../door/intake.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { CLOSE_CODES } from "../dialects/result.ts";
import type { SessionError } from "../dialects/result.ts";
import type { SessionCaller, SessionRequest } from "./session.ts";
import { GatewaySession } from "./session.ts";
import { createOutbox } from "../dialects/slow-reader.ts";
import type { Upstreams } from "../upstream/upstreams.ts";

/** Where structured lines go; a `pino` logger is one. No audio, no text, no secret is ever given to it. */
export interface GatewayLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
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
  guard: Guard;
  log: GatewayLog;
  exceptions: Exceptions;
}

export interface ConnectionRequest {
  sessionId: string;
  /** What the WebSocket is read from. */
  socket: Duplex;
  address: string;
  /** Counts against the address. */
  offended(kind: Offence): void;
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

const TOO_MANY = "too many messages in too short a time";
/** Results that a caller has not read, at most. */
const WAITING_BYTES = 262_144;
const PING_EVERY_MS = 20_000;
/** After a close frame that nobody answers, the socket is cut... */
export const CLOSE_LIMIT_MS: number = 2000;
/** ...and until then no more than this is read of what still comes: the answer may be behind it, a flood never ends. */
const LEFTOVER_BYTES = 262_144;
/** Of what a session may send, what never waits for others: five times speech at 16 kHz. */
const ALLOWANCE = 0.5;
/** Of frames that are none, and what ws closes with for some of them. */
const PROTOCOL_ERROR = 1002;
const FRAME_ERRORS: ReadonlyMap<string, number> = new Map([
  ["WS_ERR_INVALID_UTF8", 1007],
  ["WS_ERR_TOO_MANY_BUFFERED_PARTS", 1008],
  ["WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH", 1009],
  ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", 1009],
]);
/** Ends of a session that only its caller can be blamed for. */
const BREACHES: ReadonlySet<number> = new Set([
  ...[PROTOCOL_ERROR, ...FRAME_ERRORS.values()],
  ...[CLOSE_CODES.bad_request, CLOSE_CODES.too_large, CLOSE_CODES.too_much],
]);

/** @param onClosed once, when the socket is closed */
export function serveConnection(
  ws: WebSocket,
  {
    sessionId,
    socket: wire,
    address,
    offended,
    dialect: name,
    create,
    place,
    traceparent,
  }: ConnectionRequest,
  context: ConnectionContext,
  onClosed: () => void,
): Connection {
  const { limits, metrics, guard, log, exceptions } = context;
  const contain = createContain(fail);
  const clock = containClock(context.clock, contain);
  const startedMs = clock.nowMs();
  const fields = {
    session: sessionId,
    dialect: name,
    key: place.caller,
    ...(traceparent === undefined ? {} : { traceId: traceparent.split("-")[1] }),
  };
  let session: GatewaySession | undefined;
  let leftoverBytes = 0;
  let error: SessionError | undefined;
  let alive = true;
  let heardAudio = false;
  /** The recogniser would not have it: its word, not a breach of the protocol. */
  let upstreamFailed = false;
  /** What this gateway closed it with; a caller's own code says nothing. */
  let closedWith = 0;
  let hasFailed = false;

  const intake = createIntake(
    (reading) => {
      if (reading && leftoverBytes <= LEFTOVER_BYTES) ws.resume();
      else ws.pause();
    },
    clock,
    {
      messagesPerSecond: limits.messagesPerSecondPerSession,
      bytesPerSecond: limits.bytesPerSecondPerSession * ALLOWANCE,
      bulk: (bytes) => guard.bulk(address, bytes),
    },
  );
  const outbox = createOutbox(
    { send: (message, sent) => ws.send(message, contain(sent)) },
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
      closedWith = why === undefined ? 1000 : CLOSE_CODES[why.code];
      outbox.end();
      // What still comes is let go, but read: the answer to the close is behind it.
      intake.setWanted(true);
      ws.close(closedWith, why?.code ?? "");
      cutSoon();
    },
    setReading: (reading) => intake.setWanted(reading),
  };
  const dialect = create({ sessionId, clock, contain, socket, chunkBytes: limits.frameBytes, begin });
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
        contain,
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
          audio(bytes, ms) {
            heardAudio = true;
            metrics.audioIn(bytes, ms);
          },
          sent: (ms) => metrics.audioOut(ms),
          added: (ms) => metrics.added(ms),
          result: (final) => metrics.result(final),
          upstreamFailed(upstream, failure) {
            upstreamFailed = true;
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

  /** Ends the session after an exception; each step is tried whatever the others throw. */
  function fail(thrown: unknown): void {
    exceptions.caught("session", thrown, fields);
    if (hasFailed) return;
    hasFailed = true;
    const why = refusal("internal", "the gateway failed; this session was ended");
    const attempt = createContain((again) => exceptions.caught("session", again, fields));
    attempt(() => dialect.stop(why))();
    // The dialect or the session may be what is broken.
    attempt(() => session?.end(why))();
    if (closedWith !== CLOSE_CODES.internal) attempt(() => socket.close(why))();
    if (ws.readyState === ws.OPEN) attempt(() => ws.close(CLOSE_CODES.internal, why.code))();
    cutSoon();
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

  const onMessage = (data: RawData, binary: boolean): void => {
    alive = true;
    if (hasFailed) return;
    const bytes = data as Buffer;
    if (!place.received(bytes.length))
      dialect.stop(refusal("too_much", "audio comes much faster than speech"));
    else if (!intake.count(bytes.length)) dialect.stop(refusal("too_much", TOO_MANY));
    else if (binary) dialect.binary(bytes);
    else dialect.text(bytes.toString("utf8"));
  };
  const onPing = (data: Buffer): void => {
    if (!intake.count(data.length)) dialect.stop(refusal("too_much", TOO_MANY));
  };
  // ws closes by itself, with the code of what was wrong with the frame.
  const onError = (failure: Error & { code?: string }): void => {
    if (failure.code?.startsWith("WS_ERR_") === true)
      closedWith = FRAME_ERRORS.get(failure.code) ?? PROTOCOL_ERROR;
    cutSoon();
  };
  const onBytes = (data: Buffer): void => {
    if (ws.readyState === ws.OPEN) return;
    leftoverBytes += data.length;
    if (leftoverBytes <= LEFTOVER_BYTES) return;
    ws.pause();
    wire.pause();
  };
  const onClose = (code: number): void => {
    // After bytes that are no frame nothing is read any more, not even the answer to the close: what was sent is what it ended with.
    const endedWith = code === 1006 && closedWith !== 0 ? closedWith : code;
    for (const end of [stopStartLimit, stopPings, () => intake.stop(), stopCut]) contain(end)();
    for (const end of [() => outbox.end(), () => dialect.gone(), () => session?.end()]) contain(end)();
    // `fail` may have set it again.
    stopCut();
    place.leave();
    if (hasFailed) {
      // Nothing of it is held against the caller.
    } else if (BREACHES.has(closedWith) && !upstreamFailed) offended("bad_session");
    else if (code === 1006 && closedWith === 0 && session !== undefined && !heardAudio) offended("abandoned");
    metrics.sessionEnded(name, endedWith);
    const lastedMs = Math.round(clock.nowMs() - startedMs);
    const marks = {
      ...(error === undefined ? {} : { error: error.code }),
      ...(session?.mock === true ? { mock: true } : {}),
    };
    log.info({ ...fields, close: endedWith, ...marks, lastedMs }, "session closed");
  };
  ws.on("message", contain(onMessage));
  ws.on(
    "pong",
    contain(() => (alive = true)),
  );
  ws.on("ping", contain(onPing));
  ws.on("error", contain(onError));
  wire.on("data", contain(onBytes));
  ws.on("close", (code: number) => {
    contain(onClose)(code);
    onClosed();
  });
  metrics.sessionOpened(name);
  return {
    get waitingChunks() {
      return session?.waitingChunks ?? 0;
    },
    get paused() {
      return session?.paused ?? false;
    },
    stop: contain((why) => dialect.stop(why)),
  };
}
