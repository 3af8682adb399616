/** A gateway's connection without sockets: the real dialect, session, limits and metrics between a fake caller and recogniser. */
import { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Failure } from "../../src/base/outcome.ts";
import { FAILURE_CLASSES } from "../../src/base/outcome.ts";
import type { AsrResponse, AsrStream, AsrTransport, StreamListener } from "../../src/client/transport.ts";
import { createBlockStore } from "../../src/gateway/session/block-store.ts";
import type { BlockStore } from "../../src/gateway/session/block-store.ts";
import { Breaker } from "../../src/gateway/upstream/breaker.ts";
import { gatewayFile } from "../../src/gateway/config.ts";
import { serveConnection } from "../../src/gateway/session/connection.ts";
import type { Connection } from "../../src/gateway/session/connection.ts";
import type { Dialect, DialectContext } from "../../src/gateway/dialects/dialect.ts";
import { createExceptions } from "../../src/gateway/contain.ts";
import type { Exceptions } from "../../src/gateway/contain.ts";
import { createGuard } from "../../src/gateway/door/address-limits.ts";
import { createGatewayMetrics } from "../../src/gateway/metrics.ts";
import type { GatewayMetrics } from "../../src/gateway/metrics.ts";
import type { Upstream, Upstreams } from "../../src/gateway/upstream/upstreams.ts";
import { FakeSocket } from "../support/fake-socket.ts";
import { CountingClock } from "../support/counting-clock.ts";
import type { Step } from "./session-script.ts";
import { stepsOf } from "./session-script.ts";
import { fail } from "./target.ts";

const { limits } = gatewayFile.parse({});
/** One for all sessions, as in a gateway. */
export const metrics: GatewayMetrics = createGatewayMetrics({
  upstreams: () => [],
  loopDelayMaxMs: () => 0,
  ready: () => true,
  draining: () => false,
  sessionsLimit: () => 1,
  blockedAddresses: () => 0,
  queue: () => ({ waitingChunks: 0, callersPaused: 0 }),
  residentBytes: () => 0,
  exceptions: createExceptions({ error: () => undefined }),
  workerRestarts: 0,
});
const blocks = createBlockStore();
const wire = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
wire.setMaxListeners(0);

/** Runs one session. @returns what became of it @throws Error when something got out of it, or is left of it */
export async function runSession(
  dialect: string,
  create: (context: DialectContext) => Dialect,
  input: Buffer,
): Promise<string> {
  const session = new FuzzedSession(dialect, create);
  for (const step of stepsOf(input)) {
    session.take(step);
    await laterTicks();
  }
  await laterTicks();
  return session.finish();
}

class FuzzedSession {
  readonly #clock = new CountingClock();
  readonly #socket = new FakeSocket();
  readonly #recogniser = new FakeRecogniser(this.#clock);
  readonly #connection: Connection;
  readonly #store = countingStore();
  readonly #upstream: Upstream = {
    name: "up1",
    uri: "",
    transport: this.#recogniser.transport,
    state: () => "up",
    breaker: new Breaker({ failures: 3, pauseMs: 1000, longestPauseMs: 15_000 }),
    sessions: 0,
    mark: { emulated: false },
  };
  #left = 0;
  /** What the connection kept from leaving it. */
  #caught: { error: unknown } | undefined;
  #closed = 0;

  constructor(dialect: string, create: (context: DialectContext) => Dialect) {
    const clock = this.#clock;
    const upstreams: Upstreams = this.#upstreams();
    const guard = createGuard(() => limits, clock, { offence: () => undefined, blocked: () => undefined });
    const place = { caller: "anyone", received: () => true, leave: () => this.#left++ };
    const request = { sessionId: "s", socket: wire, address: "192.0.2.1", offended: () => undefined };
    const exceptions: Exceptions = {
      counts: new Map(),
      caught: (_, error) => (this.#caught ??= { error }),
    };
    const log = { info: serialised, warn: serialised, error: serialised };
    const shared = { clock, random: () => 0.5, limits, blocks: this.#store.store, upstreams };
    this.#connection = serveConnection(
      this.#socket as unknown as WebSocket,
      { ...request, dialect, create, place },
      { ...shared, metrics, guard, log, exceptions },
      () => this.#closed++,
    );
    // The connection listens on it for as long as it is open; this one is of all sessions.
    wire.removeAllListeners("data");
  }

  /** One upstream that always takes the session, unless it was tried. */
  #upstreams(): Upstreams {
    const upstream = this.#upstream;
    return {
      list: () => [upstream],
      choose: (tried) => (tried.includes(upstream) ? undefined : upstream),
      take() {
        upstream.sessions++;
        let released = false;
        return {
          responded: () => undefined,
          ended: () => undefined,
          failed: () => undefined,
          release() {
            if (!released) upstream.sessions--;
            released = true;
          },
        };
      },
      replace: () => ({ added: [], removed: [], changed: [] }),
      close: () => Promise.resolve(),
    };
  }

  take(step: Step): void {
    const [clock, socket, recogniser] = [this.#clock, this.#socket, this.#recogniser];
    switch (step.do) {
      case "text":
      case "binary":
        socket.message(step.bytes, step.do === "binary");
        break;
      case "wait":
        clock.advanceTo(clock.nowMs() + step.ms);
        break;
      case "open":
        recogniser.open();
        break;
      case "accept":
        recogniser.accept();
        break;
      case "respond":
        recogniser.respond(step.json);
        break;
      case "fail":
        recogniser.end(step.class);
        break;
      case "end":
        recogniser.end();
        break;
      case "stall":
        socket.reading = false;
        break;
      case "read":
        socket.read();
        break;
      case "pong":
        socket.emit("pong");
        break;
      case "drain":
        this.#connection.stop({ code: "going_away", message: "the gateway is shutting down" });
        break;
      case "close":
        socket.closedByCaller(step.code);
    }
  }

  /** The caller goes; nothing may be left. */
  async finish(): Promise<string> {
    const [clock, socket, recogniser] = [this.#clock, this.#socket, this.#recogniser];
    const outcome = `${socket.events} ${socket.closeCode}`;
    socket.closedByCaller(1006);
    await laterTicks();
    recogniser.end();
    await laterTicks();
    clock.advanceTo(clock.nowMs() + 5000);
    if (this.#caught !== undefined) throw this.#caught.error;
    if (this.#closed !== 1) fail(`closed ${this.#closed} times`);
    if (this.#left !== 1) fail(`its place was left ${this.#left} times`);
    if (clock.outstanding !== 0) fail(`${clock.outstanding} timers are left`);
    if (this.#store.inUse() !== 0) fail(`${this.#store.inUse()} blocks of audio are left`);
    if (this.#upstream.sessions !== 0) fail(`the upstream has ${this.#upstream.sessions} sessions`);
    return outcome;
  }
}

/** Sessions connect, and sockets report, in later ticks. */
async function laterTicks(): Promise<void> {
  await Promise.resolve();
  await Promise.resolve();
}

function serialised(fields: object): void {
  JSON.stringify(fields);
}

function countingStore(): { store: BlockStore; inUse(): number } {
  let inUse = 0;
  const store: BlockStore = {
    blockBytes: blocks.blockBytes,
    take() {
      inUse++;
      return blocks.take();
    },
    giveBack(block) {
      inUse--;
      blocks.giveBack(block);
    },
  };
  return { store, inUse: () => inUse };
}

/** The recogniser: does what the script says, in the bounds of a transport's contract. */
class FakeRecogniser {
  readonly transport: AsrTransport;
  readonly #clock: CountingClock;
  #listener: StreamListener | undefined;
  #opened = false;
  #sent = 0;
  #accepted = 0;

  constructor(clock: CountingClock) {
    this.#clock = clock;
    this.transport = {
      name: "fake",
      sessionsByAddress: () => ({}),
      encodeChunk: (audio) => audio,
      warmUp: () => Promise.resolve({ connections: 0, tookMs: 0 }),
      open: (spec, listener) => this.#stream(spec, listener),
      close: () => Promise.resolve(),
    };
  }

  open(): void {
    if (this.#listener === undefined || this.#opened) return;
    this.#opened = true;
    this.#listener.onOpen(this.#clock.nowMs(), this.#clock.nowMs());
  }

  accept(): void {
    if (this.#opened && this.#accepted < this.#sent)
      this.#listener?.onAccepted(this.#accepted++, this.#clock.nowMs());
  }

  respond(json: string): void {
    this.#listener?.onResponse(responseOf(json, this.#clock.nowMs()));
  }

  end(kind?: string): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    listener.onEnd(
      this.#clock.nowMs(),
      kind === undefined ? { ok: true } : { ok: false, failure: failureOf(kind) },
    );
  }

  #stream(spec: object, listener: StreamListener): AsrStream {
    JSON.stringify(spec);
    this.#listener = listener;
    this.#opened = false;
    this.#sent = this.#accepted = 0;
    return {
      send: () => {
        this.#sent++;
        return true;
      },
      finish: () => undefined,
      setReading: () => undefined,
      cancel: () => this.end("cancelled"),
    };
  }
}

function failureOf(kind: string): Failure {
  const origin = kind.startsWith("bad") ? "client-config" : "server";
  // The list is closed: it is a label.
  const known = FAILURE_CLASSES.find((one) => one === kind) ?? "other";
  return { phase: "streaming", class: known, origin, code: kind, message: kind };
}

/** What decoders make of a message: their numbers are finite, and can be any. */
function responseOf(json: string, atMs: number): AsrResponse {
  let value: Record<string, unknown> = {};
  try {
    value = Object(JSON.parse(json)) as Record<string, unknown>;
  } catch {
    // An empty answer.
  }
  const finite = (key: string): number => {
    const number = Number(value[key]);
    return Number.isFinite(number) ? number : 0;
  };
  const words = Array.isArray(value["words"]) ? (value["words"] as unknown[]) : undefined;
  return {
    atMs,
    final: value["final"] === true,
    text: typeof value["text"] === "string" ? value["text"] : "",
    ...("stability" in value && { stability: finite("stability") }),
    ...("processed" in value && { audioProcessedS: Math.max(0, finite("processed")) }),
    ...(typeof value["trailing"] === "string" && { trailingInterim: value["trailing"] }),
    ...(words && {
      words: words.map((word) => ({
        word: JSON.stringify(word),
        startMs: finite("start"),
        endMs: finite("end"),
      })),
    }),
  };
}
