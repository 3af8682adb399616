/**
 * A server of the gateway's binary dialect for the conformance suite, on loopback and in-process, whose behaviour a test
 * scripts session by session. Written by hand to docs/gateway-protocol.md; shares nothing with our client or our gateway.
 */
import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { ServerOptions } from "node:https";
import type { Socket } from "node:net";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { listening } from "./misbehaving-server.ts";
import type { TestServer } from "./misbehaving-server.ts";
import type { Peer, PeerScript } from "./peer.ts";

export interface GatewayPeerOptions {
  tls?: Pick<ServerOptions, "key" | "cert" | "ca" | "requestCert">;
  /** Read nothing from the WebSocket once the session is configured. */
  deaf?: boolean;
}

export async function gatewayPeerServer(
  script: PeerScript,
  options: GatewayPeerOptions = {},
): Promise<TestServer> {
  const answer = (_request: IncomingMessage, response: ServerResponse): void => void response.end("{}");
  const server = options.tls === undefined ? createServer(answer) : createTlsServer(options.tls, answer);
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket: Socket, head) => {
    socket.on("error", () => undefined);
    if (request.url !== "/v1/stream") {
      socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      new GatewayPeer(webSocket, socket, request.headers, script).begin(options.deaf === true);
    });
  });
  return listening(server);
}

class GatewayPeer implements Peer {
  readonly headers: IncomingHttpHeaders;
  readonly audio: Buffer[] = [];
  config: Peer["config"];
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #script: PeerScript;

  constructor(webSocket: WebSocket, socket: Socket, headers: IncomingHttpHeaders, script: PeerScript) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.headers = headers;
    this.#script = script;
  }

  begin(deaf: boolean): void {
    this.#webSocket.on("error", () => undefined);
    this.#webSocket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) {
        this.audio.push(data);
        this.#script.onChunk?.(this, this.audio.length - 1);
        return;
      }
      const message = JSON.parse(data.toString()) as {
        type: string;
        language: string;
        sample_rate_hz: number;
      };
      if (message.type === "finish") this.#script.onHalfClose?.(this);
      if (message.type !== "start") return;
      this.config = { language: message.language, sampleRateHz: message.sample_rate_hz };
      this.#script.onConfig?.(this);
      if (this.#script.silent !== true) this.#emit({ type: "ready", upstream: "test" });
      if (deaf) this.#webSocket.pause();
      this.#script.onOpen?.(this);
    });
  }

  say(text: string, final: boolean): void {
    this.#emit({ type: final ? "final" : "interim", text, audio_processed_ms: 500 });
  }

  end(text?: string): void {
    if (text !== undefined) this.say(text, true);
    this.#emit({ type: "end" });
  }

  refuse(message: string): void {
    this.#emit({ type: "error", code: "internal", message });
  }

  dropConnection(how: "fin" | "rst"): void {
    if (how === "rst") this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  setReading(reading: boolean): void {
    if (reading) this.#webSocket.resume();
    else this.#webSocket.pause();
  }

  onClose(closed: () => void): void {
    this.#socket.on("close", closed);
  }

  #emit(event: object): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.send(JSON.stringify(event));
  }
}
