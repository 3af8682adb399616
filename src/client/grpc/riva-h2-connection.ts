/** One HTTP/2 connection, and the calls that wait for it to be ready. */
import { connect } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream, ClientSessionOptions, Settings } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import type { Failure } from "../../base/outcome.ts";
import { connectTimeout, noConnectionFailure, socketErrorText } from "./failures.ts";
import type { H2Endpoint } from "./riva-h2-endpoint.ts";

/** A call to be carried. */
export interface Passenger {
  /** Where it is or waits; set by the connection. */
  connection: H2Connection | undefined;
  /** The connection is ready. */
  begin(connection: H2Connection): void;
  /** The connection did not come about. */
  strand(failure: Failure): void;
}

const SESSION_OPTIONS: ClientSessionOptions = {
  // What a stream may receive before we must say that we have read it: more than all its answers.
  settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
  // Node's limit of 10 MB a session would refuse streams beyond the first thousands.
  maxSessionMemory: Number.MAX_SAFE_INTEGER,
};
/** What all streams together may receive before we must say that we have read it. */
const CONNECTION_WINDOW_BYTES: number = 64 * 1024 * 1024;
/** As long as gRPC clients try (`MIN_CONNECT_TIMEOUT` of its connection back-off). */
const CONNECT_LIMIT_MS = 20_000;

export class H2Connection {
  /** Resolves when streams can be opened, or with the reason why they never will. */
  readonly ready: Promise<Failure | undefined>;
  /** Calls on it, those that wait included. */
  calls = 0;
  /** The IP address that it goes to; undefined = whichever the system found. */
  readonly ip: string | undefined;
  /** Undefined while a proxy opens the tunnel. */
  #socket: Socket | undefined;
  #session: ClientHttp2Session | undefined;
  #giveUpDial: () => void = () => undefined;
  readonly #endpoint: H2Endpoint;
  readonly #waiting = new Set<Passenger>();
  readonly #stopConnectLimit: () => void;
  #resolveReady: (failure: Failure | undefined) => void = () => undefined;
  #isReady = false;
  /** Given up, or refused by the proxy. */
  #gone = false;
  #error: Error | undefined;

  /**
   * Connects.
   *
   * @param ip The address of the endpoint's name to connect to; undefined = whichever the system finds.
   * @param onSettings Told of the number of streams that the server allows, at first when the connection is ready and
   *   before any call begins, then whenever the server changes it.
   * @param onGone Told when the connection is closed, or never came about.
   */
  constructor(
    endpoint: H2Endpoint,
    ip: string | undefined,
    clock: Clock,
    onSettings: (maxStreams: number) => void,
    onGone: (connection: H2Connection) => void,
  ) {
    this.#endpoint = endpoint;
    this.ready = new Promise((resolve) => (this.#resolveReady = resolve));
    this.ip = ip;
    this.#stopConnectLimit = clock.wakeAt(clock.nowMs() + CONNECT_LIMIT_MS, () => {
      this.#giveUp();
      this.#strandAll(connectTimeout(CONNECT_LIMIT_MS));
      if (this.#socket === undefined) onGone(this);
    });
    this.#giveUpDial = endpoint.openSocket(ip, (error, socket) => {
      if (error === null) {
        this.#begin(socket, onSettings, onGone);
        return;
      }
      this.#gone = true;
      this.#strandAll(noConnectionFailure(socketErrorText(error)));
      onGone(this);
    });
  }

  #begin(
    socket: Socket,
    onSettings: (maxStreams: number) => void,
    onGone: (connection: H2Connection) => void,
  ): void {
    const session = connect(this.#endpoint.url, { ...SESSION_OPTIONS, createConnection: () => socket });
    [this.#socket, this.#session] = [socket, session];
    // Ready is who has told its settings: before that, nobody knows whether it speaks HTTP/2, or how many streams it allows.
    session.on("remoteSettings", ({ maxConcurrentStreams }: Settings) => {
      onSettings(maxConcurrentStreams ?? Infinity);
      if (!this.#isReady) this.#becomeReady();
    });
    session.on("error", (error: Error) => (this.#error ??= error));
    socket.on("error", (error) => {
      this.#error ??= error;
      // After a TLS alert that follows the handshake, such as for want of our certificate, nobody else would.
      socket.destroy();
    });
    socket.on("close", () => {
      this.#strandAll(noConnectionFailure(this.#reason()));
      onGone(this);
    });
  }

  /** Whether a call may be added: connecting counts, a server that said GOAWAY does not. */
  get open(): boolean {
    if (this.#session === undefined || this.#socket === undefined) return !this.#gone;
    return !this.#session.closed && !this.#session.destroyed && !this.#socket.destroyed;
  }

  /** Whether its streams were lost with it. */
  get lost(): boolean {
    return this.#session?.destroyed === true;
  }

  /** Begins a call as soon as the connection is ready. */
  add(call: Passenger): void {
    this.calls++;
    call.connection = this;
    if (this.#isReady) call.begin(this);
    else this.#waiting.add(call);
  }

  /** The call is over, or need not begin any more. */
  remove(call: Passenger): void {
    this.calls--;
    call.connection = undefined;
    this.#waiting.delete(call);
  }

  /** Takes back the calls beyond `limit` that still wait. */
  *takeExcess(limit: number): Generator<Passenger> {
    for (const call of this.#waiting) {
      if (this.calls <= limit) return;
      this.remove(call);
      yield call;
    }
  }

  /** Opens a stream. @throws Error when the session can't, or won't send such headers. */
  request(traceparent?: string): ClientHttp2Stream {
    const { headers } = this.#endpoint;
    const own = traceparent === undefined ? headers : { ...headers, traceparent };
    if (this.#session === undefined) throw new Error("the connection is not ready");
    return this.#session.request(own, { endStream: false });
  }

  /** Says goodbye; no call is on it any more. */
  close(): void {
    this.#stopConnectLimit();
    // A server that does not listen must not keep the process waiting.
    this.#session?.unref();
    if (this.#isReady) this.#session?.close();
    else this.#giveUp();
  }

  #giveUp(): void {
    this.#gone = true;
    this.#giveUpDial();
    this.#socket?.destroy();
  }

  #becomeReady(): void {
    this.#isReady = true;
    this.#stopConnectLimit();
    this.#session?.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    this.#resolveReady(undefined);
    const calls = [...this.#waiting];
    this.#waiting.clear();
    for (const call of calls) call.begin(this);
  }

  #strandAll(failure: Failure): void {
    this.#stopConnectLimit();
    this.#resolveReady(failure);
    const calls = [...this.#waiting];
    this.#waiting.clear();
    for (const call of calls) call.strand(failure);
  }

  #reason(): string {
    if (this.#error === undefined) return "the connection was closed before it was ready";
    return socketErrorText(this.#error);
  }
}
