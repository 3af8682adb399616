/**
 * A server of a NIM's realtime dialect for the conformance suite, on loopback and in-process, whose behaviour a test scripts
 * session by session. Written by hand to what NVIDIA documents; shares nothing with our client.
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

export interface RealtimeServerOptions {
  tls?: Pick<ServerOptions, "key" | "cert" | "ca" | "requestCert">;
  /** Read nothing from the WebSocket once the session is configured. */
  deaf?: boolean;
  /** The key that creating a session takes; the WebSocket then takes the secret of the session. */
  mintKey?: string;
  /** Answers the session's POST instead of us. */
  onPost?(response: ServerResponse): void;
  /** Answers the upgrade instead of us. */
  onUpgrade?(socket: Socket): void;
  /** Told of each event as it came. */
  onEvent?(event: ClientEvent): void;
}

export interface ClientEvent {
  type: string;
  audio?: string;
  session?: Record<string, unknown>;
}

const SESSION = {
  id: "sess_1",
  object: "realtime.transcription_session",
  modalities: ["text"],
  input_audio_format: "pcm16",
  input_audio_transcription: { language: "en-US", model: "parakeet", prompt: "" },
  input_audio_params: { sample_rate_hz: 16_000, num_channels: 1 },
  recognition_config: {
    max_alternatives: 1,
    enable_automatic_punctuation: false,
    enable_word_time_offsets: false,
    enable_profanity_filter: false,
    enable_verbatim_transcripts: false,
    custom_configuration: "",
  },
  speaker_diarization: { enable_speaker_diarization: false, max_speaker_count: 8 },
  word_boosting: { enable_word_boosting: false, word_boosting_list: [] },
  endpointing_config: { start_history: 0, start_threshold: 0, stop_history: 0 },
};

const SECRET = "ek_secret";

export async function realtimeServer(
  script: PeerScript,
  options: RealtimeServerOptions = {},
): Promise<TestServer> {
  const answerHttp = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    if (request.method === "GET" && request.url === "/v1/realtime/health") {
      response.end("{}");
    } else if (request.method !== "POST" || request.url !== "/v1/realtime/transcription_sessions") {
      response.writeHead(404).end('{"detail":"Not Found"}');
    } else if (options.onPost !== undefined) {
      options.onPost(response);
    } else if (
      options.mintKey !== undefined &&
      request.headers.authorization !== `Bearer ${options.mintKey}`
    ) {
      response.writeHead(401, { "www-authenticate": "Bearer" }).end('{"detail":"Invalid API key"}');
    } else {
      const secret = options.mintKey === undefined ? null : { value: SECRET, expires_at: 0 };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ ...SESSION, client_secret: secret }));
    }
  };
  const server =
    options.tls === undefined ? createServer(answerHttp) : createTlsServer(options.tls, answerHttp);
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has("realtime") ? "realtime" : false),
  });
  server.on("upgrade", (request, socket: Socket, head) => {
    socket.on("error", () => undefined);
    if (options.onUpgrade !== undefined) {
      options.onUpgrade(socket);
      return;
    }
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(/,\s*/);
    const admitted = options.mintKey === undefined || offered.includes(`realtime-token.${SECRET}`);
    if (request.url !== "/v1/realtime?intent=transcription" || !admitted) {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      new RealtimePeer(webSocket, socket, request.headers, script, options).begin();
    });
  });
  return listening(server);
}

/** One session, as its script sees it. */
export class RealtimePeer implements Peer {
  readonly headers: IncomingHttpHeaders;
  readonly audio: Buffer[] = [];
  config: Peer["config"];
  session: Record<string, unknown> = {};
  readonly webSocket: WebSocket;
  /** Under the WebSocket, for bytes that are no frames. */
  readonly socket: Socket;
  readonly #script: PeerScript;
  readonly #options: RealtimeServerOptions;

  constructor(
    webSocket: WebSocket,
    socket: Socket,
    headers: IncomingHttpHeaders,
    script: PeerScript,
    options: RealtimeServerOptions,
  ) {
    this.webSocket = webSocket;
    this.socket = socket;
    this.headers = headers;
    this.#script = script;
    this.#options = options;
  }

  begin(): void {
    this.webSocket.on("error", () => undefined);
    this.webSocket.on("message", (data) =>
      this.#hear(JSON.parse((data as Buffer).toString()) as ClientEvent),
    );
    this.emit({ type: "conversation.created", conversation: { id: "conv_1" } });
  }

  say(text: string, final: boolean): void {
    if (final)
      this.emit({ type: `${ITEM}.completed`, transcript: text, is_last_result: false, usage: USAGE });
    else this.emit({ type: `${ITEM}.delta`, delta: text });
  }

  end(text?: string): void {
    if (text === undefined) this.webSocket.close(1000);
    else this.emit({ type: `${ITEM}.completed`, transcript: text, is_last_result: true, usage: USAGE });
  }

  refuse(message: string): void {
    this.emit({ type: "error", error: { message, type: "server_error" } });
  }

  dropConnection(how: "fin" | "rst"): void {
    if (how === "rst") this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  setReading(reading: boolean): void {
    if (reading) this.webSocket.resume();
    else this.webSocket.pause();
  }

  onClose(closed: () => void): void {
    this.socket.on("close", closed);
  }

  emit(event: object): void {
    if (this.webSocket.readyState === this.webSocket.OPEN) this.webSocket.send(JSON.stringify(event));
  }

  #hear(event: ClientEvent): void {
    this.#options.onEvent?.(event);
    if (event.type === "transcription_session.update") {
      this.session = event.session ?? {};
      this.config = configOf(this.session);
      this.#script.onConfig?.(this);
      if (this.#script.silent !== true)
        this.emit({ type: "transcription_session.updated", session: this.session });
      if (this.#options.deaf === true) this.webSocket.pause();
      this.#script.onOpen?.(this);
    } else if (event.type === "input_audio_buffer.append") {
      this.audio.push(Buffer.from(event.audio ?? "", "base64"));
    } else if (event.type === "input_audio_buffer.commit") {
      this.emit({ type: "input_audio_buffer.committed" });
      this.#script.onChunk?.(this, this.audio.length - 1);
    } else if (event.type === "input_audio_buffer.done") {
      this.#script.onHalfClose?.(this);
    }
  }
}

/** What only this server's dialect can do. */
export function realtimePeer(peer: Peer): RealtimePeer {
  if (peer instanceof RealtimePeer) return peer;
  throw new Error("a peer of another dialect");
}

const USAGE = { type: "duration", seconds: 0.5 };
const ITEM = "conversation.item.input_audio_transcription";

function configOf(session: Record<string, unknown>): Peer["config"] {
  const transcription = session["input_audio_transcription"] as { language: string };
  const params = session["input_audio_params"] as { sample_rate_hz: number };
  return { language: transcription.language, sampleRateHz: params.sample_rate_hz };
}
