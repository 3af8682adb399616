/**
 * Servers for the conformance suite, on loopback and in-process: a gRPC server whose behaviour a test scripts call by
 * call, and sockets that are no gRPC servers at all.
 */
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import type { AddressInfo } from "node:net";

/** A server under test: close it when done. */
export interface TestServer {
  readonly address: string;
  /** TCP connections accepted so far. */
  connections(): number;
  close(): Promise<void>;
}

/** One call as the server sees it. */
export interface ServerCall {
  readonly stream: http2.ServerHttp2Stream;
  readonly headers: http2.IncomingHttpHeaders;
  /** Messages received so far, without their gRPC frames. */
  readonly messages: Buffer[];
  readonly halfClosed: boolean;
  /** Sends a message; the response headers go out before the first. */
  send(message: Uint8Array): void;
  /** Sends bytes as they are, framed by nobody. */
  sendRaw(bytes: Uint8Array): void;
  /** Ends the call with a status: trailers after messages, trailers only when there were none. */
  end(status: number, details?: string): void;
  /** RST_STREAM: this call alone. */
  reset(code: number): void;
  /** Cuts the TCP connection, with a FIN or a RST. */
  dropConnection(how: "fin" | "rst"): void;
}

/** What the server does; what is left out it does not do. */
export interface Script {
  onCall?(call: ServerCall): void;
  onMessage?(call: ServerCall, index: number): void;
  onHalfClose?(call: ServerCall): void;
}

export interface GrpcServerOptions {
  /** PEM; absent = plain text. */
  tls?: Pick<http2.SecureServerOptions, "key" | "cert" | "ca" | "requestCert">;
  /** HTTP/2 settings, such as a small window. */
  settings?: http2.Settings;
  /** Read nothing from the calls. */
  deaf?: boolean;
}

/**
 * A gRPC server on bare HTTP/2, because a gRPC library would keep its side of the protocol. Every path is the same
 * scripted call.
 */
export async function scriptedServer(script: Script, options: GrpcServerOptions = {}): Promise<TestServer> {
  const { settings = {} } = options;
  const server =
    options.tls === undefined
      ? http2.createServer({ settings })
      : http2.createSecureServer({ settings, ...options.tls });
  server.on("stream", (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    const call = new ScriptedCall(stream, headers);
    stream.on("error", () => undefined);
    script.onCall?.(call);
    if (options.deaf === true) return;
    stream.on("data", (bytes: Buffer) => {
      for (const index of call.take(bytes)) script.onMessage?.(call, index);
    });
    stream.on("end", () => {
      call.halfClosed = true;
      script.onHalfClose?.(call);
    });
  });
  server.on("sessionError", () => undefined);
  return listening(server);
}

class ScriptedCall implements ServerCall {
  readonly stream: http2.ServerHttp2Stream;
  readonly headers: http2.IncomingHttpHeaders;
  readonly messages: Buffer[] = [];
  halfClosed = false;
  #partial: Buffer = Buffer.alloc(0);

  constructor(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) {
    this.stream = stream;
    this.headers = headers;
  }

  /** Adds received bytes; yields the index of each message that became whole. */
  *take(bytes: Buffer): Generator<number> {
    this.#partial = Buffer.concat([this.#partial, bytes]);
    while (this.#partial.length >= 5) {
      const end = 5 + this.#partial.readUInt32BE(1);
      if (this.#partial.length < end) return;
      this.messages.push(this.#partial.subarray(5, end));
      this.#partial = this.#partial.subarray(end);
      yield this.messages.length - 1;
    }
  }

  send(message: Uint8Array): void {
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    this.sendRaw(Buffer.concat([frame, message]));
  }

  sendRaw(bytes: Uint8Array): void {
    if (this.stream.destroyed) return;
    this.#sendHeaders();
    this.stream.write(bytes);
  }

  end(status: number, details = ""): void {
    if (this.stream.destroyed) return;
    const trailers = { "grpc-status": String(status), "grpc-message": encodeURI(details) };
    if (!this.stream.headersSent) {
      this.stream.respond({ ...RESPONSE_HEADERS, ...trailers }, { endStream: true });
      return;
    }
    this.stream.once("wantTrailers", () => this.stream.sendTrailers(trailers));
    this.stream.end();
  }

  reset(code: number): void {
    this.stream.close(code);
  }

  dropConnection(how: "fin" | "rst"): void {
    // The session's own socket is a proxy that refuses to be destroyed.
    const socket = rawSockets.get(this.stream.session?.socket.remotePort ?? 0);
    if (how === "rst") socket?.resetAndDestroy();
    else socket?.destroy();
  }

  #sendHeaders(): void {
    if (!this.stream.headersSent) this.stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
  }
}

const RESPONSE_HEADERS = { ":status": 200, "content-type": "application/grpc" };

/** Accepted sockets by the client's port. */
const rawSockets = new Map<number, net.Socket>();

/** A server that speaks HTTP/1.1 only. */
export function http1Server(): Promise<TestServer> {
  return listening(http.createServer((_request, response) => response.end("hello")));
}

/** A TCP server that does as told with each connection: nothing by default. */
export function tcpServer(onConnection: (socket: net.Socket) => void = () => undefined): Promise<TestServer> {
  return listening(net.createServer(onConnection));
}

/** A port that nothing listens on. */
export async function deadAddress(): Promise<string> {
  const server = await tcpServer();
  await server.close();
  return server.address;
}

/** Listens on a free port of loopback, and knows its sockets. */
export async function listening(server: net.Server): Promise<TestServer> {
  const sockets = new Set<net.Socket>();
  let accepted = 0;
  server.on("connection", (socket: net.Socket) => {
    accepted++;
    const port = socket.remotePort ?? 0;
    sockets.add(socket);
    rawSockets.set(port, socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      sockets.delete(socket);
      rawSockets.delete(port);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    connections: () => accepted,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
